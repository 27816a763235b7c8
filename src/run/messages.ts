/** What a supervisor and its workers say to each other; plain data, so that threads and processes carry it alike. */

/** Milliseconds between two signs of life of a worker. */
export const BEAT = 1000;

/**
 * Milliseconds for which a worker that starts may be blocked or silent, whose timeout is `timeout`: to load an application
 * takes longer than to answer a request.
 */
export function startTimeout(timeout: number): number {
  return timeout === 0 ? 0 : Math.max(timeout, 30_000);
}

export type ToWorker =
  /** Take no new connections, let requests end, then end. With `replaced`, somebody else listens from now on. */
  | { readonly kind: "drain"; readonly replaced: boolean }
  /** Let so many connections go: others have fewer. */
  | { readonly kind: "shed"; readonly count: number }
  /** Say what is asked for by this name, in a report of this number. */
  | { readonly kind: "ask"; readonly what: string; readonly number: number }
  /** Open the log files again: they were moved away. */
  | { readonly kind: "reopen" }
  /** End now. */
  | { readonly kind: "stop" };

export type FromWorker =
  /** The application is loaded, the probe passed, and connections are accepted. */
  | { readonly kind: "ready" }
  /** None of that will be; `line` says why. */
  | { readonly kind: "failed"; readonly line: string }
  /** The event loop turns, with so many connections. */
  | { readonly kind: "beat"; readonly connections: number }
  /** It has done or grown enough, and would like to be replaced. */
  | { readonly kind: "retire"; readonly reason: string }
  /** It has found what all workers find, who serve the same: a line for the user, who is told it once. */
  | { readonly kind: "notice"; readonly line: string }
  /** What was asked for: plain data. */
  | { readonly kind: "report"; readonly number: number; readonly content: unknown }
  /**
   * Its last words: requests that were let end, and requests that were cut off, since it was asked to drain; and what it
   * would have reported, had it been asked once more.
   */
  | { readonly kind: "drained"; readonly finished: number; readonly dropped: number; readonly content?: unknown };

/** The supervisor's end of a worker. */
export interface Worker {
  /** How people find it: `pid 4711` or `thread 3`. */
  readonly name: string;
  send(message: ToWorker): void;
  /** Ends it without asking, also when its event loop is blocked. */
  kill(): void;
  /**
   * Says what it holds and where it stands, a line each, while its event loop is blocked. A worker without this watches
   * itself, and says so before it is found to be silent.
   */
  postMortem?(): Promise<string[]>;
}

export interface WorkerEvents {
  message(message: FromWorker): void;
  /** It has ended; `how` says by what, as in `exit code 1` or `SIGKILL`. */
  ended(how: string): void;
}

/** A concurrency model: how a worker comes to be. */
export type Spawn = (events: WorkerEvents) => Promise<Worker>;
