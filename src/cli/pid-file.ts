/** The file that tells others, a service script or a monitor, which process to send signals to. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { failure } from "./command-error.ts";

/**
 * Writes this process's number into the file, and removes the file when the process ends by itself. One that was left by a
 * process that is gone is replaced.
 * @throws {CommandError} when the process that the file names still runs.
 */
export function writePidFile(path: string): void {
  const other = Number(readIfThere(path));
  if (other > 0 && other !== process.pid && isAlive(other)) {
    throw failure(`process ${other} runs already, says ${path} (--pid)`);
  }
  writeFileSync(path, `${process.pid}\n`);
  process.on("exit", () => {
    if (Number(readIfThere(path)) === process.pid) rmSync(path);
  });
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
