/** The server: a listener, a handler, and the connections between them. */
import type { AddressInfo, Socket } from "node:net";
import { inspect } from "node:util";
import { FAULTS, type FaultCode } from "../core/faults.ts";
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, OPTIONS, type Timeouts } from "../core/options.ts";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { Deadlines } from "../net/deadlines.ts";
import { Listener } from "../net/listener.ts";
import { Admission } from "./admission.ts";
import { Connection } from "./connection.ts";
import { RequestContext } from "./context.ts";
import { Counters } from "./counters.ts";
import { Audience, type ObservedConnection, type PendingRequest, type ServerObserver } from "./events.ts";
import type { Host } from "./host.ts";
import { CONNECTION_CLOSE, CONNECTION_OPEN } from "./tracing.ts";
import { TurnClock } from "./turn-clock.ts";

export interface ServerOptions {
  /** TCP port; 0 takes a free one. Default 8000. */
  port?: number | undefined;
  /** Address or name to listen on. Default 127.0.0.1: loopback, until told otherwise. */
  hostname?: string | undefined;
  /** Listen on a unix socket at this path in place of TCP. */
  unix?: string | undefined;
  /** Listen on this descriptor, a socket that is bound already, in place of both. */
  fd?: number | undefined;
  /** Connections the kernel queues until they are accepted. Default 511. */
  backlog?: number | undefined;
  /** What a request may take; what is not given stays at its default. */
  limits?: Partial<Limits> | undefined;
  /** How long each state of a connection may last, in milliseconds; what is not given stays at its default. */
  timeouts?: Partial<Timeouts> | undefined;
  /**
   * Told what a handler threw and what was wrong with its response; and, without an exchange, what keeps connections out:
   * at most once a minute for each reason. `id` is what the client of a failed request was told to ask for. Default:
   * `console.error`.
   */
  onError?: ((error: unknown, exchange: Exchange | null, id: string | null) => void) | undefined;
  /** Told of connections and requests: logs, metrics. */
  observers?: readonly Partial<ServerObserver>[] | undefined;
  /** Remember when each request came, for `requests()`; otherwise that is not known. */
  timed?: boolean | undefined;
  /** Takes CONNECT requests, to answer them by `takeOver()`. Without it they are refused with 501. */
  connect?: Handler | undefined;
  /**
   * Ends what the application holds: called once by a closing server when the last request is over, and waited for within
   * `timeouts.grace`. Connections that were taken over stay open until it is done, for it to end them by their own protocol.
   */
  close?: (() => unknown) | undefined;
  /** Read sockets by documented means only, at some cost. */
  plainReads?: boolean | undefined;
}

/** Milliseconds between two reports of the same trouble with connections. */
const REPORT_INTERVAL = 60_000;

/** Milliseconds that the application's `close` may take even where the grace is over. */
const LAST_RESPITE = 1000;

export class Server {
  readonly #listener: Listener;
  /** What has been counted since the server was made. */
  readonly counters = new Counters();

  readonly #connections = new Set<Connection>();
  readonly #admission: Admission;
  readonly #host: Host & { draining: boolean };
  readonly #unix: string | undefined;
  readonly #fd: number | undefined;
  readonly #listening: Promise<void>;
  #url = "";
  /** How many pieces of work go on in the background. */
  #working = 0;
  /** Whether nothing is waited for any more but the ends of connections that were cut. */
  #forced = false;
  /** Ends the wait for connections and work, once the server closes. */
  #quiet: (() => void) | null = null;
  readonly #close: (() => unknown) | undefined;
  /** Whether connections that were taken over are left alone, because the application may yet end them. */
  #sparesTaken: boolean;
  /** Ends the wait for that, where the grace is over. */
  #respite: (() => void) | null = null;
  #closing: Promise<void> | null = null;
  /** When what keeps connections out was last reported, by reason. */
  readonly #reported = new Map<string, number>();

