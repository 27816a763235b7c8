/** Applications of the draft, served on a socket behind the lint. */
import type { TestContext } from "node:test";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { wintertc } from "../../../src/gateway/wintertc/handler.ts";
import { PROTOCOL, type WintertcApplication } from "../../../src/gateway/wintertc/interface.ts";
import type { Server, ServerOptions } from "../../../src/server/server.ts";
import { type Client, connect, start } from "../../server/support.ts";

export const reply = (body?: BodyInit | null, init?: ResponseInit) => new LightResponse(body, init) as Response;

export interface Served {
  readonly client: Client;
  readonly server: Server;
  /** What was reported, as text. */
  readonly reports: string[];
}

type Methods = Pick<WintertcApplication, "fetch" | "connect" | "error">;

export async function serve(t: TestContext, methods: Methods, options: ServerOptions = {}): Promise<Served> {
  const reports: string[] = [];
  const handler = lint(wintertc({ [PROTOCOL]: 1, ...methods }));
  const onError = (error: unknown) => reports.push(String(error));
  const server = await start(t, handler, { connect: handler, onError, ...options });
  return { client: await connect(t, server), server, reports };
}

/** The name of what a call throws, or rejects with; "nothing" if it does not. */
export async function thrown(call: () => unknown): Promise<string> {
  try {
    await call();
    return "nothing";
  } catch (error) {
    return (error as Error).name;
  }
}
