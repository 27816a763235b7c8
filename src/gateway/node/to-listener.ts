/**
 * The other direction: a handler as a listener of node:http, or as a middleware of Express and connect. Whoever serves it
 * frames what it sends; the contract is kept as far as node:http can.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { Duplex } from "node:stream";
import { type FieldLines, NO_FIELDS, writeFieldLines } from "../../http/field-lines.ts";
import { RequestHead } from "../../http/request-head.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "../contract.ts";

export interface ToNodeListenerOptions {
  /** Told what the handler throws, unless the listener is a middleware that can pass it on. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Also what Express and connect call: `next`, if there is one, gets an error from before the response has started. */
export type NodeMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error: unknown) => void,
) => void;

/**
 * Gives a listener that answers by way of the handler. What the handler throws before it has sent anything goes to `next`
 * or becomes a 500; after that, the connection is cut. Of informational responses node:http can send 100, 102, and 103 with
 * links. Nobody can take over, and nobody waits for what `waitUntil` names.
 */
export function toNodeListener(
  handler: Handler,
  { onError = console.error }: ToNodeListenerOptions = {},
): NodeMiddleware {
  return (request, response, next) => {
    const exchange = new ListenerExchange(request, response, onError);
    const fail = (error: unknown) => exchange.fail(error, next);
    try {
      handler(exchange)?.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  };
}

class ListenerExchange implements Exchange {
  readonly head: RequestHead;
  readonly body: BodySource;
  started = false;

  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #onError: (error: unknown) => void;
  /** The names of what `start` has set. */
  #names = new Set<string>();
  #ended = false;
  #abort: AbortController | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, onError: (error: unknown) => void) {
    const { method = "GET", url = "/", httpVersionMinor, httpVersionMajor, rawHeaders } = request;
    const minor = httpVersionMajor === 1 && httpVersionMinor === 0 ? 0 : 1;
    this.head = new RequestHead(method, url, minor, writeFieldLines(rawHeaders));
    this.body = new RequestSource(request);
    this.#request = request;
    this.#response = response;
    this.#onError = onError;
  }

  get signal(): AbortSignal {
    if (this.#abort === null) {
      const abort = new AbortController();
      this.#abort = abort;
      const closed = () => {
        if (!this.#ended) abort.abort(clientLeft());
      };
      if (this.#hasLeft) closed();
      else this.#response.once("close", closed);
    }
    return this.#abort.signal;
  }

  get connection(): ConnectionInfo {
    return new SocketInfo(this.#request);
  }

  inform(status: number, fields: FieldList = []): void {
    if (this.started) throw new TypeError("inform: the response has started");
    const response = this.#response;
    if (this.head.minor === 0 || this.#hasLeft) return;
    if (status === 100) response.writeContinue();
    else if (status === 102) response.writeProcessing();
    else if (status === 103) {
      const hints = [...grouped(fields)].map(([name, { values }]) => [name, values]);
      response.writeEarlyHints(Object.fromEntries(hints));
    }
  }

  start(status: number, fields: FieldList = [], reason = ""): void {
    if (this.started) throw new TypeError("start: the response has started already");
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new TypeError(`start: ${status} is not a final status`);
    }
    for (let at = 0; at < fields.length; at += 2) {
      validateHeaderName(fields[at]!);
      validateHeaderValue(fields[at]!, fields[at + 1]!);
    }
    this.started = true;
    const response = this.#response;
    if (response.headersSent) return;
    response.strictContentLength = true;
    response.statusCode = status;
    response.statusMessage = reason;
    for (const { name, values } of grouped(fields).values()) {
      response.setHeader(name, values.length === 1 ? values[0]! : values);
      this.#names.add(name);
    }
  }

  write(chunk: Chunk): boolean {
    this.#refuseUnlessOpen("write");
    return this.#hasLeft ? false : this.#response.write(chunk);
  }

  drained(): Promise<void> {
    const response = this.#response;
    if (this.#hasLeft) return Promise.reject(clientLeft());
    if (!response.writableNeedDrain) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = () => {
        response.off("drain", settle).off("close", settle);
        if (this.#hasLeft) reject(clientLeft());
        else resolve();
      };
      response.on("drain", settle).on("close", settle);
    });
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.#refuseUnlessOpen("end");
    if (!this.#hasLeft) this.#end(chunk, trailers);
    this.#ended = true;
  }

  /** @throws {Error} when the body is shorter or longer than declared */
  #end(chunk: Chunk | undefined, trailers: FieldList | undefined): void {
    const response = this.#response;
    if (trailers !== undefined) {
      // A head that is sent without its body cannot tell its length: only chunks can be followed by trailers.
      response.flushHeaders();
      response.addTrailers([...writeFieldLines(trailers)]);
    }
    response.end(chunk);
  }

  takeOver(): Duplex {
    throw new TypeError("takeOver: the connection is node:http's");
  }

  waitUntil(work: Promise<unknown>): void {
    work.then(undefined, this.#onError);
  }

  abort(cause?: unknown): void {
    if (this.#ended) return;
    if (cause !== undefined && !this.#hasLeft) this.#onError(cause);
    this.#response.destroy();
  }

  /** The handler threw. */
  fail(error: unknown, next: ((error: unknown) => void) | undefined): void {
    const response = this.#response;
    if (this.#hasLeft || this.#ended) {
      if (this.#ended) this.#onError(error);
      return;
    }
    if (response.headersSent) return this.abort(error);
    for (const name of this.#names) response.removeHeader(name);
    if (next !== undefined) return next(error);
    this.#onError(error);
    this.#ended = true;
    response.writeHead(500, { "Content-Type": "text/plain;charset=UTF-8" }).end("Internal Server Error\n");
  }

  get #hasLeft(): boolean {
    return this.#response.destroyed;
  }

  #refuseUnlessOpen(call: string): void {
    if (!this.started) throw new TypeError(`${call}: the response has not started`);
    if (this.#ended) throw new TypeError(`${call}: the response has ended`);
  }
}

class RequestSource implements BodySource {
  readonly length: number | null;
  readonly #request: IncomingMessage;
  #pieces: AsyncIterator<Uint8Array> | null = null;
  #isDiscarded = false;

  constructor(request: IncomingMessage) {
    const { "transfer-encoding": coding, "content-length": length = "0" } = request.headers;
    this.length = coding === undefined ? Number(length) : null;
    this.#request = request;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.length === 0 || this.#isDiscarded) return null;
    this.#pieces ??= this.#request.iterator({ destroyOnReturn: false });
    try {
      const { value } = await this.#pieces.next();
      return value ?? null;
    } catch (error) {
      throw this.#request.aborted ? clientLeft() : error;
    }
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    void Promise.resolve(this.#pieces?.return?.()).then(() => this.#request.resume());
  }

  get trailers(): FieldLines {
    const { rawTrailers } = this.#request;
    return rawTrailers.length === 0 ? NO_FIELDS : writeFieldLines(rawTrailers);
  }
}

class SocketInfo implements ConnectionInfo {
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get remoteAddress(): string {
    return this.#request.socket.remoteAddress ?? "";
  }

  get remotePort(): number {
    return this.#request.socket.remotePort ?? 0;
  }

  get localAddress(): string {
    return this.#request.socket.localAddress ?? "";
  }

  get localPort(): number {
    return this.#request.socket.localPort ?? 0;
  }

  get encrypted(): boolean {
    return "encrypted" in this.#request.socket && this.#request.socket.encrypted === true;
  }
}

interface Field {
  readonly name: string;
  readonly values: string[];
}

/** Fields by their names in lower case. */
function grouped(fields: FieldList): Map<string, Field> {
  const known = new Map<string, Field>();
  for (let at = 0; at < fields.length; at += 2) {
    const [name, value] = [fields[at]!, fields[at + 1]!];
    const field = known.get(name.toLowerCase());
    if (field === undefined) known.set(name.toLowerCase(), { name, values: [value] });
    else field.values.push(value);
  }
  return known;
}

function clientLeft(): DOMException {
  return new DOMException("The client closed the connection", "AbortError");
}
