import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { lint } from "../../src/gateway/lint.ts";
import { files } from "../../src/static/index.ts";
import { type Client, connect, start } from "../server/support.ts";
import { makeTree, settled, until, visit } from "./support.ts";

test("with no interval, every edit shows in the next response", async (t) => {
  const root = makeTree(t, { "a.txt": "0000" });
  const location = path.join(root, "a.txt");
  const client = await visit(t, root, { checkInterval: 0 });
  let etag = "";
  for (let edit = 1000; edit < 1100; edit++) {
    // The same size, well within a second, in place as well as replaced.
    const target = edit % 2 === 0 ? location : `${location}.new`;
    writeFileSync(target, `${edit}`);
    if (target !== location) renameSync(target, location);
    const response = await client.get("/a.txt", etag === "" ? "" : `If-None-Match: ${etag}\r\n`);
    // Where the clock of the file system did not move on between two edits, nothing can tell them apart.
    if (response.status !== 304) assert.equal(response.text, `${edit}`);
    assert.equal((await client.get("/a.txt")).text, `${edit}`);
    etag = response.field("ETag")!;
    if (edit % 10 === 0) await settled(location);
  }
});

test("a deployment, by a link or a rename, is served as a whole, rules and listings too", async (t) => {
  const version = (number: number) => ({
    [`v${number}/index.html`]: `home ${number}`,
    [`v${number}/_headers`]: `/*\n X-Version: ${number}\n`,
    [`v${number}/_redirects`]: `/old /new-${number}\n`,
    [`v${number}/list/${number}.txt`]: "",
  });
  const parent = makeTree(t, { ...version(1), ...version(2), ...version(3), site: { link: "v1" } });
  const at = (name: string) => path.join(parent, name);
  for (const number of [1, 2, 3]) await settled(at(`v${number}/_headers`));
  const client = await visit(t, at("site"), { checkInterval: 0, listing: true });
  const serves = async (number: number) => {
    const home = await client.get("/");
    assert.deepEqual([home.text, home.field("X-Version")], [`home ${number}`, `${number}`]);
    assert.equal((await client.get("/old")).field("Location"), `/new-${number}`);
    assert.ok((await client.get("/list/")).text.includes(`${number}.txt`));
  };
  for (let round = 0; round < 2; round++) await serves(1);
  symlinkSync("v2", at("next"));
  renameSync(at("next"), at("site"));
  await serves(2);
  // And while there is nothing at all, as for a moment between two renames.
  rmSync(at("site"));
  assert.equal((await client.get("/")).status, 404);
  renameSync(at("v3"), at("site"));
  await serves(3);
});

test("a file that is made to look as before, and a file that is gone, are not given from memory", async (t) => {
  const root = makeTree(t, { "a.txt": "old!", "404.html": "lost" });
  const location = path.join(root, "a.txt");
  const time = new Date("2024-01-01");
  utimesSync(location, time, time);
  await settled(location);
  const client = await visit(t, root, { checkInterval: 0 });
  assert.equal((await client.get("/a.txt")).text, "old!");
  writeFileSync(location, "new!");
  utimesSync(location, time, time);
  assert.equal((await client.get("/a.txt")).text, "new!");
  await settled(location);
  assert.equal((await client.get("/a.txt")).text, "new!");
  rmSync(location);
  assert.equal((await client.get("/a.txt")).text, "lost");
  writeFileSync(path.join(root, "404.html"), "lost again");
  assert.equal((await client.get("/a.txt")).text, "lost again");
});

test("a directory that became a link out of the root is not given from memory", async (t) => {
  const directory = makeTree(t, { "site/sub/a.txt": "inside", "outside/a.txt": "outside" });
  const client = await visit(t, path.join(directory, "site"), { checkInterval: 0 });
  await settled(path.join(directory, "site/sub/a.txt"));
  assert.equal((await client.get("/sub/a.txt")).text, "inside");
  renameSync(path.join(directory, "site/sub"), path.join(directory, "site/kept"));
  symlinkSync("../outside", path.join(directory, "site/sub"));
  assert.equal((await client.get("/sub/a.txt")).status, 404);
});

test("within the interval a small file comes from memory, whole and with its own length and tag", async (t) => {
  const root = makeTree(t, { "a.txt": "old" });
  const location = path.join(root, "a.txt");
  await settled(location);
  const client = await visit(t, root, { checkInterval: 1e9 });
  const first = await client.get("/a.txt");
  writeFileSync(location, "new and longer");
  const second = await client.get("/a.txt");
  assert.equal(second.text, "old");
  assert.deepEqual(second.fields.slice(1), first.fields.slice(1));
  // Without memory, there is nothing to come from.
  const other = await visit(t, root, { checkInterval: 1e9, cacheSize: 0 });
  assert.equal((await other.get("/a.txt")).text, "new and longer");
  writeFileSync(location, "newer");
  assert.equal((await other.get("/a.txt")).text, "newer");
});

