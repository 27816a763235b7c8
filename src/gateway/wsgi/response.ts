/** One call's response: what `startResponse` and `write` do, and how the pieces that were returned go out. */
import { isBodiless } from "../../http/status.ts";
import type { Exchange, FieldList } from "../contract.ts";
import { checkPiece, checkResult, checkStatus, fieldsFrom } from "./checks.ts";
import type { Piece, StartResponse, Write, WsgiErrors, WsgiResult } from "./interface.ts";

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly fields: FieldList;
  /** The Content-Length it declares. */
  readonly length: number;
}

/** The length of a body that declares none. */
const UNKNOWN = Number.POSITIVE_INFINITY;

const ROOM = Promise.resolve();

export class WsgiResponse {
  readonly #exchange: Exchange;
  readonly #errors: WsgiErrors;
  #head: Head | null = null;
  /** Whether a piece was sent: no other head can take the place of this one. */
  #begun = false;
  /** Body bytes that were sent. */
  #sent = 0;

  constructor(exchange: Exchange, errors: WsgiErrors) {
    this.#exchange = exchange;
    this.#errors = errors;
  }

  readonly start: StartResponse = (status, headers, excInfo) => {
    const isLate = excInfo !== undefined && excInfo !== null;
    if (isLate && this.#begun) throw excInfo;
    if (!isLate && this.#head !== null) throw new TypeError("startResponse was called twice, without excInfo");
    checkStatus(status);
    const fields = fieldsFrom(headers);
    this.#head = { status: Number(status.slice(0, 3)), reason: status.slice(4), fields, length: lengthIn(fields) };
    return this.#write;
  };

  readonly #write: Write = (piece) => {
    checkPiece(piece);
    if (this.#sent + sizeOf(piece) > this.#head!.length) throw new TypeError(`write: ${this.#tooMuch}`);
    if (this.#send(piece)) return ROOM;
    const drained = this.#exchange.drained();
    // Whoever does not wait is not told that the client has left, either.
    drained.catch(() => {});
    return drained;
  };

  /** Sends what the application returned. A list of one piece, the usual case, goes out whole and costs no promise. */
  finish(result: unknown): void | Promise<void> {
    checkResult(result);
    const isOne = Array.isArray(result) && result.length === 1 && !("close" in result);
    if (!isOne || this.#begun) return this.#sendEach(result);
    const piece: unknown = result[0];
    checkPiece(piece);
    const { length } = this.#requireHead();
    if (length !== UNKNOWN && length !== sizeOf(piece)) return this.#sendEach(result);
    this.#begin();
    this.#exchange.end(piece);
  }

  async #sendEach(result: WsgiResult): Promise<void> {
    const { signal } = this.#exchange;
    const pieces = new Pieces(result);
    // What an application waits for may never come once nobody listens: it is told at once.
    const leave = () => void pieces.close().catch((error) => this.#warn(`close() failed: ${error}`));
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    try {
      await this.#sendPieces(pieces);
      // The pieces may have ended because they were closed.
      if (signal.aborted) this.#exchange.abort();
      else this.#end();
    } finally {
      signal.removeEventListener("abort", leave);
      await pieces.close();
    }
  }

  async #sendPieces(pieces: Pieces): Promise<void> {
    while (!this.#isComplete) {
      const step = pieces.next();
      const { done, value } = step instanceof Promise ? await step : step;
      if (done) return;
      checkPiece(value);
      if (!this.#send(this.#cut(value))) await this.#exchange.drained();
    }
  }

  /** Whether nothing that could still be given would be sent. */
  get #isComplete(): boolean {
    if (this.#head === null) return false;
    return this.#sent >= this.#head.length || (this.#begun && !this.#hasBody);
  }

  get #hasBody(): boolean {
    return this.#exchange.head.method !== "HEAD" && !isBodiless(this.#head!.status);
  }

  /** Leaves of a piece what its Content-Length has room for. */
  #cut(piece: Piece): Piece {
    const room = (this.#head?.length ?? UNKNOWN) - this.#sent;
    if (sizeOf(piece) <= room) return piece;
    this.#warn(`the application gave ${this.#tooMuch}`);
    return Buffer.from(piece as string).subarray(0, room);
  }

  get #tooMuch(): string {
    return `more than the ${this.#head!.length} bytes of its Content-Length`;
  }

  /** Sends a piece; false asks to wait. An empty one does not begin the response. */
  #send(piece: Piece): boolean {
    const size = sizeOf(piece);
    if (size === 0) return true;
    this.#begin();
    this.#sent += size;
    return this.#exchange.write(piece);
  }

  #begin(): void {
    if (this.#begun) return;
    const { status, fields, reason } = this.#requireHead();
    this.#exchange.start(status, fields, reason);
    this.#begun = true;
  }

  #end(): void {
    const { length } = this.#requireHead();
    if (length !== UNKNOWN && this.#sent < length && this.#hasBody) {
      throw new Error(`the application gave ${this.#sent} of the ${length} bytes of its Content-Length`);
    }
    this.#begin();
    this.#exchange.end();
  }

  #requireHead(): Head {
    if (this.#head === null) throw new TypeError("the application gave its body before it called startResponse");
    return this.#head;
  }

  #warn(text: string): void {
    const { method, target } = this.#exchange.head;
    this.#errors.write(`wsgi: ${method} ${target}: ${text}\n`);
  }
}

/** The pieces that an application returned, which are closed once. */
class Pieces {
  readonly #result: WsgiResult;
  readonly #iterator: Iterator<unknown> | AsyncIterator<unknown>;
  #ended = false;
  #closing: Promise<void> | null = null;

  constructor(result: WsgiResult) {
    this.#result = result;
    this.#iterator =
      Symbol.asyncIterator in result ? result[Symbol.asyncIterator]() : (result as Iterable<Piece>)[Symbol.iterator]();
  }

  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> {
    try {
      const step = this.#iterator.next();
      if (!("then" in step)) return this.#taken(step);
      return Promise.resolve(step).then(
        (settled) => this.#taken(settled),
        (error) => this.#failed(error),
      );
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** An iterator that has thrown has ended. */
  #failed(error: unknown): never {
    this.#ended = true;
    throw error;
  }

  #taken(step: IteratorResult<unknown>): IteratorResult<unknown> {
    this.#ended = step.done === true;
    return step;
  }

  /** Ends an iteration that has not ended by itself, as leaving a loop does, and calls the application's `close()`. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // A generator that still waits ends only after that: close() must not have to wait for it.
    const returned = this.#ended ? undefined : this.#iterator.return?.();
    await Promise.all([returned, this.#result.close?.()]);
  }
}

function lengthIn(fields: FieldList): number {
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at]!.toLowerCase() !== "content-length") continue;
    if (/^[0-9]{1,15}$/.test(fields[at + 1]!)) return Number(fields[at + 1]);
    throw new TypeError(`startResponse: Content-Length ${fields[at + 1]} is not a number of bytes`);
  }
  return UNKNOWN;
}

function sizeOf(piece: Piece): number {
  return typeof piece === "string" ? Buffer.byteLength(piece) : piece.byteLength;
}
