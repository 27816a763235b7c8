import assert from "node:assert/strict";
import { test } from "node:test";
import { adminHandler } from "../../src/observe/admin.ts";
import type { Fleet } from "../../src/observe/fleet.ts";
import { start } from "../server/support.ts";

test("what was sent on a connection is told on this machine only", async (t) => {
  const piece = { way: "in", text: "Cookie: session=1", length: 17 };
  const fleet = { pieces: (id: string) => (id === "worker 1" ? [piece] : []) } as unknown as Fleet;
  for (const [isLocal, expected] of [
    [true, [piece]],
    [false, null],
  ] as const) {
    const { url } = await start(t, adminHandler(fleet, { version: "0", isLocal }));
    assert.deepEqual(await (await fetch(`${url}bytes?id=worker+1`)).json(), expected);
  }
});
