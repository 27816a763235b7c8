import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz, REACHABLE } from "./fuzz.ts";
import { minimize } from "./minimize.ts";
import { Random } from "./random.ts";

test("thirty thousand streams and responses break nothing, and reach every fault", () => {
  const { tally, failure } = fuzz(1, ({ executions }) => executions < 30_000);
  assert.equal(failure, null);
  assert.deepEqual(
    REACHABLE.filter((code) => !tally.endings.has(code)),
    [],
  );
});

test("a failure is cut down to the bytes that make it", () => {
  const fails = (text: string) => text.includes("b") && text.includes("d");
  assert.equal(minimize("aaaabaaaaaacaaaaadaaa", fails), "bd");
});

test("a seed gives the same numbers again, and another seed others", () => {
  const numbers = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1000));
  };
  assert.deepEqual(numbers(7), numbers(7));
  assert.notDeepEqual(numbers(7), numbers(8));
});
