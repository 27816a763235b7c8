/**
 * One request and its response, as the application sees them. What is sent, and how it is framed, is decided here; the
 * socket and the parser are the connection's.
 */
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import { type FaultCode, FaultError, fault as faultOf } from "../core/faults.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList } from "../gateway/contract.ts";
import type { RequestHead } from "../http/request-head.ts";
import { isBodiless, REASONS } from "../http/status.ts";
import { chunkLine, type EncodedFields, encodeFields, LENGTH, lastChunk } from "../http1/field-encoder.ts";
import { FRAMING, type Framing, responseFraming } from "../http1/framing.ts";
import { encodeHead, encodeWhole, statusLine } from "../http1/response-encoder.ts";
import type { Connection } from "./connection.ts";
import type { Outcome } from "./events.ts";
import { NO_BODY, type RequestBody } from "./request-body.ts";

const OPEN = 0;
const STARTED = 1;
const STREAMING = 2;
const ENDED = 3;

const NO_ENCODED_FIELDS = encodeFields(Object.freeze([]));

export class ServerExchange implements Exchange {
  readonly head: RequestHead;
  /** The body if the request has one. */
  readonly received: RequestBody | null;

  readonly #connection: Connection;
  #state = OPEN;
  #status = 0;
  #line = "";
  #fields: EncodedFields = NO_ENCODED_FIELDS;
  #framing: Framing = FRAMING.NONE;
  #close = false;
  /** Body bytes sent. */
  #sent = 0;
  /** When the first byte of a streamed response was sent, as `performance.now()` has it; 0 if nobody looked. */
  #began = 0;
  /** Why it was not the application that answered. */
  #fault: FaultCode | null = null;
  #outcome: Outcome = "complete";
  /** Whether the client had ended its side before a response began. */
  #isUnheard = false;
  #id = "";
  /** Why nothing can be sent any more, though the response is not complete. */
  #gone: unknown = undefined;
  /** Why nobody may be waiting for the response any more. */
  #left: unknown = undefined;
  #abort: AbortController | null = null;
  #drain: { resolve: () => void; reject: (reason: unknown) => void; promise: Promise<void> } | null = null;

  constructor(connection: Connection, head: RequestHead, received: RequestBody | null) {
    this.#connection = connection;
    this.head = head;
    this.received = received;
  }

  get body(): BodySource {
    return this.received ?? NO_BODY;
  }

  get connection(): ConnectionInfo {
    return this.#connection.info;
  }

  get started(): boolean {
    return this.#state !== OPEN;
  }

  /** Whether a byte of the response was sent. */
  get begun(): boolean {
    return this.#state > STARTED;
  }

  get ended(): boolean {
    return this.#state === ENDED;
  }

  // For observers.

  /** What a report of its failure is called by. Made when there is one. */
  get id(): string {
    if (this.#id === "") this.#id = randomBytes(6).toString("hex");
    return this.#id;
  }

  get reportedId(): string | null {
    return this.#id === "" ? null : this.#id;
  }

  /** The status that the client was sent; 0 if none, or if it had left by then. */
  get sentStatus(): number {
    return this.#isUnheard ? 0 : this.#status;
  }

  get sent(): number {
    return this.#sent;
  }

  get began(): number {
    return this.#began;
  }

  get fault(): FaultCode | null {
    return this.#fault;
  }

  get responseFields(): string {
    return this.#fields.text;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      const reason = this.#gone ?? this.#left;
      if (reason !== undefined) this.#abort.abort(reason);
    }
    return this.#abort.signal;
  }

