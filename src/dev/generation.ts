/** One process with one state of the application's code, from its start to its end. */
import type { Handler } from "../gateway/contract.ts";
import { type ErrorReport, errorOf } from "./error-report.ts";
import type { Channel, FromApplication, Loaded, ToApplication } from "./messages.ts";
import { Relay } from "./relay.ts";

/** A process that waits to be told to load the application. */
export interface ApplicationProcess extends Channel<ToApplication, FromApplication> {
  /** Resolves when it has ended, with what ended it: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Ends it without asking, also when its event loop is blocked. */
  kill(): void;
}

/** Why an application could not be loaded. */
export interface LoadFailure {
  /** In one line, for a terminal. */
  readonly line: string;
  readonly error: ErrorReport;
}

export class Generation {
  /** What it is, or why it could not be loaded. Rejects when the process ends before it says so. */
  readonly loaded: Promise<Loaded | LoadFailure>;
  readonly ended: Promise<string>;

  readonly #process: ApplicationProcess;
  readonly #relay: Relay;
  /** What ends it, if it said so. */
  #cause: ErrorReport | undefined;

  /** @param files takes the files that the application was loaded from, as they become known */
  constructor(process: ApplicationProcess, files: (files: readonly string[]) => void) {
    this.#process = process;
    this.ended = process.ended;
    this.#relay = new Relay(process);
    this.loaded = new Promise((resolve, reject) => {
      process.receive((message) => {
        if (message.kind === "loaded") resolve(message.loaded);
        else if (message.kind === "unloadable") resolve(message);
        else if (message.kind === "files") files(message.files);
        else if (message.kind === "dying") this.#cause = message.error;
      });
      void process.ended.then((how) => {
        const what = `it ended while it was loaded: ${how}`;
        if (this.#cause === undefined) reject(new Error(what));
        else resolve({ line: `the application cannot be loaded: ${what}`, error: this.#cause });
      });
    });
    this.loaded.catch(() => {});
    void process.ended.then((how) => this.#relay.break(endedBy(how, this.#cause)));
  }

  get handler(): Handler {
    return this.#relay.handler;
  }

  load(): void {
    this.#process.send({ kind: "load" });
  }

  /** Lets it do what it has begun, and end what it holds, for so many milliseconds in all; then ends it. */
  async retire(grace: number): Promise<void> {
    const late = setTimeout(() => this.kill(), grace);
    await this.#relay.emptied();
    this.#process.send({ kind: "stop" });
    await this.ended;
    clearTimeout(late);
  }

  kill(): void {
    this.#process.kill();
  }
}

/** Where that is noticed says nothing. */
function endedBy(how: string, cause: ErrorReport | undefined): Error {
  const error = new Error(`The application's process has ended: ${how}`, cause && { cause: errorOf(cause) });
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
