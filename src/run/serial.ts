/** The model "serial": one request at a time; the next waits until the response before it is complete. */
import type { Duplex } from "node:stream";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "../gateway/contract.ts";

/**
 * Wraps a handler so that no two of its requests overlap, whatever it awaits. A turn ends with the response, or when the
 * client has left. The turn is a request's and not a connection's: an idle kept connection does not hold up the others.
 */
export function serial(handler: Handler): Handler {
  const waiting: (() => void)[] = [];
  let isTaken = false;

  const passOn = () => {
    const next = waiting.shift();
    if (next === undefined) isTaken = false;
    else next();
  };
  return async (exchange) => {
    if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve));
    isTaken = true;
    const turn = new Turn(exchange, passOn);
    try {
      await handler(turn);
    } catch (error) {
      turn.over();
      throw error;
    }
  };
}

/** An exchange that tells when it is complete. */
class Turn implements Exchange {
  readonly #inner: Exchange;
  #passOn: (() => void) | null;

  constructor(inner: Exchange, passOn: () => void) {
    this.#inner = inner;
    this.#passOn = passOn;
    if (inner.signal.aborted) this.over();
    else inner.signal.addEventListener("abort", () => this.over(), { once: true });
  }

  over(): void {
    this.#passOn?.();
    this.#passOn = null;
  }

  get head() {
    return this.#inner.head;
  }

  get body(): BodySource {
    return this.#inner.body;
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  get connection(): ConnectionInfo {
    return this.#inner.connection;
  }

  get started(): boolean {
    return this.#inner.started;
  }

  inform(status: number, fields?: FieldList): void {
    this.#inner.inform(status, fields);
  }

  start(status: number, fields?: FieldList, reason?: string): void {
    this.#inner.start(status, fields, reason);
  }

  write(chunk: Chunk): boolean {
    return this.#inner.write(chunk);
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.#inner.end(chunk, trailers);
    this.over();
  }

  takeOver(): Duplex {
    const socket = this.#inner.takeOver();
    this.over();
    return socket;
  }

  abort(cause?: unknown): void {
    this.#inner.abort(cause);
    this.over();
  }
}
