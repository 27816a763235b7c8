/**
 * One connection to read from by asking and to write to by waiting, at either end of it. What the bytes mean is not known
 * here. HTTP's connections do without this: they are fed by a parser, and pay for no promise.
 */
import type { Socket } from "node:net";
import { ByteQueue } from "./byte-queue.ts";
import { Deadlines, Expiring } from "./deadlines.ts";
import { hostAndPort, NetError, systemError } from "./errors.ts";
import type { Reader } from "./reading.ts";

export interface ConnectionOptions {
  /** Bytes a line, or what `readUntil` reads, may have before its end. Default 64 KiB, as asyncio's streams. */
  readonly maxLineLength?: number | undefined;
  /**
   * Milliseconds for which the peer may keep a read or a write waiting while nothing moves either way; then the connection
   * is cut. 0 for any time. Default 10 minutes, as nginx's stream proxy. Kept to within half a second.
   */
  readonly idleTimeout?: number | undefined;
}

export const DEFAULT_LINE_LENGTH = 64 * 1024;
export const DEFAULT_IDLE_TIMEOUT = 600_000;

/** Bytes that may wait to be asked for before the socket is paused; one read may come on top. */
const HIGH_WATER = 64 * 1024;
/** Milliseconds that a peer may take to end its side once ours is closed. Apache: 2 s. */
const LINGER = 2000;

const LF = Buffer.from("\n");
const CR = 0x0d;

/** The clock of all connections. */
const CLOCK = new Deadlines();

export class Connection implements Reader {
  /** The peer's address; empty on a unix socket. */
  readonly remoteAddress: string;
  /** The peer's port; 0 on a unix socket. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Resolves when the connection is gone, however it ended. */
  readonly closed: Promise<void>;

  readonly #socket: Socket;
  readonly #maxLineLength: number;
  readonly #idleTimeout: number;
  readonly #queue = new ByteQueue();
  readonly #incoming: Waiting;
  #drained: Promise<void> | null = null;
  /** How many bytes the read under way needs. */
  #wanted = 0;
  #peerEnded = false;
  #ended = false;
  #discarding = false;
  #retired = false;
  #failure: NetError | null = null;

