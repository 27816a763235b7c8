/**
 * The other direction: a handler as a fetch function. It needs no server and no socket, so it is how applications are
 * called in tests, and how they run where somebody else serves.
 */
import type { Duplex } from "node:stream";
import { type FieldLines, NO_FIELDS, writeFieldLines } from "../http/field-lines.ts";
import { RequestHead } from "../http/request-head.ts";
import { isBodiless } from "../http/status.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "./contract.ts";
import { NativeHeaders, NativeResponse } from "./fetch/platform.ts";

/**
 * Gives a function that answers a Request by way of the handler. Its promise resolves once the response's head is decided,
 * and rejects with what the handler throws before, or with the reason of an `abort`. Bodies stream both ways, each at the
 * pace of its reader. Informational responses and trailers are dropped, because fetch knows neither; nobody can take over,
 * and nobody waits for what `waitUntil` names.
 */
export function toFetch(handler: Handler): (request: Request) => Promise<Response> {
  return (request) =>
    new Promise((resolve, reject) => {
      const exchange = new FetchExchange(request, resolve, reject);
      Promise.resolve(exchange)
        .then(handler)
        .catch((error) => exchange.abort(error));
    });
}

/** Bytes of a response that may wait for their reader. */
const HIGH_WATER = 64 * 1024;

class FetchExchange implements Exchange {
  readonly head: RequestHead;
  readonly body: BodySource;
  readonly connection: ConnectionInfo;

  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #abort = new AbortController();
  #status = 0;
  #reason = "";
  #headers = new NativeHeaders();
  /** Where pieces go once the response streams; `null` when it has no body. */
  #pieces: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  #begun = false;
  #over = false;
  #waiting: (() => void)[] = [];

  constructor(request: Request, resolve: (response: Response) => void, reject: (reason: unknown) => void) {
    const url = new URL(request.url);
    const headers = request.headers.has("host") ? [...request.headers] : [["host", url.host], ...request.headers];
    this.head = new RequestHead(request.method, url.pathname + url.search, 1, writeFieldLines(headers.flat()));
    this.body = new StreamSource(request);
    this.connection = {
      remoteAddress: "",
      remotePort: 0,
      localAddress: "",
      localPort: 0,
      encrypted: url.protocol === "https:",
    };
    this.#resolve = resolve;
    this.#reject = reject;
    if (request.signal.aborted) this.#leave();
    else request.signal.addEventListener("abort", () => this.#leave(), { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get started(): boolean {
    return this.#status !== 0;
  }

  inform(): void {
    if (this.started) throw new TypeError("inform: the response has started");
  }

  start(status: number, fields: FieldList = [], reason = ""): void {
    if (this.started) throw new TypeError("start: the response has started already");
    if (status < 200 || status > 599) throw new TypeError(`start: ${status} is not a final status`);
    const headers = new NativeHeaders();
    for (let at = 0; at < fields.length; at += 2) headers.append(fields[at]!, fields[at + 1]!);
    this.#headers = headers;
    this.#status = status;
    this.#reason = reason;
  }

  write(chunk: Chunk): boolean {
    this.#refuseUnlessOpen("write");
    if (this.signal.aborted) return false;
    if (!this.#begun) this.#begin();
    this.#push(chunk);
    return this.#pieces === null || this.#pieces.desiredSize! > 0;
  }

  drained(): Promise<void> {
    if (this.signal.aborted) return Promise.reject(this.signal.reason);
    if (this.#pieces === null || this.#pieces.desiredSize! > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => (this.signal.aborted ? reject(this.signal.reason) : resolve()));
    });
  }

  end(chunk?: Chunk): void {
    this.#refuseUnlessOpen("end");
    this.#over = true;
    if (this.signal.aborted) return;
    if (this.#begun) {
      if (chunk !== undefined) this.#push(chunk);
      return this.#pieces?.close();
    }
    this.#begun = true;
    this.#respond(this.#isBodiless ? null : (chunk ?? null));
  }

  takeOver(): Duplex {
    throw new TypeError("takeOver: there is no connection here");
  }

  waitUntil(work: Promise<unknown>): void {
    Promise.resolve(work).catch((error) => console.error(error));
  }

  abort(cause: unknown = new DOMException("The exchange was aborted", "AbortError")): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#begun) this.#pieces?.error(cause);
    else this.#reject(cause);
    this.#cut(cause);
  }

  /** Whoever asked has gone: its request was aborted, or the response's body was cancelled. */
  #leave(): void {
    if (this.#over) return;
    const reason = new DOMException("The client closed the connection", "AbortError");
    if (this.#begun) this.#pieces?.error(reason);
    else this.#reject(reason);
    this.#cut(reason);
  }

  #cut(reason: unknown): void {
    this.#pieces = null;
    this.#abort.abort(reason);
    this.#wake();
  }

  #begin(): void {
    this.#begun = true;
    if (this.#isBodiless) return this.#respond(null);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#pieces = controller;
        },
        pull: () => this.#wake(),
        cancel: () => {
          this.#begun = false;
          this.#leave();
        },
      },
      { highWaterMark: HIGH_WATER, size: (piece) => piece.byteLength },
    );
    this.#respond(body);
  }

  #respond(body: Chunk | ReadableStream | null): void {
    const init = { status: this.#status, statusText: this.#reason, headers: this.#headers };
    // A string would bring a content type of its own.
    this.#resolve(new NativeResponse(body === null || body instanceof ReadableStream ? body : bytesOf(body), init));
  }

  #push(chunk: Chunk): void {
    const bytes = bytesOf(chunk);
    if (bytes.length > 0) this.#pieces?.enqueue(bytes);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #refuseUnlessOpen(call: string): void {
    if (!this.started) throw new TypeError(`${call}: the response has not started`);
    if (this.#over && !this.signal.aborted) throw new TypeError(`${call}: the response has ended`);
  }

  get #isBodiless(): boolean {
    return this.head.method === "HEAD" || this.#status === 205 || isBodiless(this.#status);
  }
}

class StreamSource implements BodySource {
  readonly length: number | null;
  readonly trailers: FieldLines = NO_FIELDS;
  readonly #stream: ReadableStream<Uint8Array> | null;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  constructor({ body, headers }: Request) {
    const declared = headers.get("content-length");
    this.length = body === null ? 0 : declared === null ? null : Number(declared);
    this.#stream = body;
  }

  async read(): Promise<Uint8Array | null> {
    this.#reader ??= this.#stream?.getReader() ?? null;
    const result = await this.#reader?.read();
    return result?.value ?? null;
  }

  discard(): void {
    this.#reader ??= this.#stream?.getReader() ?? null;
    // What the stream's source says to that concerns nobody any more.
    this.#reader?.cancel().catch(() => {});
  }
}

/** Bytes that are the reader's own: it may pass their buffer on. */
function bytesOf(chunk: Chunk): Uint8Array<ArrayBuffer> {
  return typeof chunk === "string" ? new TextEncoder().encode(chunk) : new Uint8Array(chunk);
}
