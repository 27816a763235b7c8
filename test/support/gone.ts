/** Processes that others have started, by their numbers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** One that has ended counts as gone, also where nobody asks about it, as in a container whose first process is no init. */
export function isRunning(pid: number): boolean {
  assert.ok(pid > 1, `a process id: ${pid}`);
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await delay(20);
}
