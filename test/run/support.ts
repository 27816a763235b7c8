/** The supervisor, seen from outside: real processes, real signals. */
import type { TestContext } from "node:test";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";

/** An application that tells versions, processes and trouble apart. */
export const VERSION = (version: number | string) => `
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/wait") await new Promise((resolve) => setTimeout(resolve, 300));
    if (pathname === "/block") for (;;);
    if (pathname === "/pid") return new Response(String(process.pid));
    if (pathname === "/broken") return new Response("", { status: 500 });
    return new Response("version ${version}");
  },
};
`;

/** Starts the command on that application, in a folder of its own. */
export async function serve(t: TestContext, ...args: string[]): Promise<Portico & { cwd: string; port: number }> {
  const cwd = folder({ "server.ts": VERSION(1) });
  const portico = await startPortico(["server.ts", ...args], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  return Object.assign(portico, { cwd, port: Number(new URL(portico.url).port) });
}

export async function text(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: "close" } })).text();
}
