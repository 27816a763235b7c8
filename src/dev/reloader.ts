/**
 * Keeps an application current: each state of its code runs in a process of its own, and the server, which holds the
 * connections, passes requests on to the latest that could be loaded. So no connection is lost by a reload, nothing of the
 * old code is left in the new, and code that blocks or ends its process takes nobody with it.
 */
import type { Exchange, Handler } from "../gateway/contract.ts";
import { type ApplicationProcess, Generation, type LoadFailure } from "./generation.ts";
import type { Loaded } from "./messages.ts";

export interface ReloaderOptions {
  /** Starts a process that waits to load the application. */
  readonly spawn: () => ApplicationProcess;
  /** Put around whatever answers a request, once that is decided. */
  readonly around: (handler: Handler) => Handler;
  /** Answers with why the application cannot be loaded. */
  readonly showFailure: (exchange: Exchange, failure: LoadFailure) => void | Promise<void>;
  /** Whether a request is for a page, whose reader wants to know what is wrong rather than see the last good state. */
  readonly wantsPage: (exchange: Exchange) => boolean;
  /** Told of files that the application was loaded from. */
  readonly files: (files: readonly string[]) => void;
  /** Told when other code answers from now on, or the reason why not has changed. */
  readonly changed: () => void;
  /** Milliseconds that requests to replaced code may take to end. */
  readonly grace: number;
  /** Takes what there is to tell. */
  readonly say: (line: string) => void;
  /** Takes what is wrong. */
  readonly complain: (line: string) => void;
}

/** Milliseconds without a change after which a save counts as done: writing a file tells several, a checkout many. */
const QUIET = 25;

/** Loads that are given up for a change: an application may change files itself, each time that it is loaded. */
const MAX_STALE_LOADS = 10;

export class Reloader {
  /** Waits while other code is being loaded, so that a request that comes after a save meets what was saved. */
  readonly handler: Handler = (exchange) => this.#answer(exchange);

  readonly #options: ReloaderOptions;
  /** Loading takes a process 150 ms that is not there yet (Node 20), and 20 ms one that only has to import. */
  #spare: Generation | null = null;
  #current: Generation | null = null;
  #failure: LoadFailure | null = null;
  #loading: Promise<void> | null = null;
  /** The one being loaded. */
  #next: Generation | null = null;
  #lastChange = 0;
  /** Whether something has changed since `#next` began to load. */
  #isStale = false;
  /** How often that has been so in a row. */
  #staleLoads = 0;
  #loaded: Loaded = { wishes: {}, connects: false };
  /** The ends of those that were replaced. */
  readonly #retiring = new Set<Promise<void>>();

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** Loads the application for the first time. Resolves also if it cannot be loaded. */
  async start(): Promise<Loaded> {
    await this.#reload();
    return this.#loaded;
  }

  /** Something was saved. */
  saved(path: string): void {
    this.#lastChange = performance.now();
    this.#isStale = true;
    // What is being loaded may never be done with that.
    if (this.#staleLoads < MAX_STALE_LOADS) this.#next?.kill();
    if (this.#loading === null) void this.#reload(path);
  }

  /** Lets the application end what it holds. */
  async stop(): Promise<void> {
    const last = this.#current;
    this.#current = null;
    if (last !== null) this.#retire(last);
    await Promise.all(this.#retiring);
  }

  /** The same once nothing is asked of it any more, and ends all processes. */
  async retire(): Promise<void> {
    // What was asked before may have yet to be passed on.
    await pendingEvents();
    await this.#loading;
    const stopped = this.stop();
    this.close();
    await stopped;
  }

  /** Ends all processes, at once. */
  close(): void {
    for (const generation of [this.#spare, this.#next, this.#current]) generation?.kill();
  }

  async #answer(exchange: Exchange): Promise<void> {
    await pendingEvents();
    while (this.#loading !== null) await this.#loading;
    // Its client has left meanwhile.
    if (exchange.started) return;
    const { around, showFailure, wantsPage } = this.#options;
    const failure = this.#failure;
    if (failure !== null && (this.#current === null || wantsPage(exchange))) {
      return around((failed) => showFailure(failed, failure))(exchange);
    }
    if (this.#current === null) {
      // Its process has ended by itself: whoever asks for it gets another.
      await this.#reload();
      return this.#answer(exchange);
    }
    return around(this.#current.handler)(exchange);
  }

  #reload(path?: string): Promise<void> {
    this.#loading ??= this.#load(path).finally(() => {
      this.#loading = null;
    });
    return this.#loading;
  }

  async #load(path: string | undefined): Promise<void> {
    const began = performance.now();
    let result: Loaded | LoadFailure;
    this.#staleLoads = -1;
    do {
      this.#staleLoads++;
      for (let left = this.#sinceLastChange(); left < QUIET; left = this.#sinceLastChange()) await pause(QUIET - left);
      this.#isStale = false;
      this.#next = this.#spare ?? this.#spawn();
      this.#spare = null;
      this.#next.load();
      result = await this.#next.loaded.catch(failureOf);
    } while (this.#isStale && this.#staleLoads < MAX_STALE_LOADS);
    const next = this.#next;
    this.#next = null;
    if ("line" in result) this.#keep(next, result);
    else this.#replace(next, result, path, performance.now() - began);
    this.#spare = this.#spawn();
    this.#options.changed();
  }

  #sinceLastChange(): number {
    return this.#lastChange === 0 ? QUIET : performance.now() - this.#lastChange;
  }

  /** The code cannot be loaded: what there was stays. */
  #keep(next: Generation, failure: LoadFailure): void {
    next.kill();
    this.#failure = failure;
    this.#options.complain(failure.line);
  }

  #replace(next: Generation, loaded: Loaded, path: string | undefined, took: number): void {
    if (path !== undefined) this.#options.say(`${path} changed: reloaded in ${Math.round(took)} ms`);
    const last = this.#current;
    this.#failure = null;
    this.#loaded = loaded;
    this.#current = next;
    void next.ended.then((how) => {
      if (this.#current !== next) return;
      this.#current = null;
      this.#options.complain(`the application's process has ended: ${how}; the next request or save starts it again`);
    });
    if (last !== null) this.#retire(last);
  }

  #retire(generation: Generation): void {
    const retired = generation.retire(this.#options.grace).then(() => void this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  #spawn(): Generation {
    return new Generation(this.#options.spawn(), this.#options.files);
  }
}

/** What ended without a word about why. */
function failureOf({ message }: Error): LoadFailure {
  return {
    line: `the application cannot be loaded: ${message}`,
    error: { name: "", message, stack: "", properties: {} },
  };
}

/**
 * Resolves when what the system had told by now has been heard: a save that was done before a request was sent is then
 * known. The event loop may be in the middle of a round of news, so it takes one more.
 */
export async function pendingEvents(): Promise<void> {
  for (let rounds = 0; rounds < 2; rounds++) await new Promise(setImmediate);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
