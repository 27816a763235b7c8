/** Undoes the content codings of a response (RFC 9110 §8.4), piece by piece, and counts what comes out. */

import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from "node:zlib";
import type { BodySource } from "../gateway/contract.ts";
import type { FieldLines } from "../http/field-lines.ts";
import { ClientError, type Peer } from "./errors.ts";

type Undo = (firstByte: number) => Transform;

const FLUSHING = { finishFlush: constants.Z_SYNC_FLUSH };

const CODINGS: Readonly<Record<string, Undo>> = {
  gzip: () => createGunzip(),
  "x-gzip": () => createGunzip(),
  br: () => createBrotliDecompress(),
  // In the format of zlib by the standard; some servers leave its header out (RFC 9110 §8.4.1.2).
  deflate: (firstByte) => ((firstByte & 0x0f) === 8 ? createInflate() : createInflateRaw(FLUSHING)),
};

/** Codings that one body may have on top of each other. curl: 5; more than one is a mistake or an attack. */
const MAX_CODINGS = 2;

/**
 * The body as it was before it was coded; as it is when nothing was done to it, or what nobody here can undo.
 * @throws {ClientError} (its `read` rejects) `BAD_CODING`, `BODY_TOO_LARGE`.
 */
export function decoded(body: BodySource, coding: string | null, maxSize: number, from: Peer): BodySource {
  const names = (coding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length === 0 || names.length > MAX_CODINGS) return body;
  const undoing = names.map((name) => (Object.hasOwn(CODINGS, name) ? CODINGS[name] : undefined));
  if (undoing.includes(undefined)) return body;
  const plain = (undoing as Undo[]).reduceRight<BodySource>(
    (source, undo, at) => new Decoded(source, undo, `${names[at]} of the response of ${from.name}`, from),
    body,
  );
  return new Bounded(plain, maxSize, from);
}

/** A body under one coding, undone. */
class Decoded implements BodySource {
  readonly length = null;
  readonly #source: BodySource;
  readonly #undo: Undo;
  readonly #what: string;
  readonly #from: Peer;
  #stream: Transform | null = null;
  #pieces: AsyncIterator<Uint8Array> | null = null;
  #failure: unknown = null;
  #over = false;

  constructor(source: BodySource, undo: Undo, what: string, from: Peer) {
    this.#source = source;
    this.#undo = undo;
    this.#what = what;
    this.#from = from;
  }

  get trailers(): FieldLines {
    return this.#source.trailers;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#over) return null;
    if (this.#pieces === null && !(await this.#start())) return null;
    try {
      const { done, value } = await this.#pieces!.next();
      if (done) this.#over = true;
      return done ? null : value;
    } catch (error) {
      this.#over = true;
      this.#failure ??= this.#bad(error as Error);
      this.#source.discard();
      throw this.#failure;
    }
  }

  /** Waits for the first piece, which says how to begin. A body of no bytes is none, under any coding. */
  async #start(): Promise<boolean> {
    const first = await this.#source.read();
    if (this.#over) return false;
    if (first === null) {
      this.#over = true;
      return false;
    }
    // What goes wrong shows where it is read.
    const stream = this.#undo(first[0]!).on("error", () => {});
    this.#stream = stream;
    this.#pieces = stream[Symbol.asyncIterator]();
    void this.#feed(stream, first);
    return true;
  }

  async #feed(stream: Transform, first: Uint8Array): Promise<void> {
    try {
      for (let piece: Uint8Array | null = first; piece !== null; piece = await this.#source.read()) {
        if (stream.destroyed) return;
        if (!stream.write(piece)) await this.#taken(stream);
      }
      stream.end();
    } catch (error) {
      this.#failure = error;
      stream.destroy(error as Error);
    }
  }

  /** Resolves when the stream wants more, or is gone. */
  #taken(stream: Transform): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stream.off("drain", done).off("close", done);
        resolve();
      };
      stream.on("drain", done).on("close", done);
    });
  }

  discard(): void {
    this.#over = true;
    this.#source.discard();
    this.#stream?.destroy();
  }

  #bad(cause: Error): ClientError {
    return new ClientError("BAD_CODING", `cannot undo the ${this.#what}: ${cause.message}`, this.#from, cause);
  }
}

/** A body that may not be larger than it may. */
export class Bounded implements BodySource {
  readonly length: number | null;
  readonly #source: BodySource;
  readonly #maxSize: number;
  readonly #from: Peer;
  #size = 0;

  constructor(source: BodySource, maxSize: number, from: Peer) {
    this.length = source.length;
    this.#source = source;
    this.#maxSize = maxSize;
    this.#from = from;
  }

  get trailers(): FieldLines {
    return this.#source.trailers;
  }

  async read(): Promise<Uint8Array | null> {
    const piece = await this.#source.read();
    if (piece === null) return null;
    this.#size += piece.length;
    if (this.#size <= this.#maxSize) return piece;
    this.#source.discard();
    const message = `the body of the response of ${this.#from.name} is over the limit of ${this.#maxSize} bytes`;
    throw new ClientError("BODY_TOO_LARGE", message, this.#from);
  }

  discard(): void {
    this.#source.discard();
  }
}
