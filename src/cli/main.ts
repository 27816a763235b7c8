/** The command: `portico [ENTRY] [PORT] [OPTIONS]`. */

import { parseArguments } from "./arguments.ts";
import { banner, type Terminal } from "./banner.ts";
import { CommandError } from "./command-error.ts";
import { findEntry } from "./entry.ts";
import { helpText } from "./help.ts";
import { listen } from "./listen.ts";
import { writePidFile } from "./pid-file.ts";
import { plan, summary } from "./plan.ts";
import { prepare } from "./serving.ts";
import { DEFAULTS } from "./settings.ts";
import { stopOnSignals } from "./signals.ts";
import { supervise } from "./supervise.ts";
import { VERSION } from "./version.ts";

/** Runs the command until it is stopped. What it cannot do is one line on standard error, and the exit code. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await run(args);
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

async function run(args: readonly string[]): Promise<void> {
  const command = parseArguments(args, process.env);
  if (command.action === "help") return console.log(helpText());
  if (command.action === "version") return console.log(`portico ${VERSION}`);

  const { given } = command;
  const say = given.quiet ? () => {} : console.error;
  const { model, workers } = plan(given);
  if (given.check) {
    const { entry, settings } = await prepare(command.entry, given);
    console.log(summary(entry, settings, { model, workers }));
    // An application that was loaded may hold timers and sockets of its own.
    return process.exit(0);
  }
  if (given.pid !== undefined) writePidFile(given.pid);
  if (model === "threads" || model === "processes") {
    const settings = { ...DEFAULTS, ...given };
    // Found here once, so that it is the same for all, and what is wrong with it is said once.
    const entry = findEntry(command.entry);
    const url = await supervise({ args, settings, model, workers, say });
    if (!settings.quiet) console.log(banner(url, entry, terminal()));
    return;
  }
  const { entry, settings, handler } = await prepare(command.entry, given);
  const server = await listen(handler, settings);
  stopOnSignals(server, say);
  if (!settings.quiet) console.log(banner(server.url, entry, terminal()));
}

function terminal(): Terminal {
  const { stdout } = process;
  // hasColors() reads NO_COLOR, FORCE_COLOR and TERM.
  return { isTTY: stdout.isTTY, hasColour: stdout.isTTY && stdout.hasColors() };
}
