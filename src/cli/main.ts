/** The command: `portico [ENTRY] [PORT] [OPTIONS]`. */

import type { Handler } from "../gateway/contract.ts";
import { installFetchGlobals } from "../gateway/fetch/globals.ts";
import { files } from "../static/index.ts";
import { type Application, loadApplication } from "./application.ts";
import { parseArguments } from "./arguments.ts";
import { banner, type Terminal } from "./banner.ts";
import { CommandError, usageError } from "./command-error.ts";
import { type Entry, findEntry, requireDirectory } from "./entry.ts";
import { helpText } from "./help.ts";
import { listen } from "./listen.ts";
import { programs, withScripts } from "./scripts.ts";
import { DEFAULTS, type Settings } from "./settings.ts";
import { stopOnSignals } from "./signals.ts";
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
  const entry = findEntry(command.entry);
  const { handler, wishes } = await open(entry, { ...DEFAULTS, ...given });
  const settings: Settings = { ...DEFAULTS, ...wishes, ...given };
  const server = await listen(withScripts(withStaticFiles(handler, settings), entry, settings), settings);
  const say = settings.quiet ? () => {} : console.error;
  stopOnSignals(server, say);
  if (entry.kind === "application") surviveRejections();
  if (!settings.quiet) console.log(banner(server.url, entry, terminal()));
}

async function open(entry: Entry, settings: Settings): Promise<Application> {
  const { interface: asked, nativeFetch } = settings;
  if (entry.kind === "files") return { handler: openDirectory(entry.path, settings), wishes: {} };
  if (asked === "cgi") throw usageError(`--interface cgi takes a directory of programs, and ${entry.path} is a file`);
  if (!nativeFetch) installFetchGlobals();
  return loadApplication(entry.path, asked);
}

function openDirectory(path: string, settings: Settings): Handler {
  if (settings.interface === undefined) return files(path);
  if (settings.interface === "cgi") return programs(path, settings);
  throw usageError(`--interface ${settings.interface} takes a module, and ${path} is a directory`);
}

function withStaticFiles(next: Handler, settings: Settings): Handler {
  if (settings.static === undefined) return next;
  return files(requireDirectory(settings.static, "--static"), { prefix: settings.prefix, next });
}

function terminal(): Terminal {
  const { stdout } = process;
  // hasColors() reads NO_COLOR, FORCE_COLOR and TERM.
  return { isTTY: stdout.isTTY, hasColour: stdout.isTTY && stdout.hasColors() };
}

/**
 * A promise that nobody waits for belongs to one request, and its rejection leaves the others as they are: it is logged,
 * as gunicorn logs what a request raises, and the server goes on. An uncaught exception, which may have left anything
 * half done, is Node's to report and to end the process with. An application that has its own say on rejections keeps it.
 */
function surviveRejections(): void {
  if (process.listenerCount("unhandledRejection") > 0) return;
  process.on("unhandledRejection", (reason) => {
    console.error("portico: a promise of the application was rejected, and nothing handled it:", reason);
  });
}
