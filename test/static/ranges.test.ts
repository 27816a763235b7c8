import assert from "node:assert/strict";
import { closeSync, openSync, truncateSync, utimesSync, writeSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Answer, Client } from "../server/support.ts";
import { ask, makeTree, settled, visit } from "./support.ts";

/** A file of each kind that is sent in a way of its own: text in memory, bytes in memory, more of them, a descriptor. */
const SIZES = { "text.txt": 1000, "small.bin": 1000, "kept.bin": 700_000, "large.bin": 3_000_000 } as const;

const content = (name: keyof typeof SIZES) =>
  Buffer.from(Uint8Array.from({ length: SIZES[name] }, (_, at) => (name === "text.txt" ? 97 + (at % 26) : at % 251)));

async function visitAll(t: TestContext): Promise<{ client: Client; root: string }> {
  const names = Object.keys(SIZES) as (keyof typeof SIZES)[];
  const root = makeTree(t, { ...Object.fromEntries(names.map((name) => [name, content(name)])), "empty.txt": "" });
  const old = new Date("2024-02-29T12:34:56Z");
  for (const name of names) {
    utimesSync(path.join(root, name), old, old);
    await settled(path.join(root, name));
  }
  return { client: await visit(t, root), root };
}

for (const name of Object.keys(SIZES) as (keyof typeof SIZES)[]) {
  const size = SIZES[name];
  const bytes = content(name);
  const target = `/${name}`;

  test(`a part of ${name} is a 206 that says which part, and otherwise what a 200 says`, async (t) => {
    const { client } = await visitAll(t);
    const whole = await client.get(target);
    assert.equal(whole.field("Accept-Ranges"), "bytes");
    const parts: Record<string, [number, number]> = {
      "0-0": [0, 1],
      "0-99": [0, 100],
      "10-": [10, size],
      "-3": [size - 3, size],
      [`${size - 1}-`]: [size - 1, size],
      [`0-${size}`]: [0, size],
      "300-100000": [300, Math.min(size, 100_001)],
      "0-9,5-14": [0, 15],
      "0-9,9999999-": [0, 10],
    };
    for (const [spec, [start, stop]] of Object.entries(parts)) {
      const part = await client.get(target, `Range: bytes=${spec}\r\n`);
      assert.equal(part.statusLine, "HTTP/1.1 206 Partial Content", spec);
      assert.ok(part.body.equals(bytes.subarray(start, stop)), spec);
      assert.equal(part.field("Content-Range"), `bytes ${start}-${stop - 1}/${size}`);
      for (const field of ["Content-Type", "ETag", "Last-Modified", "Cache-Control", "X-Content-Type-Options"]) {
        assert.equal(part.field(field), whole.field(field), field);
      }
    }
  });

  test(`several parts of ${name} come in the order they were asked for, each with its place and type`, async (t) => {
    const { client } = await visitAll(t);
    const whole = await client.get(target);
    const answer = await client.get(target, "Range: bytes=500-599,-2,0-1\r\n");
    assert.equal(answer.status, 206);
    assert.equal(answer.field("Content-Range"), null);
    assert.equal(answer.field("ETag"), whole.field("ETag"));
    const expected = [bytes.subarray(500, 600), bytes.subarray(size - 2), bytes.subarray(0, 2)];
    const places = [`500-599/${size}`, `${size - 2}-${size - 1}/${size}`, `0-1/${size}`];
    assert.deepEqual(
      partsOf(answer),
      expected.map((part, at) => ({
        head: [`Content-Type: ${whole.field("Content-Type")}`, `Content-Range: bytes ${places[at]}`],
        text: part.toString("latin1"),
      })),
    );
  });

  test(`of ${name}, what is not there is a 416 that says how much is`, async (t) => {
    const { client } = await visitAll(t);
    for (const spec of [`${size}-`, "99999999-", "-0"]) {
      const answer = await client.get(target, `Range: bytes=${spec}\r\n`);
      assert.equal(answer.statusLine, "HTTP/1.1 416 Range Not Satisfiable", spec);
      assert.equal(answer.field("Content-Range"), `bytes */${size}`);
      assert.equal(answer.field("ETag"), null);
    }
  });

  test(`a Range of ${name} that is malformed, or of another unit, or not of a GET, is as if it were not there`, async (t) => {
    const { client } = await visitAll(t);
    for (const field of ["items=0-1", "bytes=x", "bytes=2-1", "bytes", `bytes=${"0-0,".repeat(101)}`]) {
      const answer = await client.get(target, `Range: ${field}\r\n`);
      assert.equal(answer.status, 200, field);
      assert.ok(answer.body.equals(bytes));
    }
    const head = await ask(client, "HEAD", target, "Range: bytes=0-1\r\n");
    assert.equal(head.status, 200);
    assert.equal(head.field("Content-Length"), `${size}`);
    assert.equal((await ask(client, "HEAD", target, "Range: bytes=99999999-\r\n")).status, 200);
  });

  test(`If-Range gives the rest of ${name} only to a client that has its beginning`, async (t) => {
    const { client, root } = await visitAll(t);
    const whole = await client.get(target);
    const [etag, lastModified] = [whole.field("ETag"), whole.field("Last-Modified")];
    const ask = (ifRange: string | null) => client.get(target, `Range: bytes=100-\r\nIf-Range: ${ifRange}\r\n`);
    assert.match(etag!, /^"/);
    for (const validator of [etag, lastModified]) {
      const rest = await ask(validator);
      assert.equal(rest.status, 206, `${validator}`);
      assert.ok(rest.body.equals(bytes.subarray(100)));
    }
    for (const validator of [`W/${etag}`, '"other"', `${etag}, "other"`, "Thu, 29 Feb 2024 12:34:57 GMT", "*", "x"]) {
      const answer = await ask(validator);
      assert.equal(answer.status, 200, validator);
      assert.ok(answer.body.equals(bytes));
    }
    // The same size and time, but another content.
    const location = path.join(root, name);
    const descriptor = openSync(location, "r+");
    writeSync(descriptor, "changed");
    closeSync(descriptor);
    await settled(location);
    const fresh = await visit(t, root);
    const answer = await fresh.get(target, `Range: bytes=100-\r\nIf-Range: ${etag}\r\n`);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString("latin1", 0, 7), "changed");
  });

  test(`preconditions come before the range of ${name}`, async (t) => {
    const { client } = await visitAll(t);
    const etag = (await client.get(target)).field("ETag");
    const range = "Range: bytes=0-9\r\n";
    assert.equal((await client.get(target, `${range}If-None-Match: ${etag}\r\n`)).status, 304);
    assert.equal((await client.get(target, `${range}If-Match: "other"\r\n`)).status, 412);
    assert.equal((await client.get(target, `${range}If-Match: ${etag}\r\n`)).status, 206);
    assert.equal((await client.get(target, `${range}If-None-Match: "other"\r\n`)).status, 206);
    assert.equal((await client.get(target, `Range: bytes=9999999-\r\nIf-None-Match: ${etag}\r\n`)).status, 304);
  });
}

