/** What a command line asks to be served: the entry, the settings, and one handler for all of it. */
import { join } from "node:path";
import type { Handler } from "../gateway/contract.ts";
import { installFetchGlobals } from "../gateway/fetch/globals.ts";
import type { Queue, Queues } from "../observe/metrics.ts";
import { serial } from "../run/serial.ts";
import { type FilesOptions, files } from "../static/index.ts";
import { type Application, loadApplication } from "./application.ts";
import type { Given } from "./arguments.ts";
import { usageError } from "./command-error.ts";
import { type Entry, findEntry, requireDirectory, requireFile } from "./entry.ts";
import type { ModuleInterface } from "./interfaces.ts";
import { errorLogOf } from "./observing.ts";
import { type Model, plan } from "./plan.ts";
import { fieldsOf, guarded, withGivenFields } from "./responses.ts";
import { programs, withScripts } from "./scripts.ts";
import { DEFAULTS, type Settings } from "./settings.ts";

export interface Serving {
  readonly entry: Entry;
  readonly settings: Settings;
  readonly handler: Handler;
  /** Takes CONNECT requests. */
  readonly connect: Handler | undefined;
  /** Ends what the application holds. */
  readonly close: (() => Promise<void>) | undefined;
  /** Where requests wait for each other. */
  readonly queues: Queues;
  /** What the application asks for that is not heard, a line each. */
  readonly unheard: readonly string[];
}

/** Settings with which an application is loaded. */
export type LoadSettings = Settings & { readonly model: Model };

/** How files are served and an application is loaded: development does both in ways of its own. */
export interface Means {
  readonly files: (root: string, options: FilesOptions) => Handler;
  readonly load: (path: string, settings: LoadSettings) => Promise<Application>;
}

const IN_THIS_PROCESS: Means = { files, load };

/** @throws {CommandError} when there is nothing to serve, or the application cannot be loaded. */
export async function prepare(word: string | undefined, given: Given, means = IN_THIS_PROCESS): Promise<Serving> {
  const entry = findEntry(word);
  refuseFileOptions(entry, { ...DEFAULTS, ...given });
  // Where there are scripts, fields are added around everything, and so inside of it by nobody.
  const inside = given.cgi === undefined ? given : { ...given, headers: [], cors: false, isolate: false };
  const queues: Record<string, Queue> = {};
  const { model } = plan(given);
  const application = await open(entry, { ...DEFAULTS, ...inside, model }, means, queues);
  // Workers share a socket that was there before any of them.
  const isShared = model === "threads" || model === "processes";
  const settings: Settings = { ...DEFAULTS, ...(!isShared && application.wishes), ...given };
  const unheard = isShared ? unheardOf(entry, application.wishes, given) : [];
  const site = withStaticFiles(application.handler, { ...settings, ...inside }, means);
  const all = guarded(withScripts(site, entry, settings, queues), settings);
  const connect = application.connect && guarded(application.connect, settings);
  const rest = { entry, settings, connect, close: application.close, queues, unheard };
  if (settings.model !== "serial") return { ...rest, handler: all };
  const handler = serial(all);
  queues.serial = handler;
  return { ...rest, handler };
}

function unheardOf({ path }: Entry, { port, hostname }: Application["wishes"], given: Given): string[] {
  if (given.fd !== undefined || given.unix !== undefined) return [];
  const wishes = [
    ...(port !== undefined && given.port === undefined ? [["port", port]] : []),
    ...(hostname !== undefined && given.hostname === undefined ? [["host", hostname]] : []),
  ];
  return wishes.map(([flag, wish]) => `the ${flag} ${wish} in ${path} is not for workers: --${flag} ${wish} is`);
}

async function open(
  { kind, path }: Entry,
  settings: LoadSettings,
  { files, load }: Means,
  queues: Record<string, Queue>,
): Promise<Application> {
  if (kind === "files") return { handler: openDirectory(path, settings, files, queues), wishes: {} };
  if (settings.interface === "cgi") {
    throw usageError(`--interface cgi takes a directory of programs, and ${path} is a file`);
  }
  const application = await load(path, settings);
  return { ...application, handler: withGivenFields(application.handler, settings) };
}

/** Loads an application into this process. */
export async function load(path: string, settings: LoadSettings): Promise<Application> {
  const { interface: asked, model, nativeFetch } = settings;
  if (!nativeFetch) installFetchGlobals();
  const application = await loadApplication(path, asked as ModuleInterface | undefined, model);
  surviveRejections(settings);
  const { close } = application;
  return close === undefined ? application : { ...application, close: logged(close, path, settings) };
}

function openDirectory(
  path: string,
  settings: Settings,
  files: Means["files"],
  queues: Record<string, Queue>,
): Handler {
  if (settings.interface === undefined) {
    // Under one page for all paths, a directory's is that application's.
    const listing = !settings.noListing && settings.spa === undefined;
    return files(path, { ...fileOptions(path, settings.base, settings), listing });
  }
  if (settings.interface === "cgi") return withGivenFields(programs(path, settings, queues), settings);
  throw usageError(`--interface ${settings.interface} takes a module, and ${path} is a directory`);
}

function withStaticFiles(next: Handler, settings: Settings, { files }: Means): Handler {
  if (settings.static === undefined) return next;
  const directory = requireDirectory(settings.static, "--static");
  return files(directory, { ...fileOptions(directory, settings.prefix, settings), next });
}

/** @throws {CommandError} when the page of --spa is not there, or outside: it is better said now than by a 404. */
function fileOptions(directory: string, prefix: string, settings: Settings): FilesOptions {
  const { spa, cleanUrls, cacheControl } = settings;
  if (spa?.split(/[/\\]/).includes("..")) throw usageError(`--spa takes a file of the directory, not "${spa}"`);
  if (spa !== undefined) requireFile(join(directory, spa), "--spa");
  const log = errorLogOf(settings).info;
  return { prefix, spa, cleanUrls, cacheControl, headers: fieldsOf(settings) ?? undefined, log };
}

/** Options of files, where there are none. */
function refuseFileOptions({ kind, path }: Entry, settings: Settings): void {
  const servesEntry = kind === "files" && settings.interface === undefined;
  if (settings.base !== "/" && !servesEntry) {
    throw usageError(`--base is where the files of a directory stand, and ${path} is none; --static files: --prefix`);
  }
  if (servesEntry || settings.static !== undefined) return;
  const { spa, cleanUrls, cacheControl } = settings;
  const flag =
    spa !== undefined ? "spa" : cleanUrls ? "clean-urls" : cacheControl !== undefined ? "cache-control" : null;
  if (flag !== null) throw usageError(`--${flag} is about files: name a directory, or give --static DIR`);
}

/** What goes wrong at the end is logged, and keeps nothing from ending. */
function logged(close: () => Promise<void>, path: string, settings: Settings): () => Promise<void> {
  const log = errorLogOf(settings);
  return () => close().catch((error) => log.failed(`close() of ${path} failed`, error));
}

/**
 * A promise that nobody waits for belongs to one request, and its rejection leaves the others as they are: it is logged,
 * as gunicorn logs what a request raises, and the server goes on. An uncaught exception, which may have left anything
 * half done, is Node's to report and to end the process with. An application that has its own say on rejections keeps it.
 */
function surviveRejections(settings: Settings): void {
  if (process.listenerCount("unhandledRejection") > 0) return;
  const log = errorLogOf(settings);
  process.on("unhandledRejection", (reason) => {
    log.failed("a promise of the application was rejected, and nothing handled it", reason);
  });
}
