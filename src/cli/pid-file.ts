/** The file that tells others, a service script or a monitor, which process to send signals to. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { failure } from "./command-error.ts";

/**
 * Writes this process's number into the file, and removes the file when the process ends by itself. One that was left by a
 * process that is gone is replaced. Of several processes that do this at the same time, one succeeds: the file is there as
 * a whole or not at all.
 * @throws {CommandError} when the process that the file names still runs, or what is there is no such file.
 */
export function writePidFile(path: string): void {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${process.pid}\n`);
  try {
    if (!claim(own, path)) takeOver(own, path);
  } finally {
    rmSync(own, { force: true });
  }
  process.on("exit", () => {
    if (Number(readIfThere(path)) === process.pid) rmSync(path);
  });
}

/** Gives the file a second name, unless something has that name: the system does both in one step. */
function claim(own: string, name: string): boolean {
  try {
    linkSync(own, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether the old file's process is gone has to be seen by one at a time, or the second would take it from the first. */
function takeOver(own: string, path: string): void {
  const lock = `${path}.lock`;
  while (!claim(own, lock)) {
    refuseRunning(lock);
    // Its owner was killed between these lines.
    rmSync(lock, { force: true });
  }
  try {
    refuseRunning(path);
    renameSync(own, path);
  } finally {
    rmSync(lock, { force: true });
  }
}

function refuseRunning(path: string): void {
  // Not even opened: root would move /dev/null out of the way, and a FIFO waits for a writer.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw failure(`${path} is no file (--pid)`);
  const text = readIfThere(path).trim();
  const other = Number(text);
  if (!Number.isInteger(other) || other < 0) throw failure(`${path} is there and holds no process number (--pid)`);
  if (other > 0 && other !== process.pid && isAlive(other)) {
    throw failure(`process ${other} runs already, says ${path} (--pid)`);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
