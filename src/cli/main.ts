/** The command: `portico [COMMAND] ...`. */
import { CommandError } from "./command-error.ts";
import { findCommand } from "./commands.ts";

/** Runs the command until it is stopped. What it cannot do is one line on standard error, and the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    const { load, words } = findCommand(args);
    const { run } = await load();
    await run(words);
  } catch (error) {
    if (!(error instanceof CommandError) && !isSystemError(error)) throw error;
    console.error(`portico: ${error.message}`);
    // An application that was loaded may hold timers and sockets of its own.
    process.exit(error instanceof CommandError ? error.exitCode : 1);
  }
}

/** Of the file system, as `EACCES: permission denied, stat './html'`: says what and where by itself. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
