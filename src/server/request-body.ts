/** A request's body between the connection, which delivers it, and the application, which pulls it. */
import type { BodySource } from "../gateway/contract.ts";
import { type FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { ByteQueue } from "../net/byte-queue.ts";

/** Bytes held for an application that does not read, before the socket is paused; one read of 64 KiB may come on top. */
const HIGH_WATER = 64 * 1024;

/** What a body asks of the connection it comes from. */
export interface BodyFlow {
  pauseReading(): void;
  resumeReading(): void;
  /** The application wants the body: a client that waits for 100 (Continue) is told now. */
  bodyWanted(): void;
}

export class RequestBody implements BodySource {
  readonly length: number | null;
  trailers: FieldLines = NO_FIELDS;

  readonly #flow: BodyFlow;
  /** Joined, because pieces may be as small as a byte, and a buffer for each would take a hundred times as much. */
  readonly #queue = new ByteQueue();
  #ended = false;
  #discarded = false;
  #abandoned = false;
  #failure: unknown = undefined;
  #resolve: ((piece: Uint8Array | null) => void) | null = null;
  /** Waits for the body as text, until its first piece shows whether that is all of it. */
  #resolveText: ((text: string | Promise<string>) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  constructor(flow: BodyFlow, length: number | null) {
    this.#flow = flow;
    this.length = length;
  }

  read(): Promise<Uint8Array | null> {
    if (this.awaited) return Promise.reject(new TypeError("body.read: another read is waiting"));
    const queue = this.#queue;
    if (queue.size > 0) {
      const piece = queue.take(queue.size);
      this.#flow.resumeReading();
      return Promise.resolve(piece);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#abandoned) return Promise.reject(tooLate());
    if (this.#ended || this.#discarded) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#flow.bodyWanted();
    });
  }

  /** A body that comes in one piece, as most do, is decoded where it lies: no copy, and one promise. */
  text(): Promise<string> {
    const isToCome = this.#queue.size === 0 && !this.#ended && !this.#discarded && this.#failure === undefined;
    if (!isToCome || this.awaited) return this.#collect();
    return new Promise((resolve, reject) => {
      this.#resolveText = resolve;
      this.#reject = reject;
      this.#flow.bodyWanted();
    });
  }

  async #collect(): Promise<string> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== null; piece = await this.read()) pieces.push(piece);
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    return decode(bytes, 0, bytes.length);
  }

  /** Whether a read waits for what has not come yet. */
  get awaited(): boolean {
    return this.#resolve !== null || this.#resolveText !== null;
  }

  /** Whether all of it has come, read or not. */
  get complete(): boolean {
    return this.#ended;
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#queue.clear();
    this.#settle(null);
    this.#flow.resumeReading();
  }

  /** The response is complete before the body: whoever still reads does not get a part of it as if it were the whole. */
  abandon(): void {
    if (this.awaited) this.fail(tooLate());
    else if (!this.#discarded) this.#abandoned = true;
    this.discard();
  }

  /** Delivers a piece, which is copied if it is to be kept. */
  receive(bytes: Uint8Array, start: number, stop: number): void {
    if (this.#discarded) return;
    if (this.#resolveText !== null) {
      const resolve = this.#resolveText;
      this.#resolveText = this.#reject = null;
      if (stop - start === this.length) return resolve(decode(bytes, start, stop));
      resolve(this.#collect());
    }
    const piece = bytes.subarray(start, stop);
    if (this.#resolve !== null) return this.#settle(Buffer.from(piece));
    this.#queue.push(piece, piece.length);
    if (this.#queue.size >= HIGH_WATER) this.#flow.pauseReading();
  }

  finish(trailers: FieldLines): void {
    this.#ended = true;
    this.trailers = trailers;
    this.#settle(null);
  }

  /** Nothing more will come. What has come can still be read; the read after it rejects. */
  fail(reason: unknown): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = reason;
    const reject = this.#reject;
    this.#resolve = this.#resolveText = this.#reject = null;
    reject?.(reason);
  }

  #settle(piece: Uint8Array | null): void {
    const resolve = this.#resolve;
    const resolveText = this.#resolveText;
    this.#resolve = this.#resolveText = this.#reject = null;
    resolve?.(piece);
    resolveText?.("");
  }
}

function tooLate(): DOMException {
  return new DOMException("The response ended before the request's body was read", "AbortError");
}

/** UTF-8 as TextDecoder reads it, mark of byte order and all. */
function decode(bytes: Uint8Array, start: number, stop: number): string {
  const hasMark = bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf && stop - start > 2;
  return Buffer.prototype.utf8Slice.call(bytes, hasMark ? start + 3 : start, stop);
}

/** The body of every request that has none. */
export const NO_BODY: BodySource = {
  length: 0,
  trailers: NO_FIELDS,
  read: () => Promise.resolve(null),
  discard() {},
};
