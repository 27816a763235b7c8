import { type FetchFunction, type FetchOptions, fetchHandler } from "./gateway/fetch/handler.ts";
import { Server, type ServerOptions } from "./server/server.ts";

export interface ServeOptions extends ServerOptions, FetchOptions {
  /** Answers a request: with a Response, or a promise of one. */
  readonly fetch: FetchFunction;
}

/**
 * Serves a fetch function over HTTP, from now on: `await serve({ fetch }).ready()`.
 * @throws {Error} `ready()` rejects with the system's `code`, as `EADDRINUSE`.
 */
export function serve({ fetch, error, ...options }: ServeOptions): Server {
  return new Server(fetchHandler(fetch, { error }), options);
}
