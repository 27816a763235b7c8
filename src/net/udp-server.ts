/** A UDP server: a function, or an instance of a class, for each datagram. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { OPTIONS } from "../core/options.ts";
import { hostAndPort, NetError, systemError } from "./errors.ts";
import type { Datagram } from "./udp-socket.ts";

/** A datagram that can be answered. */
export interface ReceivedDatagram extends Datagram {
  /** Sends an answer to where the datagram came from. @throws {NetError} (rejects) with the system's code. */
  reply(data: string | Uint8Array): Promise<void>;
}

/** Serves one datagram. */
export type DatagramFunction = (datagram: ReceivedDatagram) => void | Promise<void>;

/** A class to extend: an instance serves one datagram. The name is that of Python's socketserver. */
export abstract class DatagramRequestHandler {
  readonly datagram: ReceivedDatagram;

  constructor(datagram: ReceivedDatagram) {
    this.datagram = datagram;
  }

  abstract handle(): void | Promise<void>;
}

export type DatagramHandler = DatagramFunction | (new (datagram: ReceivedDatagram) => DatagramRequestHandler);

export interface UdpServerOptions {
  /** UDP port; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** Address or name to listen on. Default 127.0.0.1. */
  readonly hostname?: string | undefined;
  /** Datagrams under way at a time; what comes beyond is dropped, as UDP may. Default 1000. */
  readonly maxPending?: number | undefined;
  /** Told what a handler threw; and, without a datagram, what the socket says. Default: standard error. */
  readonly onError?: ((error: unknown, datagram: Datagram | null) => void) | undefined;
}

const MAX_PENDING = 1000;

export class UdpServer {
  readonly #serve: DatagramFunction;
  readonly #options: UdpServerOptions;
  readonly #listening: Promise<Socket>;
  readonly #pending = new Set<Promise<void>>();
  #socket: Socket | null = null;
  #closing: Promise<void> | null = null;

  /** Starts to listen at once; `ready()` says when it does, or why it cannot. */
  constructor(handler: DatagramHandler, options: UdpServerOptions = {}) {
    this.#serve = isClass(handler) ? (datagram) => new handler(datagram).handle() : handler;
    this.#options = options;
    this.#listening = this.#listen();
  }

  /** Resolves with the server when it listens. @throws {NetError} (rejects) with the system's `code`, as `EADDRINUSE`. */
  async ready(): Promise<this> {
    await this.#listening;
    return this;
  }

  /** The bound address; `null` while not listening. */
  get address(): AddressInfo | null {
    return this.#socket?.address() ?? null;
  }

  /** The bound port; 0 while not listening. */
  get port(): number {
    return this.address?.port ?? 0;
  }

  /** Takes no more datagrams, and resolves when those under way are answered. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #listen(): Promise<Socket> {
    const { port = 0, hostname = OPTIONS.hostname.default } = this.#options;
    const what = `cannot listen on ${hostAndPort(hostname, port)}`;
    try {
      const { family } = await lookup(hostname);
      const socket = createSocket(family === 6 ? "udp6" : "udp4");
      socket.bind(port, hostname);
      await once(socket, "listening").catch((error) => {
        socket.close();
        throw error;
      });
      socket.on("error", (error) => this.#report(error, null));
      socket.on("message", (bytes, from) => this.#received(socket, bytes, from));
      this.#socket = socket;
      return socket;
    } catch (error) {
      throw systemError(what, error as NodeJS.ErrnoException);
    }
  }

  #received(socket: Socket, bytes: Buffer, { address, port }: RemoteInfo): void {
    if (this.#closing !== null || this.#pending.size >= (this.#options.maxPending ?? MAX_PENDING)) return;
    const pending = this.#answer({
      bytes,
      remoteAddress: address,
      remotePort: port,
      reply: (data) =>
        new Promise((resolve, reject) => {
          socket.send(data, port, address, (error) => {
            if (error) reject(systemError(`cannot answer ${hostAndPort(address, port)}`, error));
            else resolve();
          });
        }),
    });
    this.#pending.add(pending);
    void pending.then(() => this.#pending.delete(pending));
  }

  async #answer(datagram: ReceivedDatagram): Promise<void> {
    try {
      await this.#serve(datagram);
    } catch (error) {
      this.#report(error, datagram);
    }
  }

  async #close(): Promise<void> {
    const socket = await this.#listening.catch(() => null);
    await Promise.all(this.#pending);
    this.#socket = null;
    if (socket !== null) await new Promise<void>((resolve) => socket.close(resolve));
  }

  #report(error: unknown, datagram: Datagram | null): void {
    (this.#options.onError ?? reportToConsole)(error, datagram);
  }
}

function isClass(handler: DatagramHandler): handler is new (datagram: ReceivedDatagram) => DatagramRequestHandler {
  return typeof handler.prototype?.handle === "function";
}

function reportToConsole(error: unknown): void {
  console.error(error instanceof NetError ? error.message : error);
}
