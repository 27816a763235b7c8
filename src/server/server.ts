/** The server: a listener, a handler, and the connections between them. */
import type { AddressInfo } from "node:net";
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS, type Limits, OPTIONS, type Timeouts } from "../core/options.ts";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { Deadlines } from "../net/deadlines.ts";
import { Listener } from "../net/listener.ts";
import { Connection, type Host } from "./connection.ts";

export interface ServerOptions {
  /** TCP port; 0 takes a free one. Default 8000. */
  port?: number | undefined;
  /** Address or name to listen on. Default 127.0.0.1: loopback, until told otherwise. */
  hostname?: string | undefined;
  /** Listen on a unix socket at this path in place of TCP. */
  unix?: string | undefined;
  /** Connections the kernel queues until they are accepted. Default 511. */
  backlog?: number | undefined;
  /** What a request may take; what is not given stays at its default. */
  limits?: Partial<Limits> | undefined;
  /** How long each state of a connection may last, in milliseconds; what is not given stays at its default. */
  timeouts?: Partial<Timeouts> | undefined;
  /** Told what a handler threw, and what was wrong with its response. Default: `console.error`. */
  onError?: ((error: unknown, exchange: Exchange) => void) | undefined;
  /** Read sockets by documented means only, at some cost. */
  plainReads?: boolean | undefined;
}

export class Server {
  readonly #listener: Listener;
  readonly #connections = new Set<Connection>();
  readonly #host: Host & { draining: boolean };
  readonly #unix: string | undefined;
  readonly #listening: Promise<void>;
  #url = "";
  #emptied: (() => void) | null = null;
  #closing: Promise<void> | null = null;

  /** Starts to listen at once; `ready()` says when it does, or why it cannot. */
  constructor(handler: Handler, options: ServerOptions = {}) {
    const connections = this.#connections;
    const onError = options.onError ?? ((error: unknown) => console.error(error));
    this.#host = {
      handler,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      timeouts: { ...DEFAULT_TIMEOUTS, ...options.timeouts },
      deadlines: new Deadlines(),
      draining: false,
      report: onError,
      closed: (connection) => {
        connections.delete(connection);
        if (connections.size === 0) this.#emptied?.();
      },
    };
    this.#unix = options.unix;
    this.#listener = new Listener(
      (socket) => {
        const connection = new Connection(this.#host, socket);
        connections.add(connection);
        return connection;
      },
      {
        port: options.port ?? OPTIONS.port.default,
        hostname: options.hostname ?? OPTIONS.hostname.default,
        unix: options.unix,
        backlog: options.backlog ?? OPTIONS.backlog.default,
        plainReads: options.plainReads,
      },
    );
    this.#listening = this.#listener.listen().then(() => {
      this.#url = this.#origin();
    });
    // Who does not call ready() shall not be killed by an unhandled rejection, but told.
    this.#listening.catch(() => {});
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

  /**
   * Stops accepting, closes idle connections, lets requests in flight end (their responses announce `Connection:
   * close`), and resolves when the last connection is gone. With `force`, cuts them at once.
   */
  close({ force = false }: { force?: boolean } = {}): Promise<void> {
    this.#closing ??= this.#drain();
    if (force) for (const connection of [...this.#connections]) connection.cut();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(): Promise<void> {
    this.#host.draining = true;
    await this.#listening.catch(() => {});
    this.#listener.close();
    for (const connection of [...this.#connections]) connection.retire();
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  #origin(): string {
    const address = this.#listener.address;
    if (address === null || typeof address === "string") return `unix:${this.#unix}`;
    const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}/`;
  }
}
