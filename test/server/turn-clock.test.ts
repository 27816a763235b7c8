import assert from "node:assert/strict";
import { test } from "node:test";
import { TurnClock } from "../../src/server/turn-clock.ts";

test("the time stands still for a turn of the event loop, whatever it does, and goes on with the next", async () => {
  const clock = new TurnClock();
  const before = performance.now();
  const first = clock.now;
  while (performance.now() < first + 2);
  assert.equal(clock.now, first);
  assert.ok(first >= before);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve));
  assert.ok(clock.now > first + 2);
});
