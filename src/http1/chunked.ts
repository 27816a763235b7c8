/**
 * The chunked transfer coding (RFC 9112 §7.1), decoding. A state machine over single bytes, because chunk lines may be
 * cut anywhere; chunk data is not looked at, only counted. The trailer section that follows is not its business.
 */
import type { FaultCode } from "../core/faults.ts";
import { CR, HEX, HTAB, LF, SEMICOLON, SP } from "./bytes.ts";
import { EXTENSION, NEXT_IN_EXTENSION } from "./chunk-extension.ts";

export const CHUNK = { MORE: 0, DATA: 1, LAST: 2, FAULT: 3 } as const;
export type Chunk = (typeof CHUNK)[keyof typeof CHUNK];

/** Extension bytes that one body may carry in all; they mean nothing to us. hyper: 16 KiB a body; past it: 400. */
const MAX_EXTENSION_SIZE: number = 16 * 1024;

/** Hexadecimal digits of a chunk size, leading zeros included: enough for 2^52. */
const MAX_SIZE_DIGITS = 13;

const FIRST_DIGIT = 0;
const DIGITS = 1;
const IN_EXTENSION = 2;
const SIZE_LF = 3;
const DATA = 4;
const DATA_CR = 5;
const DATA_LF = 6;

export class ChunkedDecoder {
  /** After DATA, where the data lies; after every step, `end` is the first byte that was not read. */
  start = 0;
  end = 0;
  code: FaultCode = "BAD_CHUNK_SIZE";

  #state = FIRST_DIGIT;
  #digits = 0;
  /** The current chunk's size while it is read, then what is left of the chunk. */
  #left = 0;
  #extension: number = EXTENSION.BEFORE;
  #extensionSize = 0;
  #total = 0;
  readonly #maxSize: number;

  /** @param maxSize bytes that one body may have; a chunk that would pass it is refused when it is announced */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  decode(bytes: Uint8Array, at: number, end: number): Chunk {
    while (at < end) {
      const byte = bytes[at]!;
      switch (this.#state) {
        case FIRST_DIGIT:
        case DIGITS: {
          const digit = HEX[byte]!;
          if (digit !== 0xff) {
            if (++this.#digits > MAX_SIZE_DIGITS) return this.#fault("BAD_CHUNK_SIZE", at);
            this.#left = this.#left * 16 + digit;
            this.#state = DIGITS;
          } else if (this.#state === FIRST_DIGIT) return this.#fault("BAD_CHUNK_SIZE", at);
          else if (byte === CR) this.#state = SIZE_LF;
          else if (byte === SEMICOLON || byte === SP || byte === HTAB) {
            this.#state = IN_EXTENSION;
            this.#extension = EXTENSION.BEFORE;
            break;
          } else return this.#fault(byte === LF ? "BAD_CHUNK_END" : "BAD_CHUNK_SIZE", at);
          at++;
          break;
        }
        case IN_EXTENSION:
          this.#extension = NEXT_IN_EXTENSION[this.#extension]![byte]!;
          if (this.#extension === EXTENSION.END) this.#state = SIZE_LF;
          else if (this.#extension === EXTENSION.FAULT || ++this.#extensionSize > MAX_EXTENSION_SIZE) {
            return this.#fault(byte === LF ? "BAD_CHUNK_END" : "BAD_CHUNK_EXTENSION", at);
          }
          at++;
          break;
        case SIZE_LF:
          if (byte !== LF) return this.#fault("BAD_CHUNK_END", at);
          this.#digits = 0;
          this.#total += this.#left;
          if (this.#total > this.#maxSize) return this.#fault("BODY_TOO_LARGE", at);
          at++;
          if (this.#left === 0) {
            this.#state = FIRST_DIGIT;
            this.#extensionSize = 0;
            this.#total = 0;
            this.end = at;
            return CHUNK.LAST;
          }
          this.#state = DATA;
          break;
        case DATA:
          this.start = at;
          this.end = Math.min(end, at + this.#left);
          this.#left -= this.end - at;
          if (this.#left === 0) this.#state = DATA_CR;
          return CHUNK.DATA;
        case DATA_CR:
          if (byte !== CR) return this.#fault("BAD_CHUNK_END", at);
          this.#state = DATA_LF;
          at++;
          break;
        case DATA_LF:
          if (byte !== LF) return this.#fault("BAD_CHUNK_END", at);
          this.#state = FIRST_DIGIT;
          at++;
          break;
      }
    }
    this.end = at;
    return CHUNK.MORE;
  }

  #fault(code: FaultCode, at: number): Chunk {
    this.code = code;
    this.end = at;
    return CHUNK.FAULT;
  }
}
