import assert from "node:assert/strict";
import { appendFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { FileCache, KeptFile } from "../../src/static/cache.ts";
import { deferred } from "../server/support.ts";
import { makeTree, represent } from "./support.ts";

/** Room for bodies of this size, with what is reckoned beside them. */
const roomFor = (count: number, size: number) => count * (size + 4096);

test("a file is found under its key, and only there", (t) => {
  const cache = new FileCache(roomFor(2, 100), 1e9);
  const file = cachedFile(t, 100);
  cache.set("/a", file);
  assert.equal(cache.get("/a"), file);
  assert.equal(cache.get("/b"), null);
  assert.equal(cache.get("/A"), null);
});

test("the cache never holds more bytes than it may, and says how many it holds", (t) => {
  const cache = new FileCache(roomFor(3, 1000), 1e9);
  const files = Array.from({ length: 50 }, () => cachedFile(t, 1000));
  for (const [at, file] of files.entries()) {
    cache.set(`/${at}`, file);
    assert.equal(cache.size, roomFor(Math.min(at + 1, 3), 1000));
  }
  const held = files.filter((file, at) => cache.get(`/${at}`) === file);
  assert.deepEqual(held, files.slice(-3));
});

test("empty files count as well", (t) => {
  const cache = new FileCache(roomFor(2, 0), 1e9);
  for (let at = 0; at < 10; at++) cache.set(`/${at}`, cachedFile(t, 0));
  assert.equal(cache.size, roomFor(2, 0));
});

test("a file that is in use outlives those that are not", (t) => {
  const cache = new FileCache(roomFor(3, 100), 1e9);
  const popular = cachedFile(t, 100);
  cache.set("/popular", popular);
  for (let at = 0; at < 20; at++) {
    assert.equal(cache.get("/popular"), popular, `after ${at} others`);
    cache.set(`/${at}`, cachedFile(t, 100));
  }
});

test("when all are in use, one goes all the same", (t) => {
  const cache = new FileCache(roomFor(3, 100), 1e9);
  for (let at = 0; at < 4; at++) {
    cache.set(`/${at}`, cachedFile(t, 100));
    for (let key = 0; key <= at; key++) cache.get(`/${key}`);
  }
  assert.equal(cache.size, roomFor(3, 100));
});

test("a cache without room keeps nothing", (t) => {
  const cache = new FileCache(0, 1e9);
  cache.set("/a", cachedFile(t, 0));
  assert.equal(cache.get("/a"), null);
  assert.equal(cache.size, 0);
});

test("a file that would not fit alone drives nobody out", (t) => {
  const cache = new FileCache(roomFor(1, 100), 1e9);
  const file = cachedFile(t, 100);
  cache.set("/a", file);
  cache.set("/b", cachedFile(t, 101));
  assert.equal(cache.get("/a"), file);
  assert.equal(cache.get("/b"), null);
});

test("a file that replaces another under its key takes its place and its bytes", (t) => {
  const cache = new FileCache(roomFor(9, 100), 1e9);
  cache.set("/a", cachedFile(t, 100));
  const second = cachedFile(t, 50);
  cache.set("/a", second);
  assert.equal(cache.get("/a"), second);
  assert.equal(cache.size, roomFor(1, 50));
});

test("a file is believed to be unchanged until its check is due", (t) => {
  const cache = new FileCache(roomFor(9, 100), 1000);
  const file = cachedFile(t, 100);
  cache.set("/a", file);
  rmSync(file.states![0]!.path);
  assert.equal(cache.get("/a"), file);
  file.checked -= 1000;
  assert.equal(cache.get("/a"), null);
  assert.equal(cache.size, 0);
});

test("a check that finds nothing changed holds for another interval", (t) => {
  const cache = new FileCache(roomFor(9, 100), 1000);
  const file = cachedFile(t, 100);
  cache.set("/a", file);
  file.checked -= 1000;
  assert.equal(cache.get("/a"), file);
  rmSync(file.states![0]!.path);
  assert.equal(cache.get("/a"), file);
});

test("what has no states to look at holds for an interval, and for another when it is renewed by its tag", () => {
  const edition = {};
  const cache = new FileCache(roomFor(9, 100), 1000, () => edition);
  const file = new KeptFile(represent(Buffer.alloc(100), { etag: '"a"' }), null, edition);
  cache.set("/a", file);
  assert.equal(cache.get("/a"), file);
  file.checked -= 1000;
  assert.equal(cache.get("/a"), null);
  assert.equal(cache.renew("/a", '"b"', edition), null);
  assert.equal(cache.renew("/a", '"a"', {}), null);
  assert.equal(cache.renew("/b", '"a"', edition), null);
  assert.equal(cache.get("/a"), null);
  assert.equal(cache.renew("/a", '"a"', edition), file);
  assert.equal(cache.get("/a"), file);
});

test("a file that is being read is not let go, and counts until it is done, kept or not", async (t) => {
  const cache = new FileCache(roomFor(2, 1000), 1e9);
  const [read, other] = [cachedFile(t, 1000), cachedFile(t, 1000)];
  cache.set("/read", read);
  const ends = [deferred(), deferred()];
  const holds = ends.map(({ promise }) => cache.hold(read, promise));
  for (let at = 0; at < 5; at++) cache.set(`/${at}`, cachedFile(t, 1000));
  assert.equal(cache.get("/read"), read);
  assert.equal(cache.hasRoom(1000), true);
  assert.equal(cache.hasRoom(1001), false);
  // It is replaced: nobody gets it any more, but its readers still have it.
  cache.set("/read", other);
  assert.equal(cache.get("/read"), other);
  assert.equal(cache.size, roomFor(2, 1000));
  cache.set("/more", cachedFile(t, 1000));
  assert.equal(cache.size, roomFor(2, 1000));
  ends[0]!.resolve();
  await holds[0];
  assert.equal(cache.hasRoom(1001), false);
  ends[1]!.reject(new Error("the client left"));
  await assert.rejects(holds[1]!);
  assert.equal(cache.hasRoom(1001), true);
  assert.equal(cache.size, roomFor(1, 1000));
});

test("while readers take all there is, nothing is kept beside them", async (t) => {
  const cache = new FileCache(roomFor(1, 1000), 1e9);
  const stranger = cachedFile(t, 1000);
  const end = deferred();
  // It was never kept, and counts all the same.
  const held = cache.hold(stranger, end.promise);
  assert.equal(cache.size, roomFor(1, 1000));
  cache.set("/a", cachedFile(t, 0));
  assert.equal(cache.get("/a"), null);
  end.resolve();
  await held;
  assert.equal(cache.size, 0);
});

test("what is added to a file counts as the file does", async (t) => {
  const cache = new FileCache(roomFor(2, 1000), 1e9);
  const [first, second] = [cachedFile(t, 1000), cachedFile(t, 1000)];
  cache.set("/1", first);
  cache.set("/2", second);
  cache.get("/2");
  cache.grow(second, 500);
  assert.equal(cache.get("/1"), null);
  assert.equal(cache.size, roomFor(1, 1500));
  // Of one that has gone meanwhile, nothing is counted but by those who read it.
  cache.grow(first, 500);
  assert.equal(cache.size, roomFor(1, 1500));
});

test("in whatever order files come, grow, are read and replaced: what is taken is what is kept or read", async () => {
  const step = fc.record({
    what: fc.constantFrom("set", "get", "hold", "grow", "end"),
    key: fc.integer({ min: 0, max: 4 }),
    size: fc.integer({ min: 0, max: 3000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const capacity = roomFor(3, 1000);
      const cache = new FileCache(capacity, 1e9);
      const files: KeptFile[] = [];
      const reads: { readonly end: () => void; readonly over: Promise<void> }[] = [];
      for (const { what, key, size } of steps) {
        const known = files[key % Math.max(files.length, 1)];
        if (what === "set")
          cache.set(`/${key}`, files[files.push(new KeptFile(represent(Buffer.alloc(size)), [])) - 1]!);
        else if (what === "get") assert.ok(cache.get(`/${key}`)?.kept ?? true);
        else if (what === "grow" && known !== undefined) cache.grow(known, size);
        else if (what === "hold" && known !== undefined) {
          const { promise, resolve } = deferred();
          reads.push({ end: resolve, over: cache.hold(known, promise) });
        } else if (what === "end" && reads.length > 0) {
          const [read] = reads.splice(key % reads.length, 1);
          read!.end();
          await read!.over;
        }
        const sum = (those: readonly KeptFile[]) => those.reduce((sum, { size }) => sum + size, 0);
        const taken = sum(files.filter(({ kept, readers }) => kept || readers > 0));
        const held = sum(files.filter(({ readers }) => readers > 0));
        assert.equal(cache.size, taken);
        assert.ok(taken <= Math.max(capacity, held), "no more is kept than there is room for beside what is read");
        assert.equal(cache.hasRoom(0), held + roomFor(1, 0) <= capacity);
      }
      for (const { end } of reads) end();
      await Promise.all(reads.map(({ over }) => over));
      assert.ok(cache.size <= capacity);
      assert.ok(cache.hasRoom(0));
    }),
    { numRuns: 1000 },
  );
});

const CHANGES: Readonly<Record<string, (location: string) => void>> = {
  removed: (location) => rmSync(location),
  "longer by a byte": (location) => appendFileSync(location, "x"),
  "replaced by another file of the same size": (location) => {
    writeFileSync(`${location}.new`, "y".repeat(statSync(location).size));
    renameSync(`${location}.new`, location);
  },
};

for (const [change, make] of Object.entries(CHANGES)) {
  test(`with no interval, a file that was ${change} is not given at all`, (t) => {
    const cache = new FileCache(roomFor(9, 100), 0);
    const file = cachedFile(t, 100);
    cache.set("/a", file);
    assert.equal(cache.get("/a"), file);
    make(file.states![0]!.path);
    assert.equal(cache.get("/a"), null);
  });
}

function cachedFile(t: TestContext, size: number): KeptFile {
  const location = path.join(makeTree(t, { file: "x".repeat(size) }), "file");
  return new KeptFile(represent(Buffer.alloc(size)), [{ path: location, stats: statSync(location, { bigint: true }) }]);
}
