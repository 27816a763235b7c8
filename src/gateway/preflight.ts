/** Preflights (Fetch standard) answered in front of an application, which then need not know of them. */
import { isPreflight, PREFLIGHT_FIELDS } from "../http/cors.ts";
import type { Exchange, Handler } from "./contract.ts";

/** Answers preflights: scripts of any origin may send anything. What they get back is theirs to read only by CORS_FIELDS. */
export function withPreflights(handler: Handler): Handler {
  return (exchange) => (isPreflight(exchange.head) ? answerPreflight(exchange) : handler(exchange));
}

export function answerPreflight(exchange: Exchange): void {
  exchange.start(204, PREFLIGHT_FIELDS);
  exchange.end();
}
