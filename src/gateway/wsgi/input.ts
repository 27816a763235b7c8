import type { BodySource } from "../contract.ts";
import type { WsgiInput } from "./interface.ts";

const LINE_FEED = 0x0a;

/** A request's body with the face of a file that is open for reading. */
export class Input implements WsgiInput {
  readonly #body: BodySource;
  /** What came and was not asked for yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(body: BodySource) {
    this.#body = body;
  }

  async read(size = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    checkSize(size);
    const pieces = [this.#rest];
    let length = this.#rest.length;
    while (length < size) {
      const piece = await this.#body.read();
      if (piece === null) break;
      pieces.push(piece);
      length += piece.length;
    }
    return this.#take(pieces, Math.min(length, size));
  }

  async readline(size = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    checkSize(size);
    const pieces: Uint8Array[] = [];
    let length = 0;
    let piece: Uint8Array | null = this.#rest;
    while (piece !== null) {
      pieces.push(piece);
      const end = piece.indexOf(LINE_FEED);
      if (end >= 0) return this.#take(pieces, Math.min(length + end + 1, size));
      length += piece.length;
      if (length >= size) break;
      piece = await this.#body.read();
    }
    return this.#take(pieces, Math.min(length, size));
  }

  async readlines(): Promise<Uint8Array[]> {
    const lines: Uint8Array[] = [];
    for await (const line of this) lines.push(line);
    return lines;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let line = await this.readline(); line.length > 0; line = await this.readline()) yield line;
  }

  /** Cuts the first bytes off the pieces that were read; the rest waits for the next read. */
  #take(pieces: readonly Uint8Array[], length: number): Uint8Array {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.#rest = bytes.subarray(length);
    return bytes.subarray(0, length);
  }
}

function checkSize(size: number): void {
  if (!(size >= 0)) throw new RangeError(`wsgi.input: a number of bytes is wanted, not ${size}`);
}
