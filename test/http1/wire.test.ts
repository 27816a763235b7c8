import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { replay, wireCases } from "./wire.ts";

const cases = wireCases();

describe("wire cases", () => {
  for (const { name, bytes, eof, limits, steps } of cases) {
    test(name, () => {
      assert.deepEqual(replay([bytes], eof, limits), steps, "in one piece");
      assert.deepEqual(
        replay(
          Array.from(bytes, (byte) => Buffer.of(byte)),
          eof,
          limits,
        ),
        steps,
        "byte by byte",
      );
      const stride = Math.max(1, Math.floor(bytes.length / 512));
      for (let at = 1; at < bytes.length; at += stride) {
        assert.deepEqual(replay([bytes.subarray(0, at), bytes.subarray(at)], eof, limits), steps, `split at ${at}`);
      }
      if (eof) return;
      const trailed = replay([Buffer.concat([bytes, Buffer.from("\0trailing bytes")])], eof, limits);
      const complete = /^(end|fault)/.test(steps.findLast((step) => !step.startsWith("  ")) ?? "");
      if (complete) assert.deepEqual(trailed.slice(0, steps.length), steps, "with other bytes behind it");
    });
  }
});

test("any chunking of the same bytes gives the same steps", () => {
  const streams = fc.array(fc.constantFrom(...cases), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(streams, fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 40 }), (stream, sizes) => {
      const bytes = Buffer.concat(stream.map((each) => each.bytes));
      const pieces: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        pieces.push(bytes.subarray(at, at + size));
        at += size;
      }
      pieces.push(bytes.subarray(at));
      assert.deepEqual(replay(pieces, true), replay([bytes], true));
    }),
    { numRuns: 2000 },
  );
});
