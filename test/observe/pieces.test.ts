import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LiveView } from "../../src/observe/live.ts";
import { Pieces } from "../../src/observe/pieces.ts";
import type { ObservedConnection } from "../../src/server/events.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("of long pieces the beginnings are kept, and nothing else", () => {
  const live = new LiveView("worker");
  const pieces = new Pieces(live);
  const connection = {} as ObservedConnection;
  live.opened(connection);
  collectGarbage();
  const before = process.memoryUsage();
  for (let i = 0; i < 20; i++) {
    pieces.bytes(connection, "out", Buffer.alloc(1_000_000, "text").toString("latin1"));
    pieces.bytes(connection, "in", Buffer.alloc(1_000_000, "\xe9", "latin1"));
  }
  collectGarbage();
  const after = process.memoryUsage();
  const grown = after.heapUsed - before.heapUsed + after.external - before.external;
  // Of 40 MB; what was allocated last may still lie about.
  assert.ok(grown < 10_000_000, `${grown} bytes`);
  const kept = pieces.of(live.idOf(connection));
  assert.equal(kept.length, 40);
  assert.deepEqual(kept[38], { way: "out", text: "text".repeat(500), length: 1_000_000 });
  assert.deepEqual(kept[39], { way: "in", text: "\xe9".repeat(2000), length: 1_000_000 });
});
