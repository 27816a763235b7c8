/** The model "serial": one request at a time; the next waits until the response before it is complete. */
import type { Duplex } from "node:stream";
import type { Chunk, Exchange, FieldList, Handler } from "../gateway/contract.ts";
import { DelegatingExchange } from "../gateway/delegate.ts";

/** A handler that answers one request at a time, and says how many there are. */
export interface SerialHandler extends Handler {
  /** Whether a request has its turn: 1 or 0. */
  readonly running: number;
  /** Requests that wait for theirs. */
  readonly waiting: number;
}

/**
 * Wraps a handler so that no two of its requests overlap, whatever it awaits. A turn ends with the response, or when the
 * client has left; whose client leaves before has none. The turn is a request's and not a connection's: an idle kept
 * connection does not hold up the others.
 */
export function serial(handler: Handler): SerialHandler {
  const waiting = new Set<() => void>();
  let isTaken = false;

  const passOn = () => {
    const [next] = waiting;
    if (next === undefined) isTaken = false;
    else next();
  };
  /** Resolves with true when it is this request's turn; with false when its client has left before. */
  const itsTurn = (signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const begin = () => settle(true);
      const leave = () => settle(false);
      const settle = (begins: boolean) => {
        waiting.delete(begin);
        signal.removeEventListener("abort", leave);
        resolve(begins);
      };
      waiting.add(begin);
      signal.addEventListener("abort", leave);
    });
  const inTurn: Handler = async (exchange) => {
    if (isTaken && !(await itsTurn(exchange.signal))) return;
    isTaken = true;
    const turn = new Turn(exchange, passOn);
    try {
      await handler(turn);
    } catch (error) {
      turn.over();
      throw error;
    }
  };
  return Object.defineProperties(inTurn, {
    running: { get: () => Number(isTaken) },
    waiting: { get: () => waiting.size },
  }) as SerialHandler;
}

/** An exchange that tells when it is complete. */
class Turn extends DelegatingExchange {
  #passOn: (() => void) | null;

  constructor(inner: Exchange, passOn: () => void) {
    super(inner);
    this.#passOn = passOn;
    if (inner.signal.aborted) this.over();
    else inner.signal.addEventListener("abort", () => this.over(), { once: true });
  }

  over(): void {
    this.#passOn?.();
    this.#passOn = null;
  }

  override end(chunk?: Chunk, trailers?: FieldList): void {
    super.end(chunk, trailers);
    this.over();
  }

  override takeOver(): Duplex {
    const socket = super.takeOver();
    this.over();
    return socket;
  }

  override abort(cause?: unknown): void {
    super.abort(cause);
    this.over();
  }
}
