/**
 * An exchange in the draft's terms: it knows which of the states it is in, tells of its end, and what goes wrong has a
 * code. The context is the application's view of it.
 */
import type { Duplex } from "node:stream";
import type { BodySource, Chunk, Exchange, FieldList } from "../contract.ts";
import { DelegatingExchange } from "../delegate.ts";
import { ServerRequest } from "../fetch/request.ts";
import { type ProtocolError, protocolError, translated } from "./errors.ts";
import type { Tunnel } from "./tunnel.ts";

/** Where an exchange stands ("Exchange states"). That it was aborted comes on top of any, and is asked for. */
export const STATE = { OPEN: 0, INFORMATIONAL: 1, COMMITTED: 2, DENIED: 3 } as const;

interface Waiting {
  readonly promise: Promise<undefined>;
  readonly resolve: (value: undefined) => void;
  readonly reject: (error: ProtocolError) => void;
}

export class ContextExchange extends DelegatingExchange {
  /** What `accept()` has opened. */
  tunnel: Tunnel | null = null;
  /** Whether `connect()` has left the request to `fetch()`. */
  fallenThrough = false;
  state: (typeof STATE)[keyof typeof STATE] = STATE.OPEN;

  #request: ServerRequest | null = null;
  #body: BodySource | null = null;
  #abort: AbortController | null = null;
  #completed: Waiting | null = null;
  /** Whether the response, or the denial, was handed over in full. */
  #ended = false;
  /** Why it never will be. */
  #failure: ProtocolError | null = null;
  #watched = false;
  /** Whether the client waits for 100 (Continue); `null` until somebody has to know. */
  #expects: boolean | null = null;

  /** Whether the response was decided, or that there will be none. */
  get decided(): boolean {
    return this.state >= STATE.COMMITTED;
  }

  get request(): ServerRequest {
    this.#request ??= new ServerRequest(this);
    return this.#request;
  }

  /** Why the exchange was aborted; `null` if it was not. A denial is our own doing. */
  get aborted(): ProtocolError | null {
    if (this.state === STATE.DENIED) return null;
    if (this.#failure === null && this.inner.signal.aborted) this.#failure = translated(this.inner.signal.reason);
    return this.#failure;
  }

  override get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.aborted === null) this.#watch();
      else this.#abort.abort(this.aborted);
    }
    return this.#abort.signal;
  }

  override get body(): BodySource {
    this.#body ??= new ContextBody(this.inner.body, this);
    return this.#body;
  }

  /** Settles when the response was handed to the transport, or will never be. */
  get completed(): Promise<undefined> {
    if (this.#completed === null) {
      this.#completed = waiting();
      if (this.aborted !== null) this.#completed.reject(this.aborted);
      else if (this.#ended) this.#completed.resolve(undefined);
      else this.#watch();
    }
    return this.#completed.promise;
  }

  /** Whether the client waits for 100 (Continue). Once the response has begun it gets none. */
  get expectsContinue(): boolean {
    this.#expects ??= expectsContinue(this.inner);
    return this.#expects && !this.started;
  }

  override inform(status: number, fields?: FieldList): void {
    this.inner.inform(status, fields);
    if (status === 100) this.#expects = false;
    this.state = STATE.INFORMATIONAL;
  }

  override start(status: number, fields?: FieldList, reason?: string): void {
    this.inner.start(status, fields, reason);
    if (this.state !== STATE.DENIED) this.state = STATE.COMMITTED;
  }

  override end(chunk?: Chunk, trailers?: FieldList): void {
    this.inner.end(chunk, trailers);
    this.conclude();
  }

  override takeOver(): Duplex {
    const socket = this.inner.takeOver();
    this.state = STATE.COMMITTED;
    return socket;
  }

  override abort(cause?: unknown): void {
    this.fail(protocolError("ERR_HTTP_INTERNAL_ERROR", "The response was given up", cause));
    this.inner.abort(cause);
  }

  /** Ends the exchange without a word. */
  cut(): void {
    this.conclude();
    this.inner.abort();
  }

  conclude(): void {
    if (this.#failure !== null) return;
    this.#ended = true;
    this.#completed?.resolve(undefined);
  }

  fail(error: ProtocolError): void {
    if (this.#ended) return;
    this.#failure ??= error;
    this.#abort?.abort(this.#failure);
    this.#completed?.reject(this.#failure);
  }

  /** What is of no consequence for the exchange, but should be known: work that is waited for has no other either. */
  report(error: unknown): void {
    this.inner.waitUntil(Promise.reject(error));
  }

  #watch(): void {
    if (this.#watched) return;
    this.#watched = true;
    const { signal } = this.inner;
    signal.addEventListener("abort", () => this.fail(translated(signal.reason)), { once: true });
  }
}

/** Nobody has to take an interest in the end: if it is a bad one, that is no unhandled rejection. */
function waiting(): Waiting {
  let resolve!: Waiting["resolve"];
  let reject!: Waiting["reject"];
  const promise = new Promise<undefined>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

/** RFC 9110 §10.1.1: of a request without a body, or of HTTP/1.0, it means nothing. */
function expectsContinue({ head, body }: Exchange): boolean {
  return head.minor === 1 && body.length !== 0 && head.fields.get("expect")?.toLowerCase() === "100-continue";
}

/** The request's body. To read it is to send the 100 (Continue) that the client waits for. */
class ContextBody implements BodySource {
  readonly text?: () => Promise<string>;
  readonly #inner: BodySource;
  readonly #exchange: ContextExchange;

  constructor(inner: BodySource, exchange: ContextExchange) {
    this.#inner = inner;
    this.#exchange = exchange;
    if (inner.text !== undefined) this.text = () => this.#reading(() => inner.text!());
  }

  get length(): number | null {
    return this.#inner.length;
  }

  get trailers() {
    return this.#inner.trailers;
  }

  read(): Promise<Uint8Array | null> {
    return this.#reading(() => this.#inner.read());
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#exchange.expectsContinue) this.#exchange.inform(100);
    try {
      return await read();
    } catch (error) {
      throw translated(error);
    }
  }

  discard(): void {
    this.#inner.discard();
  }
}
