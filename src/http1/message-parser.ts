/**
 * What reading a request and reading a response have in common: bytes in, steps out, and everything behind the start line
 * (RFC 9112 §2.1). A parser is pulled, and never calls out: `push` the bytes that came, then take `next()` steps until it
 * says NEED or PAUSED. Not taking steps is backpressure. What a step found lies in the parser's fields until the next step.
 */
import { type Fault, type FaultCode, fault } from "../core/faults.ts";
import { FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { CHUNK, ChunkedDecoder } from "./chunked.ts";
import { FieldScanner, SCAN, type SectionLimits } from "./field-scanner.ts";
import { FRAMING, type Framing } from "./framing.ts";
import { allocate, latin1 } from "./memory.ts";
import { STEP, type Step } from "./step.ts";

/** Where in a message the next byte stands. */
export const STATE = {
  START: 0,
  START_LINE: 1,
  FIELDS: 2,
  BODY_LENGTH: 3,
  BODY_CHUNKED: 4,
  BODY_CLOSE: 5,
  TRAILERS: 6,
  END: 7,
  DONE: 8,
  FAULTED: 9,
} as const;
export type State = (typeof STATE)[keyof typeof STATE];

export abstract class MessageParser {
  framing: Framing = FRAMING.NONE;
  /** The body's declared length; 0 without a body, -1 when only its end will tell. */
  length = 0;
  /** Whether the peer leaves the connection open after this exchange. */
  keepAlive = false;

  /** The bytes being read; body pieces lie in them. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  stop = 0;

  trailers: FieldLines = NO_FIELDS;
  fault: Fault | null = null;

  protected readonly scanner: FieldScanner;
  readonly #maxBodySize: number;
  #chunked: ChunkedDecoder | null = null;

  protected state: State;
  /** The next byte to read, and the end of what there is. */
  protected at = 0;
  protected end = 0;
  protected eof = false;
  /** Where the head, or the trailer section, starts. */
  protected base = 0;
  /** Bytes of this message before `base`, so that a fault can say where it is. */
  protected before = 0;
  /** Whether `bytes` is our own: kept from earlier pushes. */
  #owned = false;
  /** Bytes that are still to come of a body with a declared length. */
  #body = 0;

  protected constructor(state: State, limits: SectionLimits, maxBodySize: number, responses: boolean) {
    this.state = state;
    this.scanner = new FieldScanner(limits, responses);
    this.#maxBodySize = maxBodySize;
  }

  /** Looks for a message's first byte. */
  protected abstract readStart(): Step;
  /** Reads the start line, then the fields. */
  protected abstract readStartLine(): Step;
  /** Makes what it is for of the head's text, and calls `startBody`. */
  protected abstract takeHead(text: string): Step;

  /** Gives the parser `length` bytes. They need not outlive the steps: what is left at NEED or PAUSED is copied. */
  push(bytes: Uint8Array, length: number = bytes.length): void {
    if (!this.#owned) {
      this.bytes = bytes;
      this.at = 0;
      this.end = length;
      this.base = 0;
      return;
    }
    if (this.end + length > this.bytes.length) this.#keep(this.end + length);
    this.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.end);
    this.end += length;
  }

  /** Tells the parser that the peer has sent its last byte. */
  pushEof(): void {
    this.eof = true;
  }

  /** How many bytes wait to be read: what came behind the current message. */
  get pending(): number {
    return this.end - this.at;
  }

  /** A copy of what waits to be read. */
  get rest(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.at, this.end));
  }

  next(): Step {
    switch (this.state) {
      case STATE.START:
        return this.readStart();
      case STATE.START_LINE:
        return this.readStartLine();
      case STATE.FIELDS:
        return this.readFields();
      case STATE.BODY_LENGTH:
        return this.#readLength();
      case STATE.BODY_CHUNKED:
        return this.#readChunked();
      case STATE.BODY_CLOSE:
        return this.#readToClose();
      case STATE.TRAILERS:
        return this.#readTrailers();
      case STATE.END:
        this.state = STATE.DONE;
        return STEP.END;
      case STATE.DONE:
        this.#keep(this.end);
        return STEP.PAUSED;
      default:
        return STEP.FAULT;
    }
  }

  protected readFields(): Step {
    const { scanner } = this;
    const scan = scanner.scan(this.bytes, this.base, this.end);
    if (scan === SCAN.FAULT) return this.fail(scanner.code!, scanner.offset);
    if (scan === SCAN.MORE) return this.needMore();
    this.at = this.base + scanner.at;
    return this.takeHead(latin1(this.bytes, this.base, this.at));
  }

  /** The head is read: says how the body behind it is to be. */
  protected startBody(framing: Framing, length: number): void {
    this.before += this.scanner.at;
    this.framing = framing;
    this.length = framing === FRAMING.LENGTH ? length : framing === FRAMING.NONE ? 0 : -1;
    if (framing === FRAMING.NONE) {
      this.state = STATE.END;
    } else if (framing === FRAMING.LENGTH) {
      this.#body = length;
      this.state = length === 0 ? STATE.END : STATE.BODY_LENGTH;
    } else if (framing === FRAMING.CHUNKED) {
      this.#chunked ??= new ChunkedDecoder(this.#maxBodySize);
      this.state = STATE.BODY_CHUNKED;
    } else {
      this.state = STATE.BODY_CLOSE;
    }
  }

  #readLength(): Step {
    if (this.at === this.end) return this.eof ? this.fail("UNEXPECTED_EOF", 0) : this.need(this.at);
    this.start = this.at;
    this.stop = Math.min(this.end, this.at + this.#body);
    this.#body -= this.stop - this.start;
    this.#advance(this.stop);
    if (this.#body === 0) this.state = STATE.END;
    return STEP.BODY;
  }

  #readChunked(): Step {
    const chunked = this.#chunked!;
    const step = chunked.decode(this.bytes, this.at, this.end);
    if (step === CHUNK.FAULT) return this.fail(chunked.code, chunked.end - this.at);
    if (step === CHUNK.DATA) {
      this.start = chunked.start;
      this.stop = chunked.end;
      this.#advance(chunked.end);
      return STEP.BODY;
    }
    this.#advance(chunked.end);
    if (step === CHUNK.MORE) return this.eof ? this.fail("UNEXPECTED_EOF", 0) : this.need(this.at);

    this.base = this.at;
    this.scanner.reset(0, true);
    this.state = STATE.TRAILERS;
    return this.#readTrailers();
  }

  #readToClose(): Step {
    if (this.at === this.end) {
      if (!this.eof) return this.need(this.at);
      this.state = STATE.DONE;
      return STEP.END;
    }
    this.start = this.at;
    this.stop = this.end;
    this.#advance(this.end);
    return STEP.BODY;
  }

  #readTrailers(): Step {
    const { scanner } = this;
    const scan = scanner.scan(this.bytes, this.base, this.end);
    if (scan === SCAN.FAULT) return this.fail(scanner.code!, scanner.offset);
    if (scan === SCAN.MORE) return this.needMore();
    this.at = this.base + scanner.at;
    if (scanner.spans.length > 0) {
      this.trailers = new FieldLines(latin1(this.bytes, this.base, this.at), scanner.spans);
    }
    this.state = STATE.DONE;
    return STEP.END;
  }

  #advance(to: number): void {
    this.before += to - this.at;
    this.at = to;
  }

  /** The bytes ran out in a start line, of which there may be `limit`. */
  protected shortLine(limit: number, tooLong: FaultCode): Step {
    return this.end - this.base >= limit ? this.fail(tooLong, limit) : this.needMore();
  }

  /** Stops for want of bytes; those from the base on are needed again. */
  protected needMore(): Step {
    return this.eof ? this.fail("UNEXPECTED_EOF", this.end - this.base) : this.need(this.base);
  }

  /** Stops for want of bytes; those from `from` on are needed again. */
  protected need(from: number): Step {
    this.at = from;
    this.#keep(this.end);
    return STEP.NEED;
  }

  /** Makes what is unread our own, with room for `size` bytes in all; lets go of the buffer when nothing is unread. */
  #keep(size: number): void {
    const { at } = this;
    const unread = this.end - at;
    if (unread === 0) {
      this.bytes = EMPTY;
      this.#owned = false;
    } else if (!this.#owned || size > this.bytes.length) {
      const room = allocate(Math.max(512, 2 * (size - at)));
      room.set(this.bytes.subarray(at, this.end));
      this.bytes = room;
      this.#owned = true;
    } else return;
    this.at = 0;
    this.end = unread;
    this.base -= at;
  }

  /** Faults at `offset` bytes from the base of the head or trailer section, or from the next byte of a body. */
  protected fail(code: FaultCode, offset: number): Step {
    this.fault = fault(code, this.before + offset);
    this.state = STATE.FAULTED;
    return STEP.FAULT;
  }
}

const EMPTY = new Uint8Array(0);
