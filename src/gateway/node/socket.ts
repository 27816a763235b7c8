/**
 * The socket that a listener finds at `request.socket`. Frameworks ask it who is there, set timeouts on it, watch for its
 * end and destroy it: all of that it does. What travels on the real one is HTTP, which is the server's: it cannot be
 * written to or read from. There is one a connection, as programs expect that tell connections by it.
 */
import { type AddressInfo, Socket } from "node:net";
import type { ConnectionInfo, Exchange } from "../contract.ts";
import { EXCHANGE, GONE, type NodeResponse } from "./response.ts";

const sockets = new WeakMap<ConnectionInfo, ExchangeSocket>();

/** The socket of an exchange's connection. */
export function socketOf({ connection }: Exchange): ExchangeSocket {
  const known = sockets.get(connection);
  if (known !== undefined && !known.destroyed) return known;
  const socket = new ExchangeSocket(connection);
  sockets.set(connection, socket);
  return socket;
}

/** A class of Node's own, so that `instanceof net.Socket` holds, and what is not told otherwise here works. */
export class ExchangeSocket extends Socket {
  /** The response that is under way, by the name that Node has for it. */
  _httpMessage: NodeResponse | null = null;
  readonly #info: ConnectionInfo;

  constructor(info: ConnectionInfo) {
    super();
    this.#info = info;
  }

  /** One that looks the same, and whose end is nobody's but its own. */
  copy(): ExchangeSocket {
    return new ExchangeSocket(this.#info);
  }

  /** What `remoteAddress`, `remotePort` and `remoteFamily` look up. */
  _getpeername(): Partial<AddressInfo> {
    return addressInfo(this.#info.remoteAddress, this.#info.remotePort);
  }

  /** The same of our side, and of `address()`. */
  _getsockname(): Partial<AddressInfo> {
    return addressInfo(this.#info.localAddress, this.#info.localPort);
  }

  /** Whether the connection is under TLS: what Express and Koa call a secure request. */
  get encrypted(): boolean {
    return this.#info.encrypted;
  }

  override setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.timeout === undefined) this.on("timeout", onTimeout);
    return super.setTimeout(milliseconds, callback);
  }

  /** Something was sent or has come: a timeout counts from here. */
  touch(): void {
    if (this.timeout) super.setTimeout(this.timeout);
  }

  override _read(): void {}

  override _write(_: unknown, __: unknown, callback: (error: Error) => void): void {
    callback(new Error(UNWRITABLE));
  }

  override _writev(_: unknown, callback: (error: Error) => void): void {
    callback(new Error(UNWRITABLE));
  }

  override _final(callback: () => void): void {
    this.destroy();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: null) => void): void {
    super.setTimeout(0);
    const response = this._httpMessage;
    if (response !== null) {
      response[GONE] = true;
      response[EXCHANGE].abort(error ?? undefined);
    }
    // Told to the server; as an event that nobody listens for it would end the process.
    callback(null);
    // A socket of Node's emits it by itself, once its handle is closed.
    process.nextTick(() => this.emit("close", error !== null));
  }
}

const UNWRITABLE =
  "request.socket cannot be written to: a response goes out by its own methods, and another protocol by an upgrade";

function addressInfo(address: string, port: number): Partial<AddressInfo> {
  return address === "" ? {} : { address, port, family: address.includes(":") ? "IPv6" : "IPv4" };
}

/** As node:http does it: whoever listens decides what a timeout means, and if nobody does, it is the end. */
function onTimeout(this: ExchangeSocket): void {
  const response = this._httpMessage;
  if (response === null) return;
  const { req: request } = response;
  const isRequestTold = !request.complete && request.emit("timeout", this);
  const isResponseTold = response.emit("timeout", this);
  if (!isRequestTold && !isResponseTold) this.destroy();
}