  inform(status: number, fields: FieldList = []): void {
    if (status < 100 || status > 199 || status === 101) throw new TypeError(`inform: ${status} is not informational`);
    if (this.#state !== OPEN) throw new TypeError("inform: the response has started");
    const encoded = encodeFields(fields);
    const line = statusLine(status);
    if (this.head.minor === 1 && this.#gone === undefined)
      this.#connection.inform(status, line + encoded.text + "\r\n");
  }

  start(status: number, fields?: FieldList, reason?: string): void {
    if (this.#state !== OPEN) throw new TypeError("start: the response has started already");
    if (status < 200) throw new TypeError(`start: ${status} is not a final status`);
    if (status < 300 && this.head.method === "CONNECT")
      throw new TypeError("start: a tunnel is not sent, but taken over");
    this.#line = statusLine(status, reason);
    if (fields !== undefined) this.#fields = encodeFields(fields);
    this.#status = status;
    this.#state = STARTED;
  }

  write(chunk: Chunk): boolean {
    if (this.#state === OPEN) throw new TypeError("write: the response has not started");
    if (this.#state === ENDED && this.#gone === undefined) throw new TypeError("write: the response has ended");
    if (this.#gone !== undefined) return false;
    let head = "";
    if (this.#state === STARTED) {
      head = this.#streamHead();
      this.#state = STREAMING;
    }
    this.#sendPiece(head, chunk);
    return this.#connection.writable;
  }

  drained(): Promise<void> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#connection.writable) return Promise.resolve();
    if (this.#drain === null) {
      let resolve!: () => void;
      let reject!: (reason: unknown) => void;
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      this.#drain = { resolve, reject, promise };
    }
    return this.#drain.promise;
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    if (this.#state === OPEN) throw new TypeError("end: the response has not started");
    if (this.#state === ENDED && this.#gone === undefined) throw new TypeError("end: the response has ended already");
    if (this.#gone !== undefined) return;
    const last = trailers === undefined ? "0\r\n\r\n" : lastChunk(trailers);
    if (this.#state === STARTED && trailers === undefined) this.#sendWhole(chunk);
    else {
      const head = this.#state === STARTED ? this.#streamHead() : "";
      this.#sendPiece(head, chunk ?? "");
      if (this.#framing === FRAMING.CHUNKED) this.#connection.send(last, null);
    }
    this.#complete();
  }

  takeOver(): Duplex {
    if (this.#state !== OPEN) throw new TypeError("takeOver: the response has started");
    if (this.#gone !== undefined) throw this.#gone;
    if (!this.#connection.mayBeTakenOver) {
      throw new TypeError("takeOver: the request asks for no upgrade, is no CONNECT, or has a body");
    }
    this.#state = ENDED;
    this.#status = this.head.method === "CONNECT" ? 200 : 101;
    return this.#connection.takeOver();
  }

  waitUntil(work: Promise<unknown>): void {
    this.#connection.background(work, this);
  }

  abort(cause?: unknown): void {
    if (this.#state === ENDED) return;
    if (cause !== undefined && this.#gone === undefined) this.#report(cause);
    const outcome = this.#outcome === "complete" ? "cut" : this.#outcome;
    this.leave(cause ?? new DOMException("The exchange was aborted", "AbortError"), outcome);
    this.#connection.cut();
  }

  // From here on: what the connection tells the exchange.

  /** The handler threw. Before the response has started the client is told so, without being told what it was. */
  fail(error: unknown): void {
    if (this.#gone !== undefined) return;
    const expected = this.#left !== undefined && error === this.#left;
    // A client that still reads, and ended its side in the middle of a body, is told whose fault it was (RFC 9112 §8).
    const cutShort = expected && this.received?.complete === false;
    const fault = error instanceof FaultError ? error : cutShort ? faultOf("UNEXPECTED_EOF") : null;
    if (fault !== null) {
      this.#fault = fault.code;
      this.#outcome = "refused";
      this.#isUnheard = false;
    } else if (!expected) this.#report(error);
    if (this.#state === STREAMING) return this.abort();
    if (this.#state === ENDED) return;
    this.#state = OPEN;
    this.#fields = NO_ENCODED_FIELDS;
    const status = fault?.status ?? 500;
    this.start(status, ERROR_FIELDS);
    if (fault !== null) this.end(`${fault.code}: ${fault.message}\n`);
    else this.end(expected ? `${REASONS[status]}\n` : `${REASONS[status]}\nThe server's log knows it as ${this.id}\n`);
  }

  /** The client has left, or the connection was cut: nothing can be sent any more. */
  leave(reason: unknown, outcome: Outcome): void {
    if (this.#gone !== undefined) return;
    this.#gone = reason;
    if (this.#state < STREAMING) this.#status = 0;
    this.#state = ENDED;
    this.#connection.tellEnd(this, outcome);
    this.received?.fail(reason);
    this.#drain?.promise.catch(() => {});
    this.#drain?.reject(reason);
    this.#abort?.abort(reason);
  }

  /**
   * The client has sent its last byte. It may have left or may still read, which TCP does not tell: what is written is
   * sent, but the signal aborts, as Go's request context does, so that work nobody waits for can stop.
   */
  peerEnded(reason: unknown): void {
    this.received?.fail(reason);
    if (this.#state === ENDED) return;
    this.#left = reason;
    this.#outcome = "left";
    this.#isUnheard = this.#state < STREAMING;
    this.#abort?.abort(reason);
  }

  drain(): void {
    this.#drain?.resolve();
    this.#drain = null;
  }

  // How the response is framed.

  /** The response in one piece: its length is known. */
  #sendWhole(chunk: Chunk | undefined): void {
    const size = chunk === undefined ? 0 : typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
    const declared = this.#fields.length;
    const length = declared >= 0 ? declared : size;
    if (this.#decide(length) === FRAMING.NONE) {
      const head = this.#encodeHead(this.#lengthWithoutBody(declared < 0 && chunk === undefined ? -1 : length));
      return this.#connection.send(head, null);
    }
    const head = this.#encodeHead(length);
    if (length !== size) return this.#sendPiece(head, chunk ?? "");
    this.#sent = size;
    if (typeof chunk !== "string") this.#connection.send(head, chunk ?? null);
    else if (chunk.length === size) this.#connection.send(encodeWhole(head, this.#fields, chunk), null);
    else this.#connection.send(head, Buffer.from(chunk));
  }

  #streamHead(): string {
    if (this.#connection.observed) this.#began = performance.now();
    const declared = this.#fields.length;
    switch (this.#decide(declared)) {
      case FRAMING.LENGTH:
        return this.#encodeHead(declared);
      case FRAMING.CHUNKED:
        return this.#encodeHead(LENGTH.CHUNKED);
      case FRAMING.CLOSE:
        this.#close = true;
        return this.#encodeHead(LENGTH.UNSAID);
      case FRAMING.NONE:
        return this.#encodeHead(this.#lengthWithoutBody(declared));
    }
  }

  /** What the head of a response without a body says: to HEAD what it would to GET, if known (RFC 9110 §8.6). */
  #lengthWithoutBody(length: number): number {
    // 205 has no body, but a client cannot know that by its framing (RFC 9110 §15.3.6).
    if (this.#status === 205) return 0;
    return isBodiless(this.#status) ? LENGTH.UNSAID : length;
  }

  #decide(length: number): Framing {
    this.#framing = responseFraming(this.head.method, this.#status, this.head.minor, length);
    return this.#framing;
  }

  #encodeHead(length: number): string {
    this.#close ||= this.#fields.close || this.#connection.mustClose();
    const { minor } = this.head;
    const connection = this.#close ? "close" : minor === 0 ? "keep-alive" : "";
    return encodeHead(this.#line, this.#fields, length, connection);
  }

  /** Sends a piece of a streamed body, behind the head if it is the first. */
  #sendPiece(head: string, chunk: Chunk): void {
    const framing = this.#framing;
    const connection = this.#connection;
    if (framing === FRAMING.NONE) {
      if (head !== "") connection.send(head, null);
      return;
    }
    const size = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
    const ascii = typeof chunk === "string" && chunk.length === size;
    if (framing === FRAMING.CHUNKED) {
      if (size === 0) {
        if (head !== "") connection.send(head, null);
      } else if (ascii) connection.send(head + chunkLine(size) + chunk + "\r\n", null);
      else {
        connection.send(head + chunkLine(size), typeof chunk === "string" ? Buffer.from(chunk) : chunk);
        connection.send("\r\n", null);
      }
      this.#sent += size;
      return;
    }
    const room = framing === FRAMING.LENGTH ? this.#fields.length - this.#sent : size;
    if (size <= room && ascii) connection.send(head + chunk, null);
    else {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      connection.send(head, size <= room ? bytes : bytes.subarray(0, room));
    }
    this.#sent += Math.min(size, room);
    if (size > room) this.#misdeclared(`wrote more than the ${this.#fields.length} bytes of its Content-Length`);
  }

  #complete(): void {
    this.#state = ENDED;
    const declared = this.#fields.length;
    if (this.#framing === FRAMING.LENGTH && declared >= 0 && this.#sent < declared) {
      this.#misdeclared(`ended after ${this.#sent} of the ${declared} bytes of its Content-Length`);
      this.leave(new DOMException("The response was cut short", "AbortError"), this.#outcome);
      return this.#connection.cut();
    }
    this.#connection.tellEnd(this, this.#outcome);
    this.#connection.responseDone(this.#close);
  }

  #misdeclared(what: string): void {
    this.#report(new Error(`${this.head.method} ${this.head.target}: the application ${what}`));
  }

  #report(error: unknown): void {
    this.#outcome = "failed";
    this.#connection.report(error, this);
  }
}

const ERROR_FIELDS: FieldList = Object.freeze(["Content-Type", "text/plain;charset=UTF-8"]);