test("an empty file has no parts, and is sent as it is", async (t) => {
  const { client } = await visitAll(t);
  for (const spec of ["0-", "-1", "0-0", "5-"]) {
    const answer = await client.get("/empty.txt", `Range: bytes=${spec}\r\n`);
    assert.equal(answer.status, 200, spec);
    assert.equal(answer.text, "");
  }
});

test("a part lies where it was asked for beyond what 32 bits can count", async (t) => {
  const root = makeTree(t, { "huge.bin": "" });
  const location = path.join(root, "huge.bin");
  const start = 5 * 1024 ** 3;
  try {
    truncateSync(location, start + 1000);
  } catch {
    return t.skip("the file system has no sparse files of this size");
  }
  const descriptor = openSync(location, "r+");
  writeSync(descriptor, "here", start);
  closeSync(descriptor);
  const client = await visit(t, root);
  const answer = await client.get("/huge.bin", `Range: bytes=${start}-${start + 3}\r\n`);
  assert.equal(answer.text, "here");
  assert.equal(answer.field("Content-Range"), `bytes ${start}-${start + 3}/${start + 1000}`);
});

test("overlapping ranges never add up to more than the file", async (t) => {
  const { client } = await visitAll(t);
  const answer = await client.get(
    "/large.bin",
    `Range: bytes=${Array.from({ length: 100 }, () => "0-").join(",")}\r\n`,
  );
  assert.equal(answer.status, 206);
  assert.equal(answer.body.length, SIZES["large.bin"]);
});

/** The parts of a multipart/byteranges body. */
function partsOf({ body, field }: Answer): { head: string[]; text: string }[] {
  const boundary = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(field("Content-Type")!)?.[1];
  assert.ok(boundary !== undefined);
  const parts = `\r\n${body.toString("latin1")}`.split(`\r\n--${boundary}`);
  assert.equal(parts.shift(), "");
  assert.equal(parts.pop(), "--\r\n");
  return parts.map((part) => {
    const end = part.indexOf("\r\n\r\n");
    return { head: part.slice(2, end).split("\r\n"), text: part.slice(end + 4) };
  });
}