  /** Starts to listen at once; `ready()` says when it does, or why it cannot. */
  constructor(handler: Handler, options: ServerOptions = {}) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const observers = options.observers ?? [];
    const audience = observers.length > 0 ? new Audience(observers) : null;
    this.#admission = new Admission(limits);
    this.#host = {
      handler,
      connect: options.connect,
      context: new RequestContext(),
      limits,
      timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
      deadlines: new Deadlines(),
      draining: false,
      counters: this.counters,
      shedding: 0,
      clock: (options.timed ?? observers.length > 0) ? new TurnClock() : null,
      spareParsers: [],
      audience,
      spectators: audience?.seesBytes ? audience : null,
      report: guarded(options.onError ?? reportToConsole),
      closed: (connection) => this.#closed(connection),
      taken: () => this.#settle(),
      background: (work) => this.#waitFor(work),
    };
    this.#close = options.close;
    this.#sparesTaken = options.close !== undefined;
    this.#unix = options.unix;
    this.#fd = options.fd;
    this.#listener = new Listener((socket, remoteAddress) => this.#accept(socket, remoteAddress), {
      port: options.port ?? OPTIONS.port.default,
      hostname: options.hostname ?? OPTIONS.hostname.default,
      unix: options.unix,
      fd: options.fd,
      backlog: options.backlog ?? OPTIONS.backlog.default,
      plainReads: options.plainReads,
      onError: (error) => this.#reportSeldom(error.code ?? error.message, error),
    });
    // A failure that nobody asks for by ready() is an unhandled rejection, and ends the process as Node's own servers do.
    this.#listening = this.#listener.listen().then(() => {
      this.#url = this.#origin();
    });
  }

  /** Resolves with the server when it listens. @throws {Error} (rejects) with the system's `code`, as `EADDRINUSE`. */
  async ready(): Promise<this> {
    await this.#listening;
    return this;
  }

  /** Where the server is reached, such as `http://127.0.0.1:8000/`; empty until it is ready. A unix socket: `unix:PATH`. */
  get url(): string {
    return this.#url;
  }

  /** The bound address; a string for a unix socket, `null` while not listening. */
  get address(): AddressInfo | string | null {
    return this.#listener.address;
  }

  /** Whether it is closing, or closed. */
  get isDraining(): boolean {
    return this.#host.draining;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Stops accepting, closes idle connections, lets requests in flight end (their responses announce `Connection:
   * close`), and resolves when the last connection is gone, the work that `waitUntil` named is done, and the option `close`
   * was called. What is left after `timeouts.grace` is cut, and not waited for; with `force`, at once. With `patient`, idle
   * connections may bring one more request: a client that sends it just now does not find its connection closed. That is for a
   * server whose listening queue is somebody else's from now on.
   */
  close({ force = false, patient = false }: { force?: boolean; patient?: boolean } = {}): Promise<void> {
    if (this.#closing !== null && !patient) this.#retireAll();
    this.#closing ??= this.#drain(patient);
    if (force) this.#cutAll();
    return this.#closing;
  }

  /**
   * Ends so many connections, each with its next response, which announces it. Their clients connect again, and where
   * several servers share a socket, they may find one that has less to do.
   */
  shed(count: number): void {
    this.#host.shedding = count;
  }

  /**
   * From now on other limits and timeouts hold; those that are not given are the defaults. It is for development, where
   * a configuration changes under way: `limits.maxConnections`, what a connection is waiting for already, and the size of a
   * chunked body that is being read stay.
   */
  adjust({ limits, timeouts }: Pick<ServerOptions, "limits" | "timeouts">): void {
    Object.assign(this.#host.limits, DEFAULT_LIMITS, limits);
    Object.assign(this.#host.timeouts, DEFAULT_TIMEOUTS, timeouts);
    this.#host.spareParsers.length = 0;
  }

  /** The connections that are open, those that were turned away and have yet to go among them. */
  openConnections(): ObservedConnection[] {
    return [...this.#connections];
  }

  /** The requests that are under way: those of which the application has the head and the client not yet the response. */
  requests(): PendingRequest[] {
    return [...this.#connections].flatMap(({ request }) => request ?? []);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(patient: boolean): Promise<void> {
    this.#host.draining = true;
    await this.#listening.catch(() => {});
    this.#listener.close();
    const close = this.#close;
    if (!patient) this.#retireAll();
    const grace = setTimeout(() => this.#cutAll(), this.#host.timeouts.grace);
    await this.#silence();
    if (close !== undefined) {
      await this.#callClose(close);
      this.#sparesTaken = false;
      this.#retireAll();
      await this.#silence();
    }
    clearTimeout(grace);
  }

  #retireAll(): void {
    for (const connection of [...this.#connections]) {
      if (connection.state !== "taken" || !this.#sparesTaken) connection.retire();
    }
  }

  /** Resolves when there is nothing to wait for. */
  #silence(): Promise<void> {
    return new Promise((resolve) => {
      this.#quiet = resolve;
      this.#settle();
    });
  }

  /** Has the application end what it holds. */
  async #callClose(close: () => unknown): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      const error = new Error("it is not done in time, and is not waited for");
      this.#respite = () => {
        this.#respite = null;
        timer = setTimeout(reject, LAST_RESPITE, error);
      };
    });
    if (this.#forced) this.#respite?.();
    try {
      await Promise.race([close(), late]);
    } catch (error) {
      this.#host.report(new Error(`The application's close(): ${messageOf(error)}`, { cause: error }), null, null);
    }
    clearTimeout(timer);
    this.#respite = null;
  }

  /** Ends what can be ended; work cannot, so nobody waits for it any more. */
  #cutAll(): void {
    this.#forced = true;
    this.counters.dropped += this.requests().length;
    for (const connection of [...this.#connections]) connection.cut();
    this.#respite?.();
    this.#settle();
  }

  #waitFor(work: Promise<unknown>): void {
    this.#working++;
    void work.finally(() => {
      this.#working--;
      this.#settle();
    });
  }

  /** Ends the wait if there is nothing to wait for. */
  #settle(): void {
    if (this.#quiet === null || (this.#working > 0 && !this.#forced)) return;
    for (const { state } of this.#connections) if (state !== "taken" || !this.#sparesTaken) return;
    this.#quiet();
  }

  #accept(socket: Socket, remoteAddress: string): Connection {
    this.counters.connections++;
    const admitted = this.#admission.enter(remoteAddress);
    const connection = new Connection(this.#host, socket, admitted.client);
    this.#connections.add(connection);
    this.#tellOpened(connection);
    if (admitted.refusal !== undefined) this.#turnAway(connection, admitted.refusal);
    return connection;
  }

  #tellOpened(connection: Connection): void {
    const { audience } = this.#host;
    // The socket remembers the address once it was asked for: a closed one has none to give.
    if (connection.observed || CONNECTION_CLOSE.hasSubscribers) void connection.info.remoteAddress;
    audience?.opened(connection);
    if (CONNECTION_OPEN.hasSubscribers) CONNECTION_OPEN.publish({ connection });
  }

  #turnAway(connection: Connection, code: FaultCode): void {
    connection.turnAway(code);
    if (this.#connections.size - this.#admission.size > this.#admission.mostTurnedAway) connection.cut();
    this.#reportSeldom(code, new Error(`A connection was turned away with ${FAULTS[code][0]}: ${FAULTS[code][1]}`));
  }

  #closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#host.audience?.closed(connection);
    if (CONNECTION_CLOSE.hasSubscribers) CONNECTION_CLOSE.publish({ connection });
    if (connection.client !== undefined) this.#admission.leave(connection.client);
    this.#settle();
  }

  #reportSeldom(reason: string, error: Error): void {
    const last = this.#reported.get(reason);
    if (last !== undefined && Date.now() - last < REPORT_INTERVAL) return;
    this.#reported.set(reason, Date.now());
    this.#host.report(error, null, null);
  }

  #origin(): string {
    const address = this.#listener.address;
    if (address === null || typeof address === "string") return `unix:${this.#unix ?? `descriptor ${this.#fd}`}`;
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}/`;
  }
}

type Report = Host["report"];

/** What looks at an error may run into getters that throw: the client of a request that failed is to be answered all the same. */
function guarded(report: Report): Report {
  return (error, exchange, id) => {
    try {
      report(error, exchange, id);
    } catch {
      console.error(`What reports errors threw one itself, over ${exchange?.head.target ?? "a connection"} (${id})`);
    }
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : inspect(error);
}

/** Without an exchange, it is no code that failed: where it happened is of no interest. */
function reportToConsole(error: unknown, exchange: Exchange | null, id: string | null): void {
  if (exchange === null) return console.error(error instanceof Error ? error.message : error);
  console.error(`${exchange.head.method} ${exchange.head.target} failed (${id}):`, error);
}
