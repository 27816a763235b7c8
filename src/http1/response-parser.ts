/**
 * The client's half of reading HTTP/1.1: the status line, and what a response's head says about the message. The rest of
 * the way is `MessageParser`'s. It is as strict as the server's half, because smuggling works backwards, too: who takes
 * one response for two hands the second to the next request.
 */
import type { FaultCode } from "../core/faults.ts";
import { DEFAULT_LIMITS } from "../core/options.ts";
import { FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { ResponseHead } from "../http/response-head.ts";
import { CR, DOT, LF, NINE, SP, VALUE, ZERO } from "./bytes.ts";
import type { SectionLimits } from "./field-scanner.ts";
import { CODING, FRAMING, receivedResponseFraming } from "./framing.ts";
import { MessageParser, STATE } from "./message-parser.ts";
import { STEP, type Step } from "./step.ts";
import { CONNECTION } from "./token-list.ts";

export interface ResponseLimits extends SectionLimits {
  /** Bytes of a status line. */
  readonly maxStatusLineSize: number;
  /** Interim responses (1xx) before a final one. */
  readonly maxInterimResponses: number;
}

/** Those of requests; nobody else counts interim responses alone, and they cost a server nothing to repeat. */
export const DEFAULT_RESPONSE_LIMITS: ResponseLimits = {
  maxStatusLineSize: DEFAULT_LIMITS.maxRequestLineSize,
  maxHeaderSize: DEFAULT_LIMITS.maxHeaderSize,
  maxFieldSize: DEFAULT_LIMITS.maxFieldSize,
  maxHeaderCount: DEFAULT_LIMITS.maxHeaderCount,
  maxInterimResponses: 32,
};

const VERSION_PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/

export class ResponseParser extends MessageParser {
  /** Of an interim response, a HEAD step is all there is: the next step is the next response's. */
  head: ResponseHead | null = null;
  /** Whether what follows is no HTTP any more: behind 101, and behind CONNECT's 2xx. It is `rest`, and what comes later. */
  upgraded = false;

  readonly #limits: ResponseLimits;
  #method = "";
  #minor: 0 | 1 = 1;
  #status = 0;
  #reasonStart = 0;
  #interim = 0;
  /** Whether a response that can have no body announced one: then nobody knows what its sender sends. */
  #doubtful = false;

  /** Nothing is read before `startNextCycle` says for which request. */
  constructor(limits: ResponseLimits) {
    super(STATE.DONE, limits, Number.POSITIVE_INFINITY, true);
    this.#limits = limits;
  }

  /**
   * Goes on to the next response, which answers a request of this method.
   * @throws {Error} when the current one is not complete: that is a bug of the caller.
   */
  startNextCycle(method: string): void {
    if (this.state !== STATE.DONE) throw new Error("startNextCycle: the response is not complete");
    this.head = null;
    this.trailers = NO_FIELDS;
    this.before = 0;
    this.state = STATE.START;
    this.#method = method;
    this.#interim = 0;
    this.#doubtful = false;
  }

  /** Whether nothing of the response has come yet. */
  get untouched(): boolean {
    return this.state === STATE.START && this.before === 0;
  }

  protected override readStart(): Step {
    if (this.at === this.end) {
      if (!this.eof) return this.need(this.at);
      return this.before === 0 ? STEP.EOF : this.fail("UNEXPECTED_EOF", 0);
    }
    this.base = this.at;
    this.state = STATE.START_LINE;
    return this.readStartLine();
  }

  /**
   * HTTP-version SP status-code SP [ reason-phrase ] CR LF, each space exactly one (RFC 9112 §4). The second may be
   * missing with the phrase: old servers leave it out, and nothing can be misread for it.
   */
  protected override readStartLine(): Step {
    const { bytes, base } = this;
    const stop = Math.min(this.end, base + this.#limits.maxStatusLineSize);

    let at = base;
    for (let i = 0; i < 5; i++, at++) {
      if (at === stop) return this.#shortLine();
      if (bytes[at] !== VERSION_PREFIX[i]) return this.fail("BAD_STATUS_LINE", at - base);
    }
    // "1.1 200": what stands at each place, a digit or the byte itself.
    for (let i = 0; i < 7; i++, at++) {
      if (at === stop) return this.#shortLine();
      const byte = bytes[at]!;
      const fits = i === 1 ? byte === DOT : i === 3 ? byte === SP : byte >= ZERO && byte <= NINE;
      if (!fits) return this.fail("BAD_STATUS_LINE", at - base);
      if (i === 0 && byte !== 0x31) return this.fail("VERSION_NOT_SUPPORTED", at - base);
    }
    if (at === stop) return this.#shortLine();
    this.#status = (bytes[at - 3]! - ZERO) * 100 + (bytes[at - 2]! - ZERO) * 10 + bytes[at - 1]! - ZERO;
    if (this.#status < 100 || this.#status > 599) return this.fail("BAD_STATUS_LINE", at - 3 - base);
    this.#minor = bytes[base + 7] === ZERO ? 0 : 1;

    if (bytes[at] === SP) at++;
    else if (bytes[at] !== CR) return this.fail(bytes[at] === LF ? "BAD_LINE_END" : "BAD_STATUS_LINE", at - base);
    this.#reasonStart = at - base;
    while (at < stop && VALUE[bytes[at]!] === 1) at++;
    if (at === stop) return this.#shortLine();
    if (bytes[at] !== CR) return this.fail(bytes[at] === LF ? "BAD_LINE_END" : "BAD_STATUS_LINE", at - base);
    if (at + 1 === stop) return this.#shortLine();
    if (bytes[at + 1] !== LF) return this.fail("BAD_LINE_END", at + 1 - base);

    this.scanner.reset(at + 2 - base, false);
    this.state = STATE.FIELDS;
    return this.readFields();
  }

  protected override takeHead(text: string): Step {
    const { scanner } = this;
    const minor = this.#minor;
    const status = this.#status;
    const framing = receivedResponseFraming(this.#method, status, minor, scanner.coding, scanner.length);
    if (typeof framing === "string") return this.fail(framing, scanner.at);

    const reason = text.slice(this.#reasonStart, text.indexOf("\r", this.#reasonStart));
    this.head = new ResponseHead(status, reason, minor, new FieldLines(text, scanner.spans));
    const announced = scanner.length > 0 || scanner.coding !== CODING.ABSENT;
    if (announced && (status < 200 || status === 204)) this.#doubtful = true;
    if (status < 200 && status !== 101) return this.#passInterim();

    this.upgraded = status === 101 || (this.#method === "CONNECT" && status < 300);
    const options = scanner.connection;
    this.keepAlive =
      (options & CONNECTION.CLOSE) === 0 &&
      (minor === 1 || (options & CONNECTION.KEEP_ALIVE) !== 0) &&
      framing !== FRAMING.CLOSE &&
      !this.upgraded &&
      !this.#doubtful;
    this.startBody(framing, scanner.length);
    return STEP.HEAD;
  }

  #passInterim(): Step {
    if (++this.#interim > this.#limits.maxInterimResponses) return this.fail("TOO_MANY_INTERIM", 0);
    this.before += this.scanner.at;
    this.state = STATE.START;
    return STEP.HEAD;
  }

  #shortLine(): Step {
    return this.shortLine(this.#limits.maxStatusLineSize, "STATUS_LINE_TOO_LONG");
  }

  /** To whoever asked a client, whatever is wrong with a server's response is a 502 (RFC 9110 §15.6.3). */
  protected override fail(code: FaultCode, offset: number): Step {
    const step = super.fail(code, offset);
    this.fault = { ...this.fault!, status: 502 };
    return step;
  }
}
