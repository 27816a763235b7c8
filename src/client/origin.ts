/** The connections to one origin: those that are free, those in use, and who waits for one. */
import { setImmediate as turn } from "node:timers/promises";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import { Expiring } from "../net/deadlines.ts";
import { Connection, type Host, type Keeper, LostOnKept } from "./connection.ts";
import { ClientError, type Peer } from "./errors.ts";
import { type Answer, isRepeatable } from "./exchange.ts";
import { open } from "./open.ts";
import { type Outgoing, wireHead } from "./outgoing.ts";

export class Origin implements Keeper {
  readonly #peer: Peer;
  readonly #tls: TlsOptions | null;
  readonly #host: Host;
  /** Told when nothing is left of it. */
  readonly #emptied: () => void;
  /** Free connections; the one used last is used next, so that the others can grow old. */
  readonly #idle: Connection[] = [];
  readonly #busy = new Set<Connection>();
  readonly #waiting = new Set<Waiter>();
  /** Requests on their way to a response, and connections that are being opened. */
  #requests = 0;
  #opening = 0;
  #closing = false;
  #destroyed = false;

  constructor(peer: Peer, tls: TlsOptions | null, host: Host, emptied: () => void) {
    this.#peer = peer;
    this.#tls = tls;
    this.#host = host;
    this.#emptied = emptied;
  }

  /**
   * Carries a request. One that was lost on a kept connection is sent once more, on a new one, if that can do no harm: the
   * server may close a connection that it no longer wants at the very moment we use it (RFC 9112 §9.3.1).
   */
  async exchange(request: Outgoing): Promise<Answer> {
    this.#requests++;
    try {
      return await this.#attempt(request);
    } finally {
      this.#requests--;
      this.#checkEmpty();
    }
  }

  async #attempt(request: Outgoing): Promise<Answer> {
    const wire = wireHead(request, this.#host.keepAlive);
    const connection = await this.#take(request);
    try {
      return await connection.exchange(request, wire);
    } catch (error) {
      if (!(error instanceof LostOnKept)) throw error;
      this.#host.observe?.({ type: "retry", connection: connection.number, why: error.why.message });
    }
    const another = await this.#fresh(request);
    return another.exchange(request, wire).catch((error: unknown) => {
      throw error instanceof LostOnKept ? error.why : error;
    });
  }

  async #take(request: Outgoing): Promise<Connection> {
    let settled = false;
    for (;;) {
      const kept = this.#idle.at(-1);
      if (kept === undefined) return this.#fresh(request);
      if (settled || isRepeatable(request)) return this.#use(this.#idle.pop()!);
      // What cannot be sent twice first lets the system say which of the kept connections have ended: two turns of the
      // event loop, because the first may be the one that is under way.
      await turn();
      await turn();
      request.signal?.throwIfAborted();
      settled = true;
    }
  }

  /** A connection that nobody has used, or that was just given back, when there may be no more. */
  async #fresh(request: Outgoing): Promise<Connection> {
    if (this.#busy.size + this.#opening + this.#idle.length >= this.#host.limits.maxConnections) {
      const spare = this.#idle.pop();
      if (spare === undefined) {
        const given = await this.#wait(request);
        return given ?? this.#fresh(request);
      }
      spare.close("another takes its place");
    }
    this.#opening++;
    let connection!: Connection;
    try {
      await open(this.#peer, this.#tls, request.timeouts.connect, request.signal, (socket) => {
        connection = new Connection(socket, this.#peer, this.#host, this);
        return connection;
      });
    } catch (error) {
      this.#opening--;
      this.#roomForOne();
      throw error;
    }
    this.#opening--;
    this.#use(connection);
    if (!this.#destroyed) return connection;
    connection.close("the client was closed");
    throw this.#closedError();
  }

  #use(connection: Connection): Connection {
    this.#busy.add(connection);
    return connection;
  }

  /** Resolves with a connection that came free, or with `null` when there is room for a new one. */
  #wait(request: Outgoing): Promise<Connection | null> {
    const { signal, timeouts } = request;
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(
        (given) => {
          settle();
          resolve(given);
        },
        (reason) => {
          settle();
          reject(reason);
        },
        () => this.#poolTimeout(timeouts.pool),
      );
      const aborted = () => waiter.fail(signal!.reason);
      const settle = () => {
        this.#waiting.delete(waiter);
        this.#host.deadlines.clear(waiter);
        signal?.removeEventListener("abort", aborted);
      };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", aborted);
      if (timeouts.pool > 0) this.#host.deadlines.set(waiter, timeouts.pool);
    });
  }

  #poolTimeout(milliseconds: number): ClientError {
    const { maxConnections } = this.#host.limits;
    const message =
      `none of the ${maxConnections} connections to ${this.#peer.name} came free within ${milliseconds / 1000} s; ` +
      "a response whose body is neither read nor cancelled holds its connection";
    return new ClientError("POOL_TIMEOUT", message, this.#peer);
  }

  released(connection: Connection): boolean {
    this.#busy.delete(connection);
    if (this.#closing) return false;
    const waiter = first(this.#waiting);
    if (waiter === undefined) this.#idle.push(connection);
    else waiter.give(this.#use(connection));
    return true;
  }

  closed(connection: Connection): void {
    this.#busy.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#roomForOne();
  }

  #roomForOne(): void {
    const waiter = first(this.#waiting);
    if (waiter !== undefined) waiter.give(null);
    else this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#requests + this.#busy.size + this.#opening + this.#idle.length === 0) this.#emptied();
  }

  #closedError(): ClientError {
    return new ClientError("CLIENT_CLOSED", `${this.#peer.name}: the client was closed`, this.#peer);
  }

  /** Closes what is idle; what is in use is closed when its response is complete. */
  close(): void {
    this.#closing = true;
    for (const connection of [...this.#idle]) connection.close("the client was closed");
  }

  /** Cuts everything. */
  destroy(): void {
    this.#destroyed = true;
    this.close();
    for (const waiter of [...this.#waiting]) waiter.fail(this.#closedError());
    for (const connection of [...this.#busy]) connection.close("the client was closed");
  }
}

/** A request that waits for a connection. */
class Waiter extends Expiring {
  readonly give: (connection: Connection | null) => void;
  readonly fail: (reason: unknown) => void;
  readonly #late: () => ClientError;

  constructor(give: (connection: Connection | null) => void, fail: (reason: unknown) => void, late: () => ClientError) {
    super();
    this.give = give;
    this.fail = fail;
    this.#late = late;
  }

  override expire(): void {
    this.fail(this.#late());
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const one of set) return one;
  return undefined;
}
