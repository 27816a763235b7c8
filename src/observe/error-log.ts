/**
 * The error log, on standard error: what a handler threw, under the id that its client was given, in one line, so that
 * several processes can write to it at a time and whoever collects it sees one event. A terminal gets the stack below.
 */
import { inspect } from "node:util";
import type { Exchange } from "../gateway/contract.ts";
import { asciiJson } from "./escape.ts";
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
    failed: (what, error) => write(`${new Date().toISOString()} error ${what}: ${shown(inspect(error, DEEP))}`),
    error: (error, exchange, id) => {
      // Without an exchange, it is no code that failed: where it happened is of no interest.
      if (exchange === null) return write(shown(error instanceof Error ? error.message : inspect(error)));
      const { method, target } = exchange.head;
      write(`${new Date().toISOString()} error ${id} ${method} ${target}: ${shown(inspect(error, DEEP))}`);
    },
  };
}

function requestOf(exchange: Exchange | null, id: string | null): object {
  if (exchange === null) return {};
  const { method, target, fields } = exchange.head;
  const trace = traceId(fields.get("traceparent"));
  return { id, method, target, client: exchange.connection.remoteAddress, ...(trace !== null && { trace_id: trace }) };
}

function described(error: unknown): { message: string; error?: string; stack?: string; cause?: object } {
  if (!(error instanceof Error)) return { message: inspect(error) };
  const { name, message, stack, cause } = error;
  return { message, error: name, ...(stack && { stack }), ...(cause !== undefined && { cause: described(cause) }) };
}

/** Of an error: its stack, its own properties, and its causes. */
const DEEP = { depth: 3 };

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
