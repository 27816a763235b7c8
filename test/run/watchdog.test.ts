/** A process that watches itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { launchNode } from "../support/portico.ts";

const WATCHDOG = new URL("../../dist/run/watchdog.js", import.meta.url).href;

test("says where it is blocked, though it holds no requests yet, and ends", async () => {
  const program = `
    import { watch } from ${JSON.stringify(WATCHDOG)};
    watch()(500);
    function spin() { for (;;); }
    spin();`;
  const cwd = folder({ "spin.mjs": program });
  const blocked = launchNode(["spin.mjs"], { cwd, env: { PORTICO_SUPERVISOR: String(process.pid) } });
  assert.deepEqual(await blocked.exited, { code: null, signal: "SIGKILL" });
  assert.match(
    blocked.output,
    /^worker pid \d+ has been blocked for \d\.\d s, and is killed\n {4}at spin \(.*spin\.mjs:4:/,
  );
});