  /** @internal Made by servers and by `connect`. */
  constructor(socket: Socket, options: ConnectionOptions = {}) {
    this.#socket = socket;
    this.#maxLineLength = options.maxLineLength ?? DEFAULT_LINE_LENGTH;
    this.#idleTimeout = options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT;
    this.#incoming = new Waiting(() => this.#giveUp());
    this.remoteAddress = socket.remoteAddress ?? "";
    this.remotePort = socket.remotePort ?? 0;
    this.localAddress = socket.localAddress ?? "";
    this.localPort = socket.localPort ?? 0;
    this.closed = new Promise((resolve) => socket.once("close", () => resolve(this.#gone())));
    socket.on("end", () => {
      this.#peerEnded = true;
      this.#incoming.over();
    });
    socket.on("error", (error) => this.#fail(systemError(`the connection with ${this.peer} broke`, error)));
    socket.on("timeout", () => socket.writableLength > 0 && this.#giveUp());
  }

  /** Who is at the other end, for people: `127.0.0.1:40123`, or `a unix socket`. */
  get peer(): string {
    return this.remoteAddress === "" ? "a unix socket" : hostAndPort(this.remoteAddress, this.remotePort);
  }

  /** @internal What the socket has read. */
  bytes(buffer: Uint8Array, length: number): boolean {
    if (this.#discarding) return true;
    this.#queue.push(buffer, length);
    this.#incoming.over();
    if (this.#queue.size >= Math.max(HIGH_WATER, this.#wanted)) this.#socket.pause();
    return true;
  }

  /**
   * What has come, at least one byte; `null` once the peer has ended its side. One read of any kind at a time.
   * @throws {NetError} (rejects) `IDLE_TIMEOUT`, or the system's code when the connection broke, as `ECONNRESET`. So do
   * all the others below.
   */
  async read(): Promise<Buffer | null> {
    const queue = this.#queueToRead();
    if (queue.size === 0 && !(await this.#more(1))) return null;
    return queue.take(queue.size);
  }

  /**
   * The next `size` bytes; `null` if the peer ended before the first of them.
   * @throws {NetError} (rejects) `UNEXPECTED_EOF` if it ended later.
   */
  async readExactly(size: number): Promise<Buffer | null> {
    const queue = this.#queueToRead();
    while (queue.size < size) if (!(await this.#more(size))) return this.#atEnd(`${size} bytes`);
    return queue.take(size);
  }

  /**
   * Everything up to and with `delimiter`; `null` if the peer ended before the first byte.
   * @throws {NetError} (rejects) `LINE_TOO_LONG` when more than `maxLineLength` bytes have come without it,
   * `UNEXPECTED_EOF` if the peer ended before it.
   */
  async readUntil(delimiter: string | Uint8Array): Promise<Buffer | null> {
    const sought = typeof delimiter === "string" ? Buffer.from(delimiter) : delimiter;
    if (sought.length === 0) throw new TypeError("a delimiter has one byte at least");
    const at = await this.#find(sought);
    return at < 0 ? this.#atEnd("the delimiter") : this.#queue.take(at + sought.length);
  }

  /**
   * The next line, as UTF-8, without its LF or CR LF; `null` once the peer has ended its side. What the peer sent after
   * its last line end is a line, too.
   * @throws {NetError} (rejects) `LINE_TOO_LONG` when more than `maxLineLength` bytes have come without an LF.
   */
  async readLine(): Promise<string | null> {
    const at = await this.#find(LF);
    const queue = this.#queue;
    if (at < 0) return queue.size === 0 ? null : queue.takeText(queue.size, queue.size);
    return queue.takeText(at + 1, at > 0 && queue.at(at - 1) === CR ? at - 1 : at);
  }

  /** Every line until the peer ends, as `readLine` gives them. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    for (let line = await this.readLine(); line !== null; line = await this.readLine()) yield line;
  }

  /** Every piece until the peer ends, as `read` gives them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, undefined> {
    for (let piece = await this.read(); piece !== null; piece = await this.read()) yield piece;
  }

  /**
   * Sends bytes, or text as UTF-8. Resolves when more can be sent: whoever waits for it holds no more in memory than one
   * buffer. Bytes must not change until then.
   * @throws {NetError} (rejects) when the connection broke or the peer took nothing for too long; nobody has to catch it
   * who does not wait: the next read says it, too.
   * @throws {TypeError} after `end`.
   */
  write(chunk: string | Uint8Array): Promise<void> {
    if (this.#ended) throw new TypeError("write after end");
    const written = this.#write(chunk);
    written.catch(() => {});
    return written;
  }

  /** Ends our side, after `chunk` if given: the peer reads an end, and can still send. Resolves when all of it has left. */
  async end(chunk?: string | Uint8Array): Promise<void> {
    if (chunk !== undefined) await this.write(chunk);
    this.#ended = true;
    const socket = this.#socket;
    if (this.#failure !== null || socket.writableFinished) return;
    socket.setTimeout(this.#idleTimeout);
    await Promise.race([new Promise<void>((resolve) => socket.end(resolve)), this.closed]);
    if (this.#failure !== null) throw this.#failure;
  }

  /**
   * Ends our side, throws away what still comes, and resolves when the connection is gone: when the peer has ended as
   * well, or two seconds after all was sent. (A socket that is closed with bytes unread resets the connection, and the
   * peer may lose what it has not read yet.)
   */
  async close(): Promise<void> {
    this.#discarding = true;
    this.#queue.clear();
    this.#socket.resume();
    await this.end().catch(() => {});
    const late = setTimeout(() => this.#socket.destroy(), LINGER);
    await this.closed;
    clearTimeout(late);
  }

  /** Cuts the connection with a reset, so that the peer cannot take what it got for the whole. */
  abort(): void {
    // A unix socket knows no reset.
    if (this.remoteAddress === "") this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal From now on, a read that would have to wait for a new message's first byte gives the end. */
  retire(): void {
    this.#retired = true;
    if (this.#queue.size === 0) this.#incoming.over();
  }

  #queueToRead(): ByteQueue {
    if (this.#incoming.isOn) throw new TypeError("a read is under way already: wait for it first");
    return this.#queue;
  }

  /** Where the delimiter begins; -1 if the peer ended without it. */
  async #find(delimiter: Uint8Array): Promise<number> {
    const queue = this.#queueToRead();
    for (;;) {
      const at = queue.indexOf(delimiter);
      if ((at < 0 ? queue.size - delimiter.length + 1 : at) > this.#maxLineLength) {
        const limit = `more than ${this.#maxLineLength} bytes`;
        throw new NetError("LINE_TOO_LONG", `${this.peer} sent a line of ${limit}`);
      }
      if (at >= 0 || !(await this.#more(0))) return at;
    }
  }

  /** Waits until more has come; `false` when nothing will. */
  async #more(wanted: number): Promise<boolean> {
    const before = this.#queue.size;
    this.#wanted = wanted;
    while (this.#queue.size === before) {
      if (this.#failure !== null) throw this.#failure;
      if (this.#peerEnded || this.#discarding || (this.#retired && before === 0)) return false;
      if (this.#socket.isPaused()) this.#socket.resume();
      await this.#incoming.wait(this.#idleTimeout);
    }
    return true;
  }

  #atEnd(wanted: string): null {
    if (this.#queue.size === 0) return null;
    throw new NetError("UNEXPECTED_EOF", `${this.peer} ended after ${this.#queue.size} bytes, before ${wanted}`);
  }

  async #write(chunk: string | Uint8Array): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    this.#incoming.moved(this.#idleTimeout);
    if (this.#socket.write(chunk)) return;
    // Node's own timer sees the progress of a write in parts.
    this.#socket.setTimeout(this.#idleTimeout);
    this.#drained ??= new Promise((resolve) => this.#socket.once("drain", resolve));
    await Promise.race([this.#drained, this.closed]);
    this.#drained = null;
    this.#incoming.moved(this.#idleTimeout);
    this.#socket.setTimeout(0);
    if (this.#failure !== null) throw this.#failure;
  }

  #giveUp(): void {
    const patience = `for ${this.#idleTimeout / 1000} s`;
    this.#fail(new NetError("IDLE_TIMEOUT", `${this.peer} neither sent nor took anything ${patience}`));
    this.abort();
  }

  #fail(failure: NetError): void {
    this.#failure ??= failure;
    this.#incoming.over();
  }

  /** What is read or written from now on fails, unless both sides had ended in order. */
  #gone(): void {
    if (!this.#peerEnded)
      this.#failure ??= new NetError("CONNECTION_CLOSED", `the connection with ${this.peer} is closed`);
    this.#incoming.over();
  }
}

/** A read that waits for the peer, with its deadline. */
class Waiting extends Expiring {
  readonly #expired: () => void;
  #wake: (() => void) | null = null;

  constructor(expired: () => void) {
    super();
    this.#expired = expired;
  }

  get isOn(): boolean {
    return this.#wake !== null;
  }

  wait(limit: number): Promise<void> {
    if (limit > 0) CLOCK.set(this, limit);
    return new Promise((resolve) => (this.#wake = resolve));
  }

  /** Something went the other way: the time begins anew. */
  moved(limit: number): void {
    if (this.isOn && limit > 0) CLOCK.set(this, limit);
  }

  over(): void {
    if (this.#wake === null) return;
    CLOCK.clear(this);
    this.#wake();
    this.#wake = null;
  }

  override expire(): void {
    this.#expired();
  }
}
