/** UDP sockets to send and to receive with by waiting: connected to one peer, or open to all. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { hostAndPort, NetError, systemError } from "./errors.ts";

/** A datagram that has come. */
export interface Datagram {
  readonly bytes: Buffer;
  /** Who sent it, or claims to: nothing proves a datagram's source. */
  readonly remoteAddress: string;
  readonly remotePort: number;
}

export interface UdpAddress {
  readonly hostname: string;
  readonly port: number;
}

export interface WaitOptions {
  /** Milliseconds to wait. Default 5000, as the resolver's (resolv.conf(5)); 0 for any time. */
  readonly timeout?: number | undefined;
  /** Gives up waiting. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that an answer may take. */
export const ANSWER_TIMEOUT = 5000;

/** Datagrams that wait to be received; what comes beyond is lost, as it is in the kernel's buffer. */
const MAX_WAITING = 256;

/**
 * A socket connected to a peer: the kernel drops datagrams of others, and tells when nobody is there (`ECONNREFUSED`, once
 * something was sent).
 * @throws {NetError} (rejects) when there is no such host.
 */
export async function connectUdp({ hostname, port }: UdpAddress): Promise<UdpSocket> {
  const to = hostAndPort(hostname, port);
  const socket = await socketFor(hostname, `cannot reach ${to}`);
  socket.connect(port, hostname);
  await once(socket, "connect").catch((error) => {
    socket.close();
    throw systemError(`cannot reach ${to}`, error);
  });
  return new UdpSocket(socket, to);
}

/**
 * A socket that sends to whom it is told and hears everybody who knows its port.
 * @throws {NetError} (rejects) when the address cannot be had.
 */
export async function openUdp({ hostname = "0.0.0.0", port = 0 }: Partial<UdpAddress> = {}): Promise<UdpSocket> {
  const at = hostAndPort(hostname, port);
  const socket = await socketFor(hostname, `cannot listen on ${at}`);
  socket.bind(port, hostname);
  await once(socket, "listening").catch((error) => {
    socket.close();
    throw systemError(`cannot listen on ${at}`, error);
  });
  return new UdpSocket(socket, null);
}

async function socketFor(hostname: string, what: string): Promise<Socket> {
  const { family } = await lookup(hostname).catch((error) => {
    throw systemError(what, error);
  });
  return createSocket(family === 6 ? "udp6" : "udp4");
}

export class UdpSocket {
  readonly #socket: Socket;
  /** The peer of a connected socket, for people. */
  readonly #peer: string | null;
  readonly #arrived: Datagram[] = [];
  #wake: (() => void) | null = null;
  #failure: NetError | null = null;
  #closed = false;

  /** @internal Made by `connectUdp` and `openUdp`. */
  constructor(socket: Socket, peer: string | null) {
    this.#socket = socket;
    this.#peer = peer;
    socket.on("message", (bytes, { address, port }: RemoteInfo) => {
      if (this.#arrived.length < MAX_WAITING) this.#arrived.push({ bytes, remoteAddress: address, remotePort: port });
      this.#wake?.();
    });
    socket.on("error", (error) => {
      this.#failure = systemError(peer === null ? "the UDP socket failed" : `cannot reach ${peer}`, error);
      this.#wake?.();
    });
  }

  get localAddress(): string {
    return this.#socket.address().address;
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  /**
   * Sends a datagram: to the connected peer, or `to` somebody. Resolves when the system has it, which says nothing about
   * its arrival.
   * @throws {NetError} (rejects) with the system's code: `EMSGSIZE` (65,507 bytes are the most over IPv4), `ENOTFOUND` …
   * @throws {TypeError} when a connected socket is told to whom, or another one is not.
   */
  send(data: string | Uint8Array, to?: UdpAddress): Promise<void> {
    if ((to === undefined) !== (this.#peer !== null)) {
      throw new TypeError(
        to === undefined ? "this socket has no peer: say whom to send to" : "this socket has one peer",
      );
    }
    const whom = to === undefined ? this.#peer : hostAndPort(to.hostname, to.port);
    return new Promise((resolve, reject) => {
      const sent = (error: Error | null) =>
        error ? reject(systemError(`cannot send ${data.length} bytes to ${whom}`, error)) : resolve();
      if (to === undefined) this.#socket.send(data, sent);
      else this.#socket.send(data, to.port, to.hostname, sent);
    });
  }

  /**
   * The next datagram. One `receive` at a time.
   * @throws {NetError} (rejects) `ANSWER_TIMEOUT`; `ECONNREFUSED` from a connected peer that is not there;
   * `CONNECTION_CLOSED` after `close`. With the signal's reason when it is aborted.
   */
  async receive({ timeout = ANSWER_TIMEOUT, signal }: WaitOptions = {}): Promise<Datagram> {
    if (this.#wake !== null) throw new TypeError("a receive is under way already: wait for it first");
    if (!(await this.#wait(timeout, signal))) {
      const whom = this.#peer === null ? "no datagram came" : `no answer came from ${this.#peer}`;
      throw new NetError("ANSWER_TIMEOUT", `${whom} within ${timeout / 1000} s (ANSWER_TIMEOUT)`);
    }
    return this.#arrived.shift()!;
  }

  /**
   * Sends a datagram to the connected peer and waits for the next one from there. It is not sent again: whoever asks has to
   * know whether that does harm.
   * @throws {NetError} (rejects) as `send` and `receive` do.
   */
  async request(data: string | Uint8Array, options?: WaitOptions): Promise<Buffer> {
    await this.send(data);
    return (await this.receive(options)).bytes;
  }

  /** Every datagram until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
    while (!this.#closed && (await this.#wait(0).catch((error) => this.#unlessClosed(error))))
      yield this.#arrived.shift()!;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure ??= new NetError("CONNECTION_CLOSED", "the UDP socket is closed");
    this.#wake?.();
    await new Promise<void>((resolve) => this.#socket.close(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #unlessClosed(error: unknown): false {
    if (this.#closed) return false;
    throw error;
  }

  /** Whether there is a datagram, at the latest when the time is over. */
  async #wait(timeout: number, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    let isLate = false;
    const wake = () => this.#wake?.();
    const late =
      timeout > 0
        ? setTimeout(() => {
            isLate = true;
            wake();
          }, timeout)
        : undefined;
    signal?.addEventListener("abort", wake);
    try {
      while (this.#arrived.length === 0) {
        if (this.#failure !== null) throw this.#takeFailure();
        if (isLate) return false;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        signal?.throwIfAborted();
      }
      return true;
    } finally {
      this.#wake = null;
      clearTimeout(late);
      signal?.removeEventListener("abort", wake);
    }
  }

  /** A refusal is told once: whoever sends again may find the peer there. */
  #takeFailure(): NetError {
    const failure = this.#failure!;
    if (!this.#closed) this.#failure = null;
    return failure;
  }
}
