/** A process that watches itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { launchNode, type Portico } from "../support/portico.ts";

const WATCHDOG = new URL("../../dist/run/watchdog.js", import.meta.url).href;

const PROGRAM = `
    import { watch } from ${JSON.stringify(WATCHDOG)};
    watch()(500);
    function spin() { for (;;); }
    spin();`;

function spin(): Portico {
  const cwd = folder({ "spin.mjs": PROGRAM });
  return launchNode(["spin.mjs"], { cwd, env: { PORTICO_SUPERVISOR: String(process.pid) } });
}

test("says where it is blocked, though it holds no requests yet, and ends", async () => {
  const blocked = spin();
  assert.deepEqual(await blocked.exited, { code: null, signal: "SIGKILL" });
  assert.match(
    blocked.output,
    /^worker pid \d+ has been blocked for \d\.\d s, and is killed\n {4}at spin \(.*spin\.mjs:4:/,
  );
});

test("ends also when nobody hears what it says", async () => {
  const blocked = spin();
  blocked.child.stderr!.destroy();
  assert.deepEqual(await blocked.exited, { code: null, signal: "SIGKILL" });
});
