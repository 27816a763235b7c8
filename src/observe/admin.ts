/** What the admin listener answers. It reads and never changes anything; who may ask is decided by where it listens. */
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Exchange, FieldList, Handler } from "../gateway/contract.ts";
import type { Fleet } from "./fleet.ts";
import { FAMILIES } from "./metrics.ts";
import { DOCUMENT } from "./page/document.ts";
import { STYLE } from "./page/style.ts";
import { exposition, sampleName } from "./samples.ts";

export interface AdminOptions {
  readonly version: string;
  /** Whether only this machine may ask: then a page elsewhere that has its name lead here is turned away, too. */
  readonly isLocal: boolean;
}

type Page = (exchange: Exchange) => void | Promise<void>;

export function adminHandler(fleet: Fleet, { version, isLocal }: AdminOptions): Handler {
  const pages: Readonly<Record<string, Page>> = {
    "/": (exchange) => answer(exchange, 200, DOCUMENT, "text/html; charset=utf-8", POLICY),
    "/style.css": (exchange) => answer(exchange, 200, STYLE, "text/css; charset=utf-8"),
    "/browser.js": script("browser"),
    "/life.js": script("life"),
    "/words.js": script("words"),
    "/bytes": async (exchange) => {
      const id = new URL(exchange.head.target, "http://localhost").searchParams.get("id") ?? "";
      // Passwords and cookies are among them: nothing for a network.
      answer(exchange, 200, JSON.stringify(isLocal ? await fleet.pieces(id) : null), "application/json");
    },
    "/events": (exchange) => stream(exchange, async () => ({ ...(await fleet.look()), version })),
    "/metrics": async (exchange) => {
      const samples = await fleet.samples();
      samples[sampleName("portico_info", { version })] = 1;
      samples.portico_ready = fleet.isReady ? 1 : 0;
      answer(exchange, 200, exposition(samples, FAMILIES), "text/plain; version=0.0.4; charset=utf-8");
    },
    "/healthz": (exchange) => answer(exchange, 200, "ok\n"),
    "/readyz": (exchange) => (fleet.isReady ? answer(exchange, 200, "ready\n") : answer(exchange, 503, "not ready\n")),
  };
  return (exchange) => {
    const { method, target, fields } = exchange.head;
    if (isLocal && !isLocalHost(fields.get("host"))) {
      return answer(exchange, 403, "Ask for it by an address of this machine, or localhost\n");
    }
    if (method !== "GET" && method !== "HEAD")
      return answer(exchange, 405, "GET is all\n", TEXT, ["Allow", "GET, HEAD"]);
    const path = target.replace(/\?.*/s, "");
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page !== undefined) return page(exchange);
    answer(exchange, 404, "There is /, /metrics, /healthz and /readyz\n");
  };
}

const TEXT = "text/plain; charset=utf-8";

/** Nothing here is to be kept by anybody, framed, or taken for another type. */
const FIELDS: FieldList = ["Cache-Control", "no-store", "X-Content-Type-Options", "nosniff", "X-Frame-Options", "DENY"];

function answer(exchange: Exchange, status: number, body: string, type = TEXT, fields: FieldList = []): void {
  exchange.start(status, ["Content-Type", type, ...FIELDS, ...fields]);
  exchange.end(body);
}

/** The page shows what clients have sent: none of it can become a script, and nothing comes from elsewhere. */
const POLICY: FieldList = [
  "Content-Security-Policy",
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
];

/** A module of the page, as it was built. */
function script(name: string): Page {
  return async (exchange) => {
    const source = await readFile(new URL(`./page/${name}.js`, import.meta.url), "utf8");
    answer(exchange, 200, source.replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"), "text/javascript; charset=utf-8");
  };
}

/** Milliseconds between two looks. */
const INTERVAL = 1000;

/** Sends what `look` gives, again and again, for as long as somebody watches (HTML §9.2, server-sent events). */
async function stream(exchange: Exchange, look: () => Promise<object>): Promise<void> {
  const { signal } = exchange;
  exchange.start(200, ["Content-Type", "text/event-stream", ...FIELDS]);
  if (exchange.head.method === "HEAD") return exchange.end();
  while (!signal.aborted) {
    if (!exchange.write(`data: ${JSON.stringify(await look())}\n\n`)) await exchange.drained().catch(() => {});
    // Whoever leaves is not waited for.
    await setTimeout(INTERVAL, undefined, { signal }).catch(() => {});
  }
  exchange.abort();
}

/** Loopback by address or by the one name that always means it (RFC 6761 §6.3). */
function isLocalHost(host: string | null): boolean {
  if (host === null) return true;
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}
