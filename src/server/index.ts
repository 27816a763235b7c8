/** Joins sockets, HTTP/1.1 and a handler. */
export type { Handler } from "../gateway/contract.ts";
export type { EndedRequest, ObservedConnection, Outcome, PendingRequest, ServerObserver } from "./events.ts";
export { Server, type ServerOptions } from "./server.ts";
export type {
  ConnectionMessage,
  RequestEndMessage,
  RequestErrorMessage,
  RequestStartMessage,
} from "./tracing.ts";
