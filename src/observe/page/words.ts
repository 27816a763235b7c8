/** The live page's words for numbers and states. */
import type { ConnectionRow } from "../look.ts";

/** The states in the order of a connection's life. */
export const STATES: readonly (readonly [state: string, meaning: string])[] = [
  ["fresh", "nothing has come"],
  ["head", "a head is coming"],
  ["body", "a body is coming"],
  ["answer", "answering"],
  ["idle", "between requests"],
  ["taken", "another protocol"],
  ["linger", "saying goodbye"],
  ["closed", "gone"],
];

/** What a connection waits for, and since when, if that is known. */
export function waitsFor({ state, unsent, request }: ConnectionRow, now: number): string {
  if (state === "closed") return "";
  if (unsent > 0) return `client takes ${bytes(unsent)}`;
  switch (state) {
    case "fresh":
      return "client's first byte";
    case "idle":
      return "client's next request";
    case "head":
      return "rest of the head";
    case "body":
      return `rest of the body: ${request?.line ?? ""}`;
    case "answer":
      return request === null ? "client" : `application, ${duration(now - request.since)}: ${request.line}`;
    case "linger":
      return "client's end";
    case "taken":
      return "whoever took it over";
  }
}

/** Whether a client keeps the server waiting, and for how many milliseconds at least; 0 if it does not. */
export function slowness({ state, since, unsent, request, requests }: ConnectionRow, now: number): number {
  if (unsent > 0 || state === "body") return now - (request?.since ?? now);
  return state === "fresh" || (state === "head" && requests === 0) ? now - since : 0;
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  const [size, unit] = count < 1e6 ? [count / 1e3, "kB"] : count < 1e9 ? [count / 1e6, "MB"] : [count / 1e9, "GB"];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}

export function duration(milliseconds: number): string {
  if (milliseconds < 1) return `${Math.max(0, milliseconds).toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function count(number: number): string {
  return number.toLocaleString("en");
}
