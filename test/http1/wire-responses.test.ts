import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
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
