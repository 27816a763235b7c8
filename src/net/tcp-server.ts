/** A TCP server: a function, or an instance of a class, for each connection. */
import type { AddressInfo, Socket } from "node:net";
import { OPTIONS } from "../core/options.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { NetError } from "./errors.ts";
import { Listener } from "./listener.ts";

/** Serves one connection, which is closed when it returns, or reset when it throws. */
export type StreamFunction = (connection: Connection) => void | Promise<void>;

/** A class to extend: an instance serves one connection. The name is that of Python's socketserver. */
export abstract class StreamRequestHandler {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Serves the connection, which is closed when this returns, or reset when it throws. */
  abstract handle(): void | Promise<void>;
}

export type StreamHandler = StreamFunction | (new (connection: Connection) => StreamRequestHandler);

export interface TcpServerOptions extends ConnectionOptions {
  /** TCP port; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Address or name to listen on. Default 127.0.0.1: loopback, until told otherwise. */
  readonly hostname?: string | undefined;
  /** Listen on a unix socket at this path in place of TCP. */
  readonly unix?: string | undefined;
  /** Listen on this descriptor, a socket that is bound already, in place of both: how several processes share a port. */
  readonly fd?: number | undefined;
  /** Connections the kernel queues until they are accepted. Default 511, as Node and nginx. */
  readonly backlog?: number | undefined;
  /** Connections served at a time; others wait their turn, in order. Default: any number; 1 is the model `serial`. */
  readonly concurrency?: number | undefined;
  /** Connections open at a time, those that wait included; what comes beyond is reset. Default 10,000. */
  readonly maxConnections?: number | undefined;
  /** Told what a handler threw; and, without a connection, what keeps connections out. Default: standard error. */
  readonly onError?: ((error: unknown, connection: Connection | null) => void) | undefined;
}

/** Milliseconds that connections may take to end once the server closes, as `timeouts.grace` of the HTTP server. */
const GRACE = OPTIONS["timeouts.grace"].default;

export class TcpServer {
  readonly #serve: StreamFunction;
  readonly #options: TcpServerOptions;
  readonly #listener: Listener;
  readonly #listening: Promise<void>;
  readonly #connections = new Set<Connection>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #closing: Promise<void> | null = null;

  /** Starts to listen at once; `ready()` says when it does, or why it cannot. */
  constructor(handler: StreamHandler, options: TcpServerOptions = {}) {
    this.#serve = isClass(handler) ? (connection) => new handler(connection).handle() : handler;
    this.#options = options;
    this.#free = options.concurrency ?? Number.POSITIVE_INFINITY;
    this.#listener = new Listener((socket) => this.#accept(socket), {
      port: options.port ?? 0,
      hostname: options.hostname ?? OPTIONS.hostname.default,
      unix: options.unix,
      fd: options.fd,
      backlog: options.backlog ?? OPTIONS.backlog.default,
      onError: (error) => this.#report(error, null),
    });
    // A failure that nobody asks for by ready() is an unhandled rejection, and ends the process as Node's own servers do.
    this.#listening = this.#listener.listen();
  }

  /** Resolves with the server when it listens. @throws {Error} (rejects) with the system's `code`, as `EADDRINUSE`. */
  async ready(): Promise<this> {
    await this.#listening;
    return this;
  }

  /** The bound address; a string for a unix socket, `null` while not listening. */
  get address(): AddressInfo | string | null {
    return this.#listener.address;
  }

  /** The bound port; 0 on a unix socket or while not listening. */
  get port(): number {
    const { address } = this;
    return address === null || typeof address === "string" ? 0 : address.port;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#connections.size;
  }

  /**
   * Stops accepting, lets each handler end, and resolves when the last connection is gone. A handler that waits for its
   * client's next message reads the end of the input; one that is in the middle of a message gets the rest of it. What
   * is left after `grace` milliseconds (default 30,000) is reset; with `force`, at once.
   */
  close({ force = false, grace = GRACE }: { force?: boolean; grace?: number } = {}): Promise<void> {
    this.#closing ??= this.#drain(grace);
    if (force) this.#cutAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #drain(grace: number): Promise<void> {
    await this.#listening.catch(() => {});
    this.#listener.close();
    // What has reached the kernel by now is still read: the event loop polls its sockets between two of these.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate);
    for (const connection of this.#connections) connection.retire();
    const late = setTimeout(() => this.#cutAll(), grace);
    await Promise.all([...this.#connections].map(({ closed }) => closed));
    clearTimeout(late);
  }

  #cutAll(): void {
    for (const connection of this.#connections) connection.abort();
  }

  #accept(socket: Socket): Connection {
    const connection = new Connection(socket, this.#options);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    if (this.#connections.size > (this.#options.maxConnections ?? OPTIONS["limits.maxConnections"].default)) {
      connection.abort();
    } else {
      void this.#converse(connection);
    }
    return connection;
  }

  async #converse(connection: Connection): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await this.#serve(connection);
      void connection.close();
    } catch (error) {
      connection.abort();
      this.#report(error, connection);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #report(error: unknown, connection: Connection | null): void {
    (this.#options.onError ?? reportToConsole)(error, connection);
  }
}

function isClass(handler: StreamHandler): handler is new (connection: Connection) => StreamRequestHandler {
  return typeof handler.prototype?.handle === "function";
}

/** What a peer did needs no stack. */
function reportToConsole(error: unknown): void {
  console.error(error instanceof NetError ? error.message : error);
}
