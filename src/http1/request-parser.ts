/**
 * The server's half of reading HTTP/1.1: bytes in, steps out. It is pulled, and never calls out: `push` the bytes that
 * came, then take `next()` steps until it says NEED or PAUSED. Not taking steps is backpressure. What a step found
 * lies in the parser's fields until the next step.
 */
import { type Fault, type FaultCode, fault } from "../core/faults.ts";
import type { Limits } from "../core/options.ts";
import { isAuthority } from "../http/authority.ts";
import { FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { RequestHead } from "../http/request-head.ts";
import { BACKSLASH, CR, DOT, LF, NINE, QUESTION, SP, TARGET, TOKEN, ZERO } from "./bytes.ts";
import { CHUNK, ChunkedDecoder } from "./chunked.ts";
import { FieldScanner, SCAN } from "./field-scanner.ts";
import { FRAMING, type Framing, requestFraming } from "./framing.ts";
import { allocate, latin1 } from "./memory.ts";
import { CONNECTION } from "./token-list.ts";

export const STEP = {
  /** Nothing more without more bytes. */
  NEED: 0,
  /** A request's head is in `head`, `framing`, `length`, `keepAlive`, `expectsContinue` and `upgrade`. */
  HEAD: 1,
  /** A piece of the body lies in `bytes` from `start` to `stop`, to be copied or used up before the next `push`. */
  BODY: 2,
  /** The request is complete; its trailer section is in `trailers`. */
  END: 3,
  /** The request is complete, and the next one waits for `startNextCycle()`. */
  PAUSED: 4,
  /** The peer broke the protocol; `fault` says how, and nothing after it can be read. */
  FAULT: 5,
  /** The peer ended the connection between two requests. */
  EOF: 6,
} as const;
export type Step = (typeof STEP)[keyof typeof STEP];

const START = 0;
const REQUEST_LINE = 1;
const FIELDS = 2;
const BODY_LENGTH = 3;
const BODY_CHUNKED = 4;
const TRAILERS = 5;
const END = 6;
const DONE = 7;
const FAULTED = 8;

const VERSION_PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/

export class RequestParser {
  head: RequestHead | null = null;
  framing: Framing = FRAMING.NONE;
  /** The body's declared length; 0 without a body, -1 when it is chunked. */
  length = 0;
  /** Whether the client leaves the connection open after this exchange. */
  keepAlive = false;
  /** Whether the client waits for 100 (Continue) before it sends the body. */
  expectsContinue = false;
  /** Whether the client offers to upgrade: `Connection: upgrade` on HTTP/1.1. */
  upgrade = false;

  /** The bytes being read; body pieces lie in them. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  stop = 0;

  trailers: FieldLines = NO_FIELDS;
  fault: Fault | null = null;

  readonly #limits: Limits;
  readonly #scanner: FieldScanner;
  #chunked: ChunkedDecoder | null = null;

  #state = START;
  /** The next byte to read, and the end of what there is. */
  #at = 0;
  #end = 0;
  /** Whether `bytes` is our own: kept from earlier pushes. */
  #owned = false;
  #eof = false;
  /** Where the head, or the trailer section, starts. */
  #base = 0;
  /** Bytes of this message before `#base`, so that a fault can say where it is. */
  #before = 0;
  /** Bytes that are still to come of a body with a declared length. */
  #body = 0;

  #methodEnd = 0;
  #minor: 0 | 1 = 1;
  #targetStart = 0;
  #targetEnd = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#scanner = new FieldScanner(limits);
  }

  /** Gives the parser `length` bytes. They need not outlive the steps: what is left at NEED or PAUSED is copied. */
  push(bytes: Uint8Array, length: number = bytes.length): void {
    if (!this.#owned) {
      this.bytes = bytes;
      this.#at = 0;
      this.#end = length;
      this.#base = 0;
      return;
    }
    if (this.#end + length > this.bytes.length) this.#keep(this.#end + length);
    this.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#end);
    this.#end += length;
  }

  /** Tells the parser that the peer has sent its last byte. */
  pushEof(): void {
    this.#eof = true;
  }

  /** How many bytes wait to be read: what was pipelined behind the current request. */
  get pending(): number {
    return this.#end - this.#at;
  }

  /** Whether it stands between two requests and has read nothing since: whoever comes next may have it. */
  get idle(): boolean {
    return this.#state === START && this.#before === 0 && this.#at === this.#end && !this.#eof;
  }

  /** What came of the first line of a head that is not whole, or is not sound: for a log. It may hold anything. */
  get firstLine(): string {
    const stop = Math.min(this.#end, this.#base + MAX_SHOWN_LINE);
    const text = latin1(this.bytes, this.#base, stop);
    const lineEnd = text.indexOf("\n");
    return (lineEnd < 0 ? text : text.slice(0, lineEnd)).replace(/\r$/, "");
  }

  /** A copy of what waits to be read. */
  get rest(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.#at, this.#end));
  }

  /** Goes on to the next request. @throws {Error} when the current one is not complete: that is a bug of the caller. */
  startNextCycle(): void {
    if (this.#state !== DONE) throw new Error("startNextCycle: the request is not complete");
    this.head = null;
    this.trailers = NO_FIELDS;
    this.#before = 0;
    this.#state = START;
  }

  next(): Step {
    switch (this.#state) {
      case START:
        return this.#readStart();
      case REQUEST_LINE:
        return this.#readRequestLine();
      case FIELDS:
        return this.#readFields();
      case BODY_LENGTH:
        return this.#readLength();
      case BODY_CHUNKED:
        return this.#readChunked();
      case TRAILERS:
        return this.#readTrailers();
      case END:
        this.#state = DONE;
        return STEP.END;
      case DONE:
        this.#keep(this.#end);
        return STEP.PAUSED;
      default:
        return STEP.FAULT;
    }
  }

  /** One empty line before a request line is skipped (RFC 9112 §2.2): old clients send it after a body. */
  #readStart(): Step {
    const { bytes } = this;
    if (this.#at < this.#end && bytes[this.#at] === CR && this.#before === 0) {
      if (this.#at + 1 === this.#end) return this.#eof ? this.#fail("UNEXPECTED_EOF", 1) : this.#need(this.#at);
      if (bytes[this.#at + 1] !== LF) return this.#fail("BAD_LINE_END", 1);
      this.#at += 2;
      this.#before = 2;
    }
    if (this.#at === this.#end) {
      return this.#eof ? STEP.EOF : this.#need(this.#at);
    }
    this.#base = this.#at;
    this.#state = REQUEST_LINE;
    return this.#readRequestLine();
  }

  /** method SP request-target SP HTTP-version CR LF, each space exactly one (RFC 9112 §3). */
  #readRequestLine(): Step {
    const { bytes } = this;
    const base = this.#base;
    const stop = Math.min(this.#end, base + this.#limits.maxRequestLineSize);

    let at = base;
    while (at < stop && TOKEN[bytes[at]!] === 1) at++;
    if (at === stop) return this.#shortLine("BAD_METHOD");
    if (bytes[at] !== SP || at === base) return this.#fail("BAD_METHOD", at - base);
    const methodEnd = at++;

    const targetStart = at;
    while (at < stop && (TARGET[bytes[at]!] === 1 || isQueryBackslash(bytes, targetStart, at))) at++;
    if (at === stop) return this.#shortLine();
    if (at === targetStart || (bytes[at] !== SP && bytes[at] !== CR)) return this.#fail("BAD_TARGET", at - base);
    const targetEnd = at++;
    // A line that ends after its target is HTTP/0.9, to HTTP/1.1 no request line at all.
    if (bytes[targetEnd] === CR) return this.#fail("BAD_VERSION", targetEnd - base);

    for (let i = 0; i < 5; i++, at++) {
      if (at === stop) return this.#shortLine();
      if (bytes[at] !== VERSION_PREFIX[i]) return this.#fail("BAD_VERSION", at - base);
    }
    for (let i = 0; i < 5; i++) {
      if (at + i === stop) return this.#shortLine();
      const byte = bytes[at + i]!;
      if (i === 0 || i === 2) {
        if (byte < ZERO || byte > NINE) return this.#fail("BAD_VERSION", at + i - base);
      } else if (byte !== (i === 1 ? DOT : i === 3 ? CR : LF)) {
        const atLineEnd = i === 4 || (i === 3 && byte === LF);
        return this.#fail(atLineEnd ? "BAD_LINE_END" : "BAD_VERSION", at + i - base);
      }
    }
    if (bytes[at] !== 0x31) return this.#fail("VERSION_NOT_SUPPORTED", at - base);

    this.#minor = bytes[at + 2] === ZERO ? 0 : 1;
    this.#methodEnd = methodEnd - base;
    this.#targetStart = targetStart - base;
    this.#targetEnd = targetEnd - base;
    this.#scanner.reset(at + 5 - base, false);
    this.#state = FIELDS;
    return this.#readFields();
  }

  #readFields(): Step {
    const scanner = this.#scanner;
    const scan = scanner.scan(this.bytes, this.#base, this.#end);
    if (scan === SCAN.FAULT) return this.#fail(scanner.code!, scanner.offset);
    if (scan === SCAN.MORE)
      return this.#eof ? this.#fail("UNEXPECTED_EOF", this.#end - this.#base) : this.#need(this.#base);

    this.#at = this.#base + scanner.at;
    const text = latin1(this.bytes, this.#base, this.#at);
    const method = text.startsWith("GET ") ? "GET" : text.slice(0, this.#methodEnd);
    const target = text.slice(this.#targetStart, this.#targetEnd);
    const minor = this.#minor;
    if (!isTarget(target, method)) return this.#fail("BAD_TARGET", this.#targetStart);
    if (scanner.host >= 0) {
      const start = scanner.spans[scanner.host + 2]!;
      if (!isAuthority(text.slice(start, scanner.spans[scanner.host + 3]))) return this.#fail("BAD_HOST", start);
      if (target.charCodeAt(0) !== SLASH) this.#overrideHost(target);
    } else if (minor === 1) return this.#fail("HOST_MISSING", scanner.at);

    const framing = requestFraming(minor, scanner.coding, scanner.length);
    if (typeof framing === "string") return this.#fail(framing, scanner.at);
    if (scanner.length > this.#limits.maxRequestBodySize) return this.#fail("BODY_TOO_LARGE", scanner.at);

    this.head = new RequestHead(method, target, minor, new FieldLines(text, scanner.spans));
    this.framing = framing;
    const options = scanner.connection;
    this.keepAlive = (options & CONNECTION.CLOSE) === 0 && (minor === 1 || (options & CONNECTION.KEEP_ALIVE) !== 0);
    this.expectsContinue = scanner.expectsContinue && minor === 1 && framing !== FRAMING.NONE;
    this.upgrade = (options & CONNECTION.UPGRADE) !== 0 && minor === 1;
    this.#before += scanner.at;
    this.#startBody(framing, scanner.length);
    return STEP.HEAD;
  }

  /** In absolute-form the target's authority stands for the Host field's value, whatever that is (RFC 9112 §3.2.2). */
  #overrideHost(target: string): void {
    const absolute = ABSOLUTE.exec(target);
    if (absolute === null) return;
    const { spans, host } = this.#scanner;
    spans[host + 2] = this.#targetStart + absolute[1]!.length;
    spans[host + 3] = this.#targetStart + absolute[0].length;
  }

  #startBody(framing: Framing, length: number): void {
    if (framing === FRAMING.NONE) {
      this.length = 0;
      this.#state = END;
    } else if (framing === FRAMING.LENGTH) {
      this.length = length;
      this.#body = length;
      this.#state = BODY_LENGTH;
    } else {
      this.length = -1;
      this.#chunked ??= new ChunkedDecoder(this.#limits.maxRequestBodySize);
      this.#state = BODY_CHUNKED;
    }
  }

  #readLength(): Step {
    if (this.#at === this.#end) return this.#eof ? this.#fail("UNEXPECTED_EOF", 0) : this.#need(this.#at);
    this.start = this.#at;
    this.stop = Math.min(this.#end, this.#at + this.#body);
    this.#body -= this.stop - this.start;
    this.#advance(this.stop);
    if (this.#body === 0) this.#state = END;
    return STEP.BODY;
  }

  #readChunked(): Step {
    const chunked = this.#chunked!;
    const step = chunked.decode(this.bytes, this.#at, this.#end);
    if (step === CHUNK.FAULT) return this.#fail(chunked.code, chunked.end - this.#at);
    if (step === CHUNK.DATA) {
      this.start = chunked.start;
      this.stop = chunked.end;
      this.#advance(chunked.end);
      return STEP.BODY;
    }
    this.#advance(chunked.end);
    if (step === CHUNK.MORE) return this.#eof ? this.#fail("UNEXPECTED_EOF", 0) : this.#need(this.#at);

    this.#base = this.#at;
    this.#scanner.reset(0, true);
    this.#state = TRAILERS;
    return this.#readTrailers();
  }

  #readTrailers(): Step {
    const scanner = this.#scanner;
    const scan = scanner.scan(this.bytes, this.#base, this.#end);
    if (scan === SCAN.FAULT) return this.#fail(scanner.code!, scanner.offset);
    if (scan === SCAN.MORE)
      return this.#eof ? this.#fail("UNEXPECTED_EOF", this.#end - this.#base) : this.#need(this.#base);
    this.#at = this.#base + scanner.at;
    if (scanner.spans.length > 0) {
      this.trailers = new FieldLines(latin1(this.bytes, this.#base, this.#at), scanner.spans);
    }
    this.#state = DONE;
    return STEP.END;
  }

  #advance(to: number): void {
    this.#before += to - this.#at;
    this.#at = to;
  }

  #shortLine(tooLong: FaultCode = "REQUEST_LINE_TOO_LONG"): Step {
    if (this.#end - this.#base >= this.#limits.maxRequestLineSize) {
      return this.#fail(tooLong, this.#limits.maxRequestLineSize);
    }
    return this.#eof ? this.#fail("UNEXPECTED_EOF", this.#end - this.#base) : this.#need(this.#base);
  }

  /** Stops for want of bytes; those from `from` on are needed again. */
  #need(from: number): Step {
    this.#at = from;
    this.#keep(this.#end);
    return STEP.NEED;
  }

  /** Makes what is unread our own, with room for `size` bytes in all; lets go of the buffer when nothing is unread. */
  #keep(size: number): void {
    const at = this.#at;
    const unread = this.#end - at;
    if (unread === 0) {
      this.bytes = EMPTY;
      this.#owned = false;
    } else if (!this.#owned || size > this.bytes.length) {
      const room = allocate(Math.max(512, 2 * (size - at)));
      room.set(this.bytes.subarray(at, this.#end));
      this.bytes = room;
      this.#owned = true;
    } else return;
    this.#at = 0;
    this.#end = unread;
    this.#base -= at;
  }

  /** Faults at `offset` bytes from the base of the head or trailer section, or from the next byte of a body. */
  #fail(code: FaultCode, offset: number): Step {
    this.fault = fault(code, this.#before + offset);
    this.#state = FAULTED;
    return STEP.FAULT;
  }
}

/** Bytes of a first line that are shown. */
const MAX_SHOWN_LINE = 1024;

const EMPTY = new Uint8Array(0);
const SLASH = 0x2f;
const ABSOLUTE = /^(https?:\/\/)([^/?]*)/i;

/** Whether the target has a form that this method may have (RFC 9112 §3.2). */
function isTarget(target: string, method: string): boolean {
  // A tunnel needs a port to go to (RFC 9110 §9.3.6).
  if (method === "CONNECT") return isAuthority(target) && /:0*[1-9][0-9]*$/.test(target);
  if (target.charCodeAt(0) === SLASH) return true;
  if (target === "*") return method === "OPTIONS";
  // User information is an error in a URI that others wrote (RFC 9110 §4.2.4); an authority has none.
  const authority = ABSOLUTE.exec(target)?.[2];
  return authority !== undefined && isAuthority(authority);
}

/** URL parsers read a backslash as a slash in a path; in a query it means nothing, and browsers send it there. */
function isQueryBackslash(bytes: Uint8Array, targetStart: number, at: number): boolean {
  if (bytes[at] !== BACKSLASH) return false;
  const query = bytes.indexOf(QUESTION, targetStart);
  return query >= 0 && query < at;
}
