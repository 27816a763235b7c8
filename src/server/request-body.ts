/** A request's body between the connection, which delivers it, and the application, which pulls it. */
import type { BodySource } from "../gateway/contract.ts";
import { type FieldLines, NO_FIELDS } from "../http/field-lines.ts";

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
  readonly #queue: Uint8Array[] = [];
  #queued = 0;
  #ended = false;
  #discarded = false;
  #failure: unknown = undefined;
  #resolve: ((piece: Uint8Array | null) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  constructor(flow: BodyFlow, length: number | null) {
    this.#flow = flow;
    this.length = length;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#resolve !== null) return Promise.reject(new TypeError("body.read: another read is waiting"));
    const piece = this.#queue.shift();
    if (piece !== undefined) {
      this.#queued -= piece.length;
      if (this.#queued < HIGH_WATER) this.#flow.resumeReading();
      return Promise.resolve(piece);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended || this.#discarded) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#flow.bodyWanted();
    });
  }

  /** Whether a read waits for what has not come yet. */
  get awaited(): boolean {
    return this.#resolve !== null;
  }

  /** Whether all of it has come, read or not. */
  get complete(): boolean {
    return this.#ended;
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#settle(null);
    this.#flow.resumeReading();
  }

  /** Delivers a piece, which must be ours to keep. */
  receive(piece: Uint8Array): void {
    if (this.#discarded) return;
    if (this.#resolve !== null) return this.#settle(piece);
    this.#queue.push(piece);
    this.#queued += piece.length;
    if (this.#queued >= HIGH_WATER) this.#flow.pauseReading();
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
    this.#resolve = this.#reject = null;
    reject?.(reason);
  }

  #settle(piece: Uint8Array | null): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = null;
    resolve?.(piece);
  }
}

/** The body of every request that has none. */
export const NO_BODY: BodySource = {
  length: 0,
  trailers: NO_FIELDS,
  read: () => Promise.resolve(null),
  discard() {},
};
