/**
 * The server's events for tracers: channels of `node:diagnostics_channel`, which anything in the process may subscribe
 * to. A channel without subscribers costs a look at it. A store that is bound to the start channel (`bindStore`) is in
 * force while the handler runs, so that a tracer's span follows the request; its parent is the request's `traceparent`.
 */
import { type Channel, channel } from "node:diagnostics_channel";
import type { Exchange, Handler } from "../gateway/contract.ts";
import type { EndedRequest, ObservedConnection } from "./events.ts";

/** `portico.connection.open` and `portico.connection.close`. */
export interface ConnectionMessage {
  readonly connection: ObservedConnection;
}

/** `portico.request.start`: the handler is called next. */
export interface RequestStartMessage {
  readonly exchange: Exchange;
}

/** `portico.request.error`: the application failed the request, whose end follows. */
export interface RequestErrorMessage {
  readonly exchange: Exchange;
  readonly error: unknown;
  readonly id: string;
}

/** `portico.request.end`; `exchange` is `null` when the request was refused before there was one. */
export interface RequestEndMessage {
  readonly exchange: Exchange | null;
  readonly request: EndedRequest;
}

export const CONNECTION_OPEN = channel("portico.connection.open") as Channel<unknown, ConnectionMessage>;
export const CONNECTION_CLOSE = channel("portico.connection.close") as Channel<unknown, ConnectionMessage>;
export const REQUEST_START = channel("portico.request.start") as Channel<unknown, RequestStartMessage>;
export const REQUEST_ERROR = channel("portico.request.error") as Channel<unknown, RequestErrorMessage>;
export const REQUEST_END = channel("portico.request.end") as Channel<unknown, RequestEndMessage>;

/** The handler, called with the request's start published and the tracers' stores in force. */
export function traced(handler: Handler): Handler {
  return (exchange) => REQUEST_START.runStores({ exchange }, handler, undefined, exchange);
}
