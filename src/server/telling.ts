/** What a connection tells of its requests: to the server's observers, and to whoever subscribes to its channels. */
import type { Fault } from "../core/faults.ts";
import type { RequestParser } from "../http1/request-parser.ts";
import type { EndedRequest, ObservedConnection, Outcome } from "./events.ts";
import type { ServerExchange } from "./exchange.ts";
import type { Host } from "./host.ts";
import { REQUEST_END, REQUEST_ERROR } from "./tracing.ts";

/** Whether anybody wants to know how requests end. */
export function isObserved({ audience }: Host): boolean {
  return audience !== null || REQUEST_END.hasSubscribers;
}

/** Tells what failed in the application, and counts it. */
export function tellFailure(host: Host, exchange: ServerExchange, error: unknown): void {
  host.counters.errors++;
  const { id } = exchange;
  if (REQUEST_ERROR.hasSubscribers) REQUEST_ERROR.publish({ exchange, error, id });
  host.report(error, exchange, id);
}

/**
 * Tells that an exchange is over.
 * @param since when its head was whole, as `performance.now()` has it; 0 if nobody looked
 * @param received bytes of its request's body
 */
export function tellEnd(
  host: Host,
  connection: ObservedConnection,
  exchange: ServerExchange,
  outcome: Outcome,
  since: number,
  received: number,
): void {
  if (!isObserved(host)) return;
  const until = performance.now();
  tell(host, exchange, {
    connection,
    head: exchange.head,
    line: "",
    status: exchange.sentStatus,
    outcome,
    fault: exchange.fault,
    id: exchange.reportedId,
    responseFields: exchange.responseFields,
    received,
    sent: exchange.sent,
    since: since || until,
    began: exchange.began || until,
    until,
  });
}

/**
 * Tells of a request that never came to be an exchange; or of a connection, turned away before there was a request.
 * @param parser what has read of it, if anything has
 * @param responseFields of what it was told, and `sent` that body's bytes
 */
export function tellRefusal(
  host: Host,
  connection: ObservedConnection,
  parser: RequestParser | null,
  { code, status }: Fault,
  responseFields: string,
  sent: number,
): void {
  if (!isObserved(host)) return;
  const now = performance.now();
  const head = parser?.head ?? null;
  tell(host, null, {
    connection,
    head,
    line: head === null ? (parser?.firstLine ?? "") : "",
    status,
    outcome: "refused",
    fault: code,
    id: null,
    responseFields,
    received: 0,
    sent,
    since: now,
    began: now,
    until: now,
  });
}

function tell({ audience }: Host, exchange: ServerExchange | null, request: EndedRequest): void {
  audience?.ended(request);
  if (REQUEST_END.hasSubscribers) REQUEST_END.publish({ exchange, request });
}
