/**
 * The error log, on standard error: what a handler threw, under the id that its client was given, in one line, so that
 * several processes can write to it at a time and whoever collects it sees one event. A terminal gets the stack below.
 */
import { inspect } from "node:util";
import type { Exchange } from "../gateway/contract.ts";
import { asciiJson, escaped } from "./escape.ts";
import { traceId } from "./trace-context.ts";

export type LogFormat = "text" | "json";

export interface ErrorLog {
  /** What there is to tell: that workers are replaced, that connections are turned away. */
  info(line: string): void;
  /** What went wrong beside all requests. */
  failed(what: string, error: unknown): void;
  /** What failed: of a request, if there is one, or beside all of them. `id` is what its client was given. */
  error(error: unknown, exchange: Exchange | null, id: string | null): void;
}

/** @param isTerminal whether people read it as it comes */
export function errorLog(format: LogFormat, isTerminal: boolean, write: (line: string) => void): ErrorLog {
  const json = (level: "info" | "error", entry: object) => {
    write(asciiJson({ time: new Date().toISOString(), level, ...entry }));
  };
  if (format === "json") {
    return {
      info: (message) => json("info", { message }),
      failed: (message, error) => json("error", { message, cause: described(error) }),
      error: (error, exchange, id) => json("error", { ...requestOf(exchange, id), ...described(error) }),
    };
  }
  const shown = isTerminal ? harmless : oneLine;
  return {
    info: write,
    failed: (what, error) => write(`${new Date().toISOString()} error ${harmless(what)}: ${shown(textOf(error))}`),
    error: (error, exchange, id) => {
      // Without an exchange, it is no code that failed: where it happened is of no interest.
      if (exchange === null) return write(shown(error instanceof Error ? error.message : textOf(error)));
      const { method, target } = exchange.head;
      write(`${new Date().toISOString()} error ${id} ${method} ${escaped(target)}: ${shown(textOf(error))}`);
    },
  };
}

function requestOf(exchange: Exchange | null, id: string | null): object {
  if (exchange === null) return {};
  const { method, target, fields } = exchange.head;
  const trace = traceId(fields.get("traceparent"));
  return { id, method, target, client: exchange.connection.remoteAddress, ...(trace !== null && { trace_id: trace }) };
}

interface Described {
  readonly message: string;
  readonly error?: string;
  readonly stack?: string;
  readonly cause?: Described;
}

function described(error: unknown, above: readonly unknown[] = []): Described {
  if (!(error instanceof Error)) return { message: textOf(error) };
  try {
    const { name, message, stack, cause } = error;
    const those = [...above, error];
    const isNews = cause !== undefined && !those.includes(cause);
    return { message, error: name, ...(stack && { stack }), ...(isNews && { cause: described(cause, those) }) };
  } catch {
    return { message: UNSPEAKABLE };
  }
}

/** Of an error: its stack, its own properties, and its causes. */
const DEEP = { depth: 3 };
/** A getter or a trap of the application's own throws. */
const UNSPEAKABLE = "what was thrown throws itself when it is looked at";

function textOf(error: unknown): string {
  try {
    return inspect(error, DEEP);
  } catch {
    return UNSPEAKABLE;
  }
}

/** What users sent may stand in an error: it must not begin a line of its own. */
function oneLine(text: string): string {
  const lines = text.split(/[\r\n\u2028\u2029]+/).map((line) => line.trim());
  return harmless(lines.join(" "));
}

/** Nor may it tell a terminal what to do. */
function harmless(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, (control) => {
    return `\\x${control.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}
