/** A request that has ended, for what is made of it: a plain one, with what a test changes. */
import { FieldLines } from "../../src/http/field-lines.ts";
import { RequestHead } from "../../src/http/request-head.ts";
import type { EndedRequest, ObservedConnection } from "../../src/server/events.ts";

export const CONNECTION: ObservedConnection = {
  info: { remoteAddress: "192.0.2.7", remotePort: 4711, localAddress: "", localPort: 0, encrypted: false },
  state: "idle",
  requests: 1,
  bytesReceived: 0,
  bytesSent: 0,
  unsent: 0,
  request: null,
};

/** 10 October 2026, 13:55:36.5 UTC, as `performance.now()` would have it. */
export const SINCE = Date.UTC(2026, 9, 10, 13, 55, 36, 500) - performance.timeOrigin;

export function ended(changes: Partial<EndedRequest> = {}): EndedRequest {
  return {
    connection: CONNECTION,
    head: head("GET", "/a?b=c"),
    line: "",
    status: 200,
    outcome: "complete",
    fault: null,
    id: null,
    responseFields: "Content-Type: text/plain\r\n",
    received: 0,
    sent: 12,
    since: SINCE,
    began: SINCE + 1.5,
    until: SINCE + 2.25,
    ...changes,
  };
}

export function head(method: string, target: string, fields: Readonly<Record<string, string>> = {}): RequestHead {
  let text = "";
  const spans: number[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    spans.push(start, start + name.length, start + name.length + 2, text.length - 2);
  }
  return new RequestHead(method, target, 1, new FieldLines(text, spans));
}
