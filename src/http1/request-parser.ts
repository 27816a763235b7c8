/**
 * The server's half of reading HTTP/1.1: the request line, and what a request's head says about the message. The rest of
 * the way is `MessageParser`'s.
 */
import type { FaultCode } from "../core/faults.ts";
import type { Limits } from "../core/options.ts";
import { isAuthority } from "../http/authority.ts";
import { FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { RequestHead } from "../http/request-head.ts";
import { BACKSLASH, CR, DOT, LF, NINE, QUESTION, SP, TARGET, TOKEN, ZERO } from "./bytes.ts";
import { FRAMING, requestFraming } from "./framing.ts";
import { latin1 } from "./memory.ts";
import { MessageParser, STATE } from "./message-parser.ts";
import { STEP, type Step } from "./step.ts";
import { CONNECTION } from "./token-list.ts";

/** Bytes of a first line that are shown. */
const MAX_SHOWN_LINE = 1024;
const VERSION_PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/

/** What most requests begin with, and what their first line ends with. */
const GET = Uint8Array.of(0x47, 0x45, 0x54, SP);
const HTTP11 = Uint8Array.of(...VERSION_PREFIX, 0x31, DOT, 0x31, CR, LF);

export class RequestParser extends MessageParser {
  head: RequestHead | null = null;
  /** Whether the client waits for 100 (Continue) before it sends the body. */
  expectsContinue = false;
  /** Whether the client offers to upgrade: `Connection: upgrade` on HTTP/1.1. */
  upgrade = false;

  readonly #limits: Limits;

  #methodEnd = 0;
  #minor: 0 | 1 = 1;
  #targetStart = 0;
  #targetEnd = 0;

  constructor(limits: Limits) {
    super(STATE.START, limits, limits.maxRequestBodySize, false);
    this.#limits = limits;
  }

  /** Whether it stands between two requests and has read nothing since: whoever comes next may have it. */
  get idle(): boolean {
    return this.state === STATE.START && this.before === 0 && this.at === this.end && !this.eof;
  }

  /** What came of the first line of a head that is not whole, or is not sound: for a log. It may hold anything. */
  get firstLine(): string {
    const text = latin1(this.bytes, this.base, Math.min(this.end, this.base + MAX_SHOWN_LINE));
    const lineEnd = text.indexOf("\n");
    return (lineEnd < 0 ? text : text.slice(0, lineEnd)).replace(/\r$/, "");
  }

  /** Goes on to the next request. @throws {Error} when the current one is not complete: that is a bug of the caller. */
  startNextCycle(): void {
    if (this.state !== STATE.DONE) throw new Error("startNextCycle: the request is not complete");
    this.head = null;
    this.trailers = NO_FIELDS;
    this.before = 0;
    this.state = STATE.START;
  }

  /** One empty line before a request line is skipped (RFC 9112 §2.2): old clients send it after a body. */
  protected override readStart(): Step {
    const { bytes } = this;
    if (this.at < this.end && bytes[this.at] === CR && this.before === 0) {
      if (this.at + 1 === this.end) return this.eof ? this.fail("UNEXPECTED_EOF", 1) : this.need(this.at);
      if (bytes[this.at + 1] !== LF) return this.fail("BAD_LINE_END", 1);
      this.at += 2;
      this.before = 2;
    }
    if (this.at === this.end) {
      return this.eof ? STEP.EOF : this.need(this.at);
    }
    this.base = this.at;
    this.state = STATE.START_LINE;
    return this.readStartLine();
  }

  /** method SP request-target SP HTTP-version CR LF, each space exactly one (RFC 9112 §3). */
  protected override readStartLine(): Step {
    const { bytes } = this;
    const base = this.base;
    const stop = Math.min(this.end, base + this.#limits.maxRequestLineSize);

    let at = base;
    while (at < stop && TOKEN[bytes[at]!] === 1) at++;
    if (at === stop) return this.#shortLine("BAD_METHOD");
    if (bytes[at] !== SP || at === base) return this.fail("BAD_METHOD", at - base);
    const methodEnd = at++;

    const targetStart = at;
    let inQuery = false;
    while (at < stop) {
      if (TARGET[bytes[at]!] === 0) {
        // URL parsers read a backslash as a slash in a path; in a query it means nothing, and browsers send it there.
        if (bytes[at] !== BACKSLASH) break;
        inQuery ||= bytes.subarray(targetStart, at).includes(QUESTION);
        if (!inQuery) break;
      }
      at++;
    }
    if (at === stop) return this.#shortLine();
    if (at === targetStart || (bytes[at] !== SP && bytes[at] !== CR)) return this.fail("BAD_TARGET", at - base);
    const targetEnd = at++;
    // A line that ends after its target is HTTP/0.9, to HTTP/1.1 no request line at all.
    if (bytes[targetEnd] === CR) return this.fail("BAD_VERSION", targetEnd - base);

    if (at + HTTP11.length > stop || !standsAt(bytes, at, HTTP11)) {
      const step = this.#readVersion(at, stop);
      if (step !== null) return step;
    }
    at += VERSION_PREFIX.length;

    this.#minor = bytes[at + 2] === ZERO ? 0 : 1;
    this.#methodEnd = methodEnd - base;
    this.#targetStart = targetStart - base;
    this.#targetEnd = targetEnd - base;
    this.scanner.reset(at + 5 - base, false);
    this.state = STATE.FIELDS;
    return this.readFields();
  }

  /** `HTTP/`, two digits with a dot between them, and the line's end; `null` if it is one that is spoken here. */
  #readVersion(at: number, stop: number): Step | null {
    const { base, bytes } = this;
    for (let i = 0; i < 5; i++, at++) {
      if (at === stop) return this.#shortLine();
      if (bytes[at] !== VERSION_PREFIX[i]) return this.fail("BAD_VERSION", at - base);
    }
    for (let i = 0; i < 5; i++) {
      if (at + i === stop) return this.#shortLine();
      const byte = bytes[at + i]!;
      if (i === 0 || i === 2) {
        if (byte < ZERO || byte > NINE) return this.fail("BAD_VERSION", at + i - base);
      } else if (byte !== (i === 1 ? DOT : i === 3 ? CR : LF)) {
        const atLineEnd = i === 4 || (i === 3 && byte === LF);
        return this.fail(atLineEnd ? "BAD_LINE_END" : "BAD_VERSION", at + i - base);
      }
    }
    return bytes[at] === 0x31 ? null : this.fail("VERSION_NOT_SUPPORTED", at - base);
  }

  protected override takeHead(text: string): Step {
    const { scanner } = this;
    const method = standsAt(this.bytes, this.base, GET) ? "GET" : text.slice(0, this.#methodEnd);
    const target = text.slice(this.#targetStart, this.#targetEnd);
    const minor = this.#minor;
    if (!isTarget(target, method)) return this.fail("BAD_TARGET", this.#targetStart);
    if (scanner.host >= 0) {
      const start = scanner.spans[scanner.host + 2]!;
      const stop = scanner.spans[scanner.host + 3]!;
      if (!isHost(this.bytes, this.base + start, this.base + stop)) return this.fail("BAD_HOST", start);
      if (target.charCodeAt(0) !== SLASH) this.#overrideHost(target);
    } else if (minor === 1) return this.fail("HOST_MISSING", scanner.at);

    const framing = requestFraming(minor, scanner.coding, scanner.length);
    if (typeof framing === "string") return this.fail(framing, scanner.at);
    if (scanner.length > this.#limits.maxRequestBodySize) return this.fail("BODY_TOO_LARGE", scanner.at);

    this.head = new RequestHead(method, target, minor, new FieldLines(text, scanner.spans));
    const options = scanner.connection;
    this.keepAlive = (options & CONNECTION.CLOSE) === 0 && (minor === 1 || (options & CONNECTION.KEEP_ALIVE) !== 0);
    this.expectsContinue = scanner.expectsContinue && minor === 1 && framing !== FRAMING.NONE;
    this.upgrade = (options & CONNECTION.UPGRADE) !== 0 && minor === 1;
    this.startBody(framing, scanner.length);
    return STEP.HEAD;
  }

  /** In absolute-form the target's authority stands for the Host field's value, whatever that is (RFC 9112 §3.2.2). */
  #overrideHost(target: string): void {
    const absolute = ABSOLUTE.exec(target);
    if (absolute === null) return;
    const { spans, host } = this.scanner;
    spans[host + 2] = this.#targetStart + absolute[1]!.length;
    spans[host + 3] = this.#targetStart + absolute[0].length;
  }

  #shortLine(tooLong: FaultCode = "REQUEST_LINE_TOO_LONG"): Step {
    return this.shortLine(this.#limits.maxRequestLineSize, tooLong);
  }
}

const SLASH = 0x2f;
const ABSOLUTE = /^(https?:\/\/)([^/?]*)/i;

/** Whether the bytes at `at`, where there are enough of them, are those of `known`. */
function standsAt(bytes: Uint8Array, at: number, known: Uint8Array): boolean {
  for (let i = 0; i < known.length; i++) if (bytes[at + i] !== known[i]) return false;
  return true;
}

let lastHost = new Uint8Array(0);

/** One client's requests, and most clients', name the same host: compared with the last before it is parsed, 10 ns against 600. */
function isHost(bytes: Uint8Array, start: number, stop: number): boolean {
  if (stop - start === lastHost.length && standsAt(bytes, start, lastHost)) return lastHost.length > 0;
  if (!isAuthority(latin1(bytes, start, stop))) return false;
  lastHost = new Uint8Array(bytes.subarray(start, stop));
  return true;
}

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
