import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readResponse } from "./reference.ts";
import { replayResponses, responseCases } from "./wire.ts";

const cases = responseCases();

describe("wire cases of responses", () => {
  for (const { name, bytes, eof, methods, limits, steps } of cases) {
    test(name, () => {
      const replay = (pieces: Uint8Array[]) => replayResponses(pieces, eof, methods, limits);
      assert.deepEqual(replay([bytes]), steps, "in one piece");
      assert.deepEqual(replay(Array.from(bytes, (byte) => Buffer.of(byte))), steps, "byte by byte");
      for (let at = 1; at < bytes.length; at++) {
        assert.deepEqual(replay([bytes.subarray(0, at), bytes.subarray(at)]), steps, `split at ${at}`);
      }
    });
  }
});

test("any chunking of the same bytes gives the same steps of responses", () => {
  const streams = fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 4 });
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 });
  fc.assert(
    fc.property(streams, sizes, fc.boolean(), (stream, sizes, eof) => {
      const bytes = Buffer.concat(stream.map((each) => each.bytes));
      const methods = stream.flatMap((each) => each.methods);
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      pieces.push(bytes.subarray(at));
      assert.deepEqual(replayResponses(pieces, eof, methods), replayResponses([bytes], eof, methods));
    }),
    { numRuns: 2000 },
  );
});

/** Bytes that mean something somewhere. */
const NASTY = [
  "\r",
  "\n",
  "\r\n",
  "\0",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "5",
  "f",
  "a",
  "\x80",
  "chunked",
  "HTTP/1.1 200 OK\r\n",
];

const mutations = fc.array(fc.record({ at: fc.nat(400), drop: fc.nat(2), insert: fc.constantFrom("", ...NASTY) }), {
  minLength: 1,
  maxLength: 3,
});

test("responses with something wrong anywhere break nothing, however they are cut, and an independent reader agrees", () => {
  let whole = 0;
  fc.assert(
    fc.property(fc.constantFrom(...cases), mutations, fc.nat(500), ({ bytes, methods }, changes, cut) => {
      let text = bytes.toString("latin1");
      for (const { at, drop, insert } of changes) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + insert + text.slice(place + drop);
      }
      const changed = Buffer.from(text, "latin1");
      const steps = replayResponses([changed], true, methods);
      const pieces = [changed.subarray(0, cut), changed.subarray(cut)];
      assert.deepEqual(replayResponses(pieces, true, methods), steps);

      const heads = steps.filter((step) => /^(?:head|interim|excess|fault)/.test(step));
      if (methods.length > 1 || heads.length !== 1 || steps.at(-1)?.startsWith("head") || !steps.includes("end"))
        return;
      whole++;
      const [head = ""] = heads;
      const bodiless = methods[0] === "HEAD" || / (?:101|204|304) /.test(head) || head.includes("upgraded");
      // Where no body can be, a coding frames nothing; the other one looks at it all the same.
      if (bodiless && /transfer-encoding/i.test(text)) return;
      // The other one reads no other version, and wants the space behind the status.
      const same = text
        .replace(/^HTTP\/1\.[0-9] ([0-9]{3})(?=\r)/, "HTTP/1.1 $1 ")
        .replace(/^HTTP\/1\.[0-9]/, "HTTP/1.1");
      const read = readResponse(same, bodiless);
      const body = steps.find((step) => step.startsWith("body "));
      assert.equal(read.body, body === undefined ? "" : JSON.parse(body.slice(5)));
      assert.equal(read.status, Number(head.split(" ")[1]));
    }),
    { numRuns: 5000 },
  );
  assert.ok(whole > 100, `only ${whole} of them were whole`);
});
