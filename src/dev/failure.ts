/** The answer of an application that cannot be loaded. */
import type { Exchange } from "../gateway/contract.ts";
import type { LoadFailure } from "./generation.ts";
import { wantsPage } from "./page-request.ts";

export function showLoadFailure(exchange: Exchange, { line }: LoadFailure): void {
  const isPage = wantsPage(exchange.head);
  const type = isPage ? "text/html" : "text/plain";
  exchange.start(500, ["Content-Type", `${type};charset=utf-8`, "Cache-Control", "no-store"]);
  if (!isPage) return exchange.end(`${line}\n`);
  const text = line.replace(/[<&]/g, (character) => (character === "<" ? "&lt;" : "&amp;"));
  exchange.end(`<!doctype html>\n<title>It cannot be loaded</title>\n<pre>${text}</pre>\n`);
}
