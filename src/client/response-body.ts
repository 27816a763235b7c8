/** A response's body between the connection, which delivers it, and whoever asked for it, who pulls it. */
import type { BodySource } from "../gateway/contract.ts";
import { type FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { ByteQueue } from "../net/byte-queue.ts";

/** Bytes held for somebody who does not read, before the socket is paused; one read of 64 KiB may come on top. */
const HIGH_WATER = 64 * 1024;

/** What a body asks of the connection it comes from. */
export interface BodyFlow {
  pauseReading(): void;
  resumeReading(): void;
  /** Nobody wants the rest. */
  unwanted(): void;
}

export class ResponseBody implements BodySource {
  readonly length: number | null;
  trailers: FieldLines = NO_FIELDS;

  /** The connection, as long as the body is still to come. */
  #flow: BodyFlow | null;
  /** Joined, because pieces may be as small as a byte, and a buffer for each would take a hundred times as much. */
  readonly #queue = new ByteQueue();
  #discarded = false;
  #failure: { readonly reason: unknown } | null = null;
  #resolve: ((piece: Uint8Array | null) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  constructor(flow: BodyFlow, length: number | null) {
    this.#flow = flow;
    this.length = length;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#resolve !== null) return Promise.reject(new TypeError("body.read: another read is waiting"));
    const queue = this.#queue;
    if (queue.size > 0) {
      const piece = queue.take(queue.size);
      this.#flow?.resumeReading();
      return Promise.resolve(piece);
    }
    if (this.#failure !== null) return Promise.reject(this.#failure.reason);
    if (this.#flow === null || this.#discarded) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#queue.clear();
    this.#settle(null);
    this.#flow?.unwanted();
  }

  /** Delivers a piece, which is copied: whoever reads may keep what it gets, and the bytes lie in a shared buffer. */
  receive(piece: Uint8Array): void {
    if (this.#discarded) return;
    if (this.#resolve !== null) return this.#settle(Buffer.from(piece));
    this.#queue.push(piece, piece.length);
    if (this.#queue.size >= HIGH_WATER) this.#flow?.pauseReading();
  }

  finish(trailers: FieldLines): void {
    this.#flow = null;
    this.trailers = trailers;
    if (this.#queue.size === 0) this.#settle(null);
  }

  /** Nothing more will come. What has come can still be read; the read after it rejects. */
  fail(reason: unknown): void {
    if (this.#flow === null) return;
    this.#flow = null;
    this.#failure = { reason };
    const reject = this.#reject;
    this.#resolve = this.#reject = null;
    reject?.(reason);
  }

  #settle(piece: Uint8Array | null): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = null;
    resolve?.(piece);
  }
}
