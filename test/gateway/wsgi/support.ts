import type { TestContext } from "node:test";
import { lint } from "../../../src/gateway/lint.ts";
import { type WsgiOptions, wsgi } from "../../../src/gateway/wsgi/handler.ts";
import type { StartResponse, WsgiApplication } from "../../../src/gateway/wsgi/interface.ts";
import type { ServerOptions } from "../../../src/server/server.ts";
import { type Client, connect, start } from "../../server/support.ts";

export interface Served {
  readonly client: Client;
  /** What the server was told of errors. */
  readonly reports: unknown[];
  /** What was written to wsgi.errors. */
  readonly errors: () => string;
}

/** Serves an application under lint on a server of its own. */
export async function serve(
  t: TestContext,
  application: WsgiApplication,
  options: WsgiOptions & ServerOptions = {},
): Promise<Served> {
  const reports: unknown[] = [];
  const written: string[] = [];
  const errors = {
    write: (text: string) => void written.push(text),
    writelines: (lines: Iterable<string>) => void written.push(...lines),
    flush() {},
  };
  const handler = lint(wsgi(application, { errors, ...options }));
  const server = await start(t, handler, { onError: (error) => reports.push(error), ...options });
  return { client: await connect(t, server), reports, errors: () => written.join("") };
}

export const PLAIN = [["Content-Type", "text/plain"]] as const;

/** Begins a plain response. */
export function ok(startResponse: StartResponse) {
  return startResponse("200 OK", PLAIN);
}
