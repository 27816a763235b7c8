/**
 * The Web Server Gateway Interface (PEP 3333): `application(environ, startResponse)` gives the pieces of a body.
 * docs/gateway-wsgi.md says what it comes to in TypeScript.
 */
import type { Handler } from "../contract.ts";
import { environOf } from "./environ.ts";
import type { WsgiApplication, WsgiErrors } from "./interface.ts";
import { WsgiResponse } from "./response.ts";

export interface WsgiOptions {
  /** Where `wsgi.errors` goes. Default: standard error. */
  readonly errors?: WsgiErrors | undefined;
  /** Whether calls may overlap in one memory. Default true, as requests do that wait on one event loop. */
  readonly multithread?: boolean | undefined;
  /** Whether the same application runs in other threads or processes, each with a memory of its own. Default false. */
  readonly multiprocess?: boolean | undefined;
}

const STANDARD_ERROR: WsgiErrors = {
  write: (text) => void process.stderr.write(text),
  writelines: (lines) => void process.stderr.write([...lines].join("")),
  flush() {},
};

export function wsgi(application: WsgiApplication, options: WsgiOptions = {}): Handler {
  const { errors = STANDARD_ERROR, multithread = true, multiprocess = false } = options;
  return (exchange) => {
    const response = new WsgiResponse(exchange, errors);
    const environ = environOf(exchange, { errors, multithread, multiprocess });
    const result = application(environ, response.start);
    if (!("then" in Object(result))) return response.finish(result);
    return Promise.resolve(result).then((settled) => response.finish(settled));
  };
}
