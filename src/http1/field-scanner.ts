/**
 * Reads a field section (RFC 9112 §5), and notes on the way the few fields that the protocol itself acts on. It knows
 * lines and fields, not messages: where the section starts and what follows from it is its caller's business.
 */
import type { FaultCode } from "../core/faults.ts";
import type { Limits } from "../core/options.ts";
import { COLON, CR, HTAB, LF, SP, TOKEN, tokenIs, VALUE } from "./bytes.ts";
import { CODING, type Coding, parseContentLength } from "./framing.ts";
import { connectionOptions, skipSpace, transferCoding, trimSpace } from "./token-list.ts";

export const SCAN = { MORE: 0, DONE: 1, FAULT: 2 } as const;
export type Scan = (typeof SCAN)[keyof typeof SCAN];

/** Fields that were seen, as bits: what may stand once must not stand twice (RFC 9110 §5.3). */
const SEEN = {
  HOST: 1,
  TYPE: 2,
  AUTHORIZATION: 4,
  LENGTH: 8,
  PROXY_AUTHORIZATION: 16,
  CODING: 32,
  EXPECT: 64,
} as const;

/** What one section may take. */
export type SectionLimits = Pick<Limits, "maxHeaderSize" | "maxFieldSize" | "maxHeaderCount">;

export class FieldScanner {
  /** Four numbers a line, counted from the base: name start, name end, value start, value end. */
  spans: number[] = [];
  /** How far the section is read, from the base: always the start of a line until it is done. */
  at = 0;
  /** What is wrong and where, from the base, after `SCAN.FAULT`. */
  code: FaultCode | null = null;
  offset = 0;

  /** `CONNECTION` bits of all Connection lines. */
  connection = 0;
  /** Content-Length, -1 when absent. */
  length = -1;
  coding: Coding = CODING.ABSENT;
  /** Whether 100-continue is expected. */
  expectsContinue = false;
  /** The index in `spans` of the Host line, -1 when absent. */
  host = -1;

  readonly #limits: SectionLimits;
  readonly #responses: boolean;
  #seen = 0;
  #trailers = false;
  /** Where the section starts, from the base. */
  #start = 0;

  /** @param responses whether the fields are those of responses: of these, only the framing ones may not be repeated */
  constructor(limits: SectionLimits, responses = false) {
    this.#limits = limits;
    this.#responses = responses;
  }

  /** Makes ready for the section that starts at `start`, counted from the base. */
  reset(start: number, trailers: boolean): void {
    this.spans = [];
    this.at = start;
    this.#start = start;
    this.#trailers = trailers;
    this.#seen = 0;
    this.connection = 0;
    this.length = -1;
    this.coding = CODING.ABSENT;
    this.expectsContinue = false;
    this.host = -1;
  }

  /**
   * Reads on, up to `end`. A line that is not whole is read again from its start when more has come, so that a section
   * that drips in costs at most a line's length a byte.
   */
  scan(bytes: Uint8Array, base: number, end: number): Scan {
    const limits = this.#limits;
    const sectionStop = base + this.#start + limits.maxHeaderSize;
    const spans = this.spans;

    for (let at = base + this.at; ; ) {
      const stop = Math.min(end, sectionStop, at + limits.maxFieldSize);
      if (at >= stop) return this.#short(base, end);

      const nameStart = at;
      while (at < stop && TOKEN[bytes[at]!] === 1) at++;
      if (at === stop) return this.#short(base, end);
      if (bytes[at] !== COLON || at === nameStart) {
        if (bytes[at] !== CR || at !== nameStart) return this.#badName(bytes[at]!, at, at === nameStart, base);
        if (at + 1 === stop) return this.#short(base, end);
        if (bytes[at + 1] !== LF) return this.#fault("BAD_LINE_END", at + 1 - base);
        this.at = at + 2 - base;
        return SCAN.DONE;
      }
      const nameEnd = at++;

      while (at < stop && VALUE[bytes[at]!] === 1) at++;
      if (at === stop) return this.#short(base, end);
      if (bytes[at] !== CR) return this.#fault(bytes[at] === LF ? "BAD_LINE_END" : "BAD_FIELD_VALUE", at - base);
      if (at + 1 === stop) return this.#short(base, end);
      if (bytes[at + 1] !== LF) return this.#fault("BAD_LINE_END", at + 1 - base);

      const valueStart = skipSpace(bytes, nameEnd + 1, at);
      const valueEnd = trimSpace(bytes, valueStart, at);
      if (spans.length >= limits.maxHeaderCount * 4) return this.#fault("TOO_MANY_FIELDS", nameStart - base);
      const code = this.#note(bytes, nameStart, nameEnd, valueStart, valueEnd);
      if (code !== null) return this.#fault(code, nameStart - base);
      spans.push(nameStart - base, nameEnd - base, valueStart - base, valueEnd - base);
      at += 2;
      this.at = at - base;
    }
  }

