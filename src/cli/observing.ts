/** What the settings say about logs, put around a server. */
import { accessFormat } from "../observe/access-format.ts";
import { type AccessLog, openAccessLog } from "../observe/access-log.ts";
import { boundedLines } from "../observe/bounded-lines.ts";
import { type ErrorLog, errorLog } from "../observe/error-log.ts";
import { type Watching, workerName } from "../observe/fleet.ts";
import { LiveView } from "../observe/live.ts";
import { Metrics, type Queues } from "../observe/metrics.ts";
import { Pieces } from "../observe/pieces.ts";
import type { EndedRequest } from "../server/events.ts";
import type { ServerOptions } from "../server/server.ts";
import { failure, usageError } from "./command-error.ts";
import type { Settings } from "./settings.ts";

export interface Observing {
  /** For the server that is observed. */
  readonly options: Pick<ServerOptions, "observers" | "onError">;
  /** Opens log files again that were moved away. */
  readonly reopen: () => void;
  /** Writes what there is, once the server has closed. */
  readonly close: () => Promise<void>;
  /** What is measured and remembered; `null` unless somebody can ask for it. */
  readonly watching: Watching | null;
}

export interface ObservingOptions {
  /** What tells this process or thread from others. */
  readonly worker?: string;
  /** Where requests wait for each other, by name. */
  readonly queues?: Queues;
  /** Whether a request belongs into the access log. */
  readonly isLogged?: IsLogged;
  /** Whether the live page may show what was sent, passwords, cookies and all; by default, if NODE_ENV says so. */
  readonly keepsBytes?: boolean;
}

/** @throws {CommandError} when a log cannot be opened. */
export function observe(
  settings: Settings,
  { worker = workerName(), queues = {}, isLogged, keepsBytes = isDevelopment() }: ObservingOptions = {},
): Observing {
  const log = errorLogOf(settings);
  const accessLog = openAccess(settings, log);
  const logging = accessLog && isLogged ? only(isLogged, accessLog) : accessLog;
  const watching = settings.admin === undefined ? null : watch(worker, queues, keepsBytes);
  const observers = [logging, ...Object.values(watching ?? {})].filter((observer) => observer !== null);
  return {
    options: { onError: log.error, observers },
    watching,
    reopen: () => void accessLog?.reopen(),
    close: async () => accessLog?.close(),
  };
}

function isDevelopment(): boolean {
  return process.env.NODE_ENV === "development";
}

type IsLogged = (request: EndedRequest) => boolean;

function only(isLogged: IsLogged, { ended }: AccessLog): Pick<AccessLog, "ended"> {
  return { ended: (request) => isLogged(request) && ended(request) };
}

function watch(worker: string, queues: Queues, keepsBytes: boolean): Watching {
  const live = new LiveView(worker, queues);
  return { metrics: new Metrics(queues), live, pieces: keepsBytes ? new Pieces(live) : null };
}

export function errorLogOf({ logFormat }: Settings): ErrorLog {
  const { stderr } = process;
  const write = boundedLines(stderr, (dropped) =>
    log.info(`${dropped} lines were dropped: nobody read this log in time`),
  );
  const log = errorLog(logFormat, stderr.isTTY === true, write);
  return log;
}

/** @throws {CommandError} when there is a format, and it is none; exit code 2. */
export function refuseFormat(format: string | undefined): void {
  try {
    if (format !== undefined) accessFormat(format);
  } catch (error) {
    throw usageError(`--access-log-format: ${(error as Error).message}`);
  }
}

/** Whoever asks for a format wants the log. */
function openAccess({ accessLog, accessLogFormat }: Settings, log: ErrorLog): AccessLog | null {
  if (accessLog === undefined && accessLogFormat === undefined) return null;
  const file = accessLog ?? "-";
  try {
    return openAccessLog({ file, format: accessLogFormat ?? "combined", report: log.info });
  } catch (error) {
    throw failure(`the access log cannot be opened: ${(error as Error).message}`);
  }
}
