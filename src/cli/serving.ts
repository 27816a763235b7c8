/** What a command line asks to be served: the entry, the settings, and one handler for all of it. */
import type { Handler } from "../gateway/contract.ts";
import { installFetchGlobals } from "../gateway/fetch/globals.ts";
import { serial } from "../run/serial.ts";
import { files } from "../static/index.ts";
import { type Application, loadApplication } from "./application.ts";
import type { Given } from "./arguments.ts";
import { usageError } from "./command-error.ts";
import { type Entry, findEntry, requireDirectory } from "./entry.ts";
import { type Model, plan } from "./plan.ts";
import { programs, withScripts } from "./scripts.ts";
import { DEFAULTS, type Settings } from "./settings.ts";

export interface Serving {
  readonly entry: Entry;
  readonly settings: Settings;
  readonly handler: Handler;
  /** Takes CONNECT requests. */
  readonly connect: Handler | undefined;
}

/** @throws {CommandError} when there is nothing to serve, or the application cannot be loaded. */
export async function prepare(word: string | undefined, given: Given): Promise<Serving> {
  const entry = findEntry(word);
  const { handler, connect, wishes } = await open(entry, { ...DEFAULTS, ...given, model: plan(given).model });
  const settings: Settings = { ...DEFAULTS, ...wishes, ...given };
  const all = withScripts(withStaticFiles(handler, settings), entry, settings);
  return { entry, settings, handler: settings.model === "serial" ? serial(all) : all, connect };
}

async function open(entry: Entry, settings: Settings & { readonly model: Model }): Promise<Application> {
  const { interface: asked, model, nativeFetch } = settings;
  if (entry.kind === "files") return { handler: openDirectory(entry.path, settings), wishes: {} };
  if (asked === "cgi") throw usageError(`--interface cgi takes a directory of programs, and ${entry.path} is a file`);
  if (!nativeFetch) installFetchGlobals();
  const application = await loadApplication(entry.path, asked, model);
  surviveRejections();
  return application;
}

function openDirectory(path: string, settings: Settings): Handler {
  if (settings.interface === undefined) return files(path, { listing: !settings.noListing });
  if (settings.interface === "cgi") return programs(path, settings);
  throw usageError(`--interface ${settings.interface} takes a module, and ${path} is a directory`);
}

function withStaticFiles(next: Handler, settings: Settings): Handler {
  if (settings.static === undefined) return next;
  return files(requireDirectory(settings.static, "--static"), { prefix: settings.prefix, next });
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