  /** Takes a line's meaning for the protocol. Names are told apart by length and first letter before they are compared. */
  #note(bytes: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number): FaultCode | null {
    const initial = bytes[name]! | 0x20;
    switch (nameEnd - name) {
      case 10:
        if (initial !== 0x63 || !tokenIs(bytes, name, nameEnd, "connection")) return null;
        this.connection |= connectionOptions(bytes, value, valueEnd);
        return null;
      case 14:
        if (initial !== 0x63 || !tokenIs(bytes, name, nameEnd, "content-length")) return null;
        this.length = parseContentLength(bytes, value, valueEnd);
        return this.#once(SEEN.LENGTH, true) ?? (this.length < 0 ? "BAD_CONTENT_LENGTH" : null);
      case 17:
        if (initial !== 0x74 || !tokenIs(bytes, name, nameEnd, "transfer-encoding")) return null;
        this.coding = transferCoding(bytes, value, valueEnd);
        return this.#once(SEEN.CODING, true);
      default:
        return this.#responses ? null : this.#noteOfRequest(bytes, name, nameEnd, value, valueEnd);
    }
  }

  /** The same for the fields that mean something in requests only. */
  #noteOfRequest(bytes: Uint8Array, name: number, nameEnd: number, value: number, valueEnd: number): FaultCode | null {
    const initial = bytes[name]! | 0x20;
    switch (nameEnd - name) {
      case 4:
        if (initial !== 0x68 || !tokenIs(bytes, name, nameEnd, "host")) return null;
        this.host = this.spans.length;
        return this.#once(SEEN.HOST, true);
      case 6:
        if (initial !== 0x65 || !tokenIs(bytes, name, nameEnd, "expect")) return null;
        this.expectsContinue = tokenIs(bytes, value, valueEnd, "100-continue");
        return this.#once(SEEN.EXPECT, true) ?? (this.expectsContinue ? null : "EXPECTATION_FAILED");
      case 12:
        if (initial !== 0x63 || !tokenIs(bytes, name, nameEnd, "content-type")) return null;
        return this.#once(SEEN.TYPE, false);
      case 13:
        if (initial !== 0x61 || !tokenIs(bytes, name, nameEnd, "authorization")) return null;
        return this.#once(SEEN.AUTHORIZATION, true);
      case 19:
        if (initial !== 0x70 || !tokenIs(bytes, name, nameEnd, "proxy-authorization")) return null;
        return this.#once(SEEN.PROXY_AUTHORIZATION, true);
      default:
        return null;
    }
  }

  #once(field: number, neverInTrailers: boolean): FaultCode | null {
    if (this.#trailers && neverInTrailers) return "BAD_TRAILER";
    if ((this.#seen & field) !== 0) return "FIELD_REPEATED";
    this.#seen |= field;
    return null;
  }

  /** The bytes ran out in the line at `this.at`: more may come, unless a limit stands where they end. */
  #short(base: number, end: number): Scan {
    const limit = Math.min(this.#start + this.#limits.maxHeaderSize, this.at + this.#limits.maxFieldSize);
    return end - base < limit ? SCAN.MORE : this.#fault("FIELDS_TOO_LARGE", limit);
  }

  #badName(byte: number, at: number, atLineStart: boolean, base: number): Scan {
    const folded = atLineStart && (byte === SP || byte === HTAB) && this.spans.length > 0;
    const code = folded ? "FIELD_FOLDED" : byte === LF ? "BAD_LINE_END" : "BAD_FIELD_NAME";
    return this.#fault(code, at - base);
  }

  #fault(code: FaultCode, offset: number): Scan {
    this.code = code;
    this.offset = offset;
    return SCAN.FAULT;
  }
}