test("a file that was changed a moment ago is read each time, whatever the interval", async (t) => {
  const root = makeTree(t, {});
  const client = await visit(t, root, { checkInterval: 1e9 });
  for (let tries = 0; tries < 1000; tries++) {
    const location = path.join(root, `${tries}.txt`);
    writeFileSync(location, "1");
    const first = await client.get(`/${tries}.txt`);
    // It proves something if the first request was over before the file could settle.
    if (Date.now() - statSync(location).ctimeMs > 20) continue;
    assert.equal(first.text, "1");
    writeFileSync(location, "2");
    assert.equal((await client.get(`/${tries}.txt`)).text, "2");
    return;
  }
  assert.fail("no request was over within 20 ms");
});

// From here on: files too large for what the sockets between server and client can hold, so that they are on their way
// for as long as the client does not read.
const SIZE = 64 * 1024 * 1024;

async function visitLarge(t: TestContext): Promise<{ client: Client; location: string; errors: string[] }> {
  const root = makeTree(t, { "large.bin": "", "small.txt": "small" });
  const location = path.join(root, "large.bin");
  truncateSync(location, SIZE);
  const errors: string[] = [];
  const server = await start(t, lint(files(root)), { onError: (error) => errors.push((error as Error).message) });
  const client = await connect(t, server);
  await client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => client.received.length > 0);
  client.pause();
  return { client, location, errors };
}

test("a file that shrinks while it is sent cuts the connection", async (t) => {
  const { client, location, errors } = await visitLarge(t);
  truncateSync(location, SIZE / 2);
  client.resume();
  await assert.rejects(client.response(), /^Error: reset of the connection before/);
  assert.deepEqual(errors, [`${location}: changed while it was sent`]);
});

test("a file that is written anew at the same size while it is sent cuts the connection", async (t) => {
  const { client, location, errors } = await visitLarge(t);
  const descriptor = openSync(location, "r+");
  writeSync(descriptor, "new", SIZE / 2);
  closeSync(descriptor);
  client.resume();
  await assert.rejects(client.response(), /^Error: reset of the connection before/);
  assert.deepEqual(errors, [`${location}: changed while it was sent`]);
});

test("a file that grows while it is sent is sent as far as it was promised, and the connection goes on", async (t) => {
  const { client, location, errors } = await visitLarge(t);
  appendFileSync(location, "more");
  client.resume();
  assert.equal((await client.response()).body.length, SIZE);
  assert.equal((await client.get("/small.txt")).text, "small");
  assert.deepEqual(errors, []);
});

test("a file that is replaced or removed while it is sent is sent as it was", async (t) => {
  const { client, location, errors } = await visitLarge(t);
  writeFileSync(`${location}.new`, "new");
  renameSync(`${location}.new`, location);
  client.resume();
  const response = await client.response();
  assert.equal(response.body.length, SIZE);
  assert.equal(
    response.body.findIndex((byte) => byte !== 0),
    -1,
  );
  assert.equal((await client.get("/large.bin")).text, "new");
  assert.deepEqual(errors, []);
});

const WAYS_TO_LEAVE: Readonly<Record<string, (client: Client) => void>> = {
  "with a reset": (client) => client.reset(),
  "by closing": (client) => client.socket.destroy(),
};

for (const [way, leave] of Object.entries(WAYS_TO_LEAVE)) {
  test(`a client that leaves in the middle of a large file ${way} leaves no open file behind`, async (t) => {
    if (!existsSync("/proc/self/fd")) return t.skip("there is no /proc/self/fd to count open files by");
    const { client, location, errors } = await visitLarge(t);
    assert.equal(openDescriptors(location), 1);
    leave(client);
    await until(() => openDescriptors(location) === 0);
    assert.deepEqual(errors, []);
  });
}

test("no answer leaves a file open behind it", async (t) => {
  if (!existsSync("/proc/self/fd")) return t.skip("there is no /proc/self/fd to count open files by");
  const directory = makeTree(t, { "site/sub/index.html": "i", "site/out": { link: "../outside" }, "outside/f": "f" });
  const location = path.join(directory, "site/large.bin");
  writeFileSync(location, Buffer.alloc(300_000));
  const client = await visit(t, path.join(directory, "site"), { cacheSize: 0 });
  const etag = (await client.get("/large.bin")).field("ETag");
  for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
    for (const target of ["/large.bin", "/sub", "/sub/", "/out/f", "/none"]) {
      for (const fields of ["", `If-None-Match: ${etag}\r\n`, 'If-Match: "x"\r\n']) {
        await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n${fields}\r\n`);
        await client.response(method);
      }
    }
  }
  await until(() => openDescriptors(directory) === 0);
});

/** How many of this process's descriptors are of files at or below this path. */
function openDescriptors(location: string): number {
  return readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(location);
    } catch {
      // The one that listed them is closed by now.
      return false;
    }
  }).length;
}
