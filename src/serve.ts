import { type FetchFunction, type FetchOptions, fetchHandler } from "./gateway/fetch/handler.ts";
import { wintertc } from "./gateway/wintertc/handler.ts";
import { isWintertc, type WintertcApplication } from "./gateway/wintertc/interface.ts";
import { Server, type ServerOptions } from "./server/server.ts";

export interface ServeOptions extends ServerOptions, FetchOptions {
  /** Answers a request: with a Response, or a promise of one. */
  readonly fetch: FetchFunction;
}

/**
 * Serves a fetch function over HTTP, from now on: `await serve({ fetch }).ready()`.
 * @throws {Error} `ready()` rejects with the system's `code`, as `EADDRINUSE`.
 */
export function serve(options: ServeOptions): Server;
/**
 * Serves a handler object of WinterTC's draft (marked as such), with its `connect()` if it has one.
 * @throws {TypeError} when the object is written for another version of the interface
 */
export function serve(application: WintertcApplication, options?: ServerOptions): Server;
export function serve(first: ServeOptions | WintertcApplication, options: ServerOptions = {}): Server {
  if (!isWintertc(first)) {
    const { fetch, error, ...rest } = first as ServeOptions;
    return new Server(fetchHandler(fetch, { error }), rest);
  }
  const handler = wintertc(first);
  return new Server(handler, first.connect === undefined ? options : { connect: handler, ...options });
}
