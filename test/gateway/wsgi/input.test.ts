/** `wsgi.input`: a body with the face of a file. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BodySource } from "../../../src/gateway/contract.ts";
import { Input } from "../../../src/gateway/wsgi/input.ts";
import { NO_FIELDS } from "../../../src/http/field-lines.ts";
import { ok, serve } from "./support.ts";

function inputOf(...pieces: string[]): Input {
  const waiting = pieces.map((piece) => Buffer.from(piece));
  const body: BodySource = {
    length: null,
    trailers: NO_FIELDS,
    read: async () => waiting.shift() ?? null,
    discard() {},
  };
  return new Input(body);
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test("read(n) gives n bytes, fewer only at the end, and then none", async () => {
  const input = inputOf("abc", "def", "gh");
  assert.equal(text(await input.read(0)), "");
  assert.equal(text(await input.read(5)), "abcde");
  assert.equal(text(await input.read(1)), "f");
  assert.equal(text(await input.read(9)), "gh");
  assert.equal(text(await input.read(9)), "");
  assert.equal(text(await input.read()), "");
});

test("read() without a number gives all that is left", async () => {
  const input = inputOf("abc", "def");
  await input.read(2);
  assert.equal(text(await input.read()), "cdef");
});

test("readline() gives a line with its end, however the body came, and the last one as it is", async () => {
  const input = inputOf("on", "e\ntw", "o\n\nthr", "ee");
  assert.equal(text(await input.readline(2)), "on");
  for (const line of ["e\n", "two\n", "\n", "three", ""]) assert.equal(text(await input.readline()), line);
});

test("iterating gives the lines that are left, as readlines() does", async () => {
  assert.deepEqual((await inputOf("a\nb", "\nc").readlines()).map(text), ["a\n", "b\n", "c"]);
  const lines: string[] = [];
  const input = inputOf("x\nfirst\n", "second");
  await input.readline();
  for await (const line of input) lines.push(text(line));
  assert.deepEqual(lines, ["first\n", "second"]);
});

test("reads of any kind and size give the bytes of the body in order", async () => {
  const pieces = fc.array(fc.stringMatching(/^[ab\n]{1,6}$/), { maxLength: 6 });
  const reads = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 9 })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(pieces, reads, async (body, sizes) => {
      const input = inputOf(...body);
      let read = "";
      for (const [byLine, size] of sizes) {
        const bytes = text(await (byLine ? input.readline(size) : input.read(size)));
        assert.ok(bytes.length <= size);
        if (byLine) assert.ok(!bytes.slice(0, -1).includes("\n"));
        read += bytes;
      }
      assert.equal(read + text(await input.read()), body.join(""));
    }),
  );
});

test("a number of bytes that is none is refused", async () => {
  for (const size of [-1, Number.NaN]) {
    await assert.rejects(inputOf("a").read(size), /^RangeError: wsgi\.input: a number of bytes is wanted, not/);
    await assert.rejects(inputOf("a").readline(size), RangeError);
  }
});

test("a body of megabytes is read while it comes, and asks for it only then", async (t) => {
  const { client } = await serve(t, async (environ, startResponse) => {
    let size = 0;
    for (
      let piece = await environ["wsgi.input"].read(50_000);
      piece.length > 0;
      piece = await environ["wsgi.input"].read(50_000)
    ) {
      size += piece.length;
    }
    ok(startResponse);
    return [String(size)];
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
  assert.equal((await client.response()).status, 100);
  for (let i = 0; i < 30; i++) await client.send(Buffer.alloc(100_000));
  assert.equal((await client.response()).text, "3000000");
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  assert.equal((await client.response()).text, "5");
});
