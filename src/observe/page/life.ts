/**
 * A connection's life between its two ends, from SYN to TIME_WAIT (RFC 9293 §3.5, §3.6): what has happened as it was, what
 * is to come as it will be if the server ends it first, which an idle connection's timeout does.
 */
import type { ConnectionRow, RequestRow } from "../look.ts";
import { bytes, duration } from "./words.ts";

/** One line of the diagram: the states of both ends after it, and what goes from one to the other. */
export interface Step {
  readonly client: string;
  readonly text: string;
  readonly server: string;
  /** Towards the server, towards the client, or nowhere. */
  readonly way: "in" | "out" | "note";
  readonly when: "past" | "now" | "later";
}

/** @param now milliseconds since the epoch @param isTold whether the system tells of its sockets */
export function lifeOf(row: ConnectionRow, requests: readonly RequestRow[], now: number, isTold: boolean): Step[] {
  const past = (way: Step["way"], text: string, client = "", server = ""): Step => {
    return { client, text, server, way, when: "past" };
  };
  const isTcp = row.client !== "";
  const steps = isTcp
    ? [
        past("in", "SYN", "SYN_SENT", "LISTEN"),
        past("out", "SYN, ACK", "", "SYN_RECEIVED"),
        past("in", "ACK", "ESTABLISHED", "ESTABLISHED"),
      ]
    : [past("note", "connected, by a unix socket")];
  const earlier = row.requests - requests.filter(({ outcome }) => outcome !== "refused").length - (row.request ? 1 : 0);
  if (earlier > 0) steps.push(past("note", earlier === 1 ? "1 other request" : `${earlier} other requests`));
  for (const request of requests) {
    // A connection is also turned away before anything came.
    if (request.line !== "") steps.push(past("in", request.line));
    steps.push(answerTo(request));
  }
  if (row.request !== null) steps.push(past("in", row.request.line));
  if (row.state !== "closed") return [...steps, present(row), ...(isTcp ? future(row) : [])];
  return [...steps, ...farewell(row, isTcp, now, isTold)];
}

function answerTo({ status, outcome, waiting, sending, sent }: RequestRow): Step {
  const time = duration(waiting + sending);
  const step = { client: "", server: "", when: "past" } as const;
  const isNone = sent === 0 && (outcome === "left" || outcome === "cut");
  if (isNone) return { ...step, way: "note", text: `${outcome} after ${time}, for the log ${status}` };
  const ending = outcome === "complete" ? "" : `: ${outcome}`;
  return { ...step, way: "out", text: `${status}, ${bytes(sent)}, ${time}${ending}` };
}

function present({ state, tcp = "", clientTcp = "" }: ConnectionRow): Step {
  return { client: clientTcp, text: `now: ${state}`, server: tcp, way: "note", when: "now" };
}

/** How it will end, unless the client ends it before. */
function future({ state, tcp }: ConnectionRow): Step[] {
  if (state === "taken") return [];
  const later = (way: Step["way"], text: string, client: string, server: string): Step => {
    return { client, text, server, way, when: "later" };
  };
  const rest = [
    later("out", "FIN", "CLOSE_WAIT", "FIN_WAIT_1"),
    later("in", "ACK", "", "FIN_WAIT_2"),
    later("in", "FIN", "LAST_ACK", "TIME_WAIT"),
    later("out", "ACK", "CLOSED", ""),
    later("note", "after a minute", "", "CLOSED"),
  ];
  return tcp?.startsWith("FIN_WAIT") ? rest.slice(tcp === "FIN_WAIT2" ? 2 : 1) : rest;
}

/** For so many milliseconds, Linux keeps TIME_WAIT. */
const TIME_WAIT = 60_000;

/** Who keeps TIME_WAIT has ended it first: that is all there is to tell it by. */
function farewell(
  { client, tcp, clientTcp, since, until }: ConnectionRow,
  isTcp: boolean,
  now: number,
  isTold: boolean,
) {
  const step = (way: Step["way"], text: string, client: string, server: string): Step => {
    return { client, text, server, way, when: "past" };
  };
  const lasted = `closed after ${duration(until - since)}`;
  if (tcp === "TIME_WAIT") {
    return [
      step("out", "FIN", "CLOSE_WAIT", "FIN_WAIT_1"),
      step("in", "ACK", "", "FIN_WAIT_2"),
      step("in", "FIN", "LAST_ACK", ""),
      step("out", "ACK", "CLOSED", ""),
      { client: "", text: lasted, server: "TIME_WAIT", way: "note", when: "now" } as const,
    ];
  }
  if (clientTcp === "TIME_WAIT") {
    return [
      step("in", "FIN", "FIN_WAIT_1", "CLOSE_WAIT"),
      step("out", "ACK", "FIN_WAIT_2", ""),
      step("out", "FIN", "", "LAST_ACK"),
      step("in", "ACK", "", "CLOSED"),
      { client: "TIME_WAIT", text: lasted, server: "CLOSED", way: "note", when: "now" } as const,
    ];
  }
  // On this machine, both ends could be seen.
  const isHere = /^(?:127\.|\[::1\])/.test(client);
  const how = !isTold
    ? ""
    : now - until >= TIME_WAIT
      ? ", too long ago to tell by whom"
      : isHere
        ? ": by a reset, for neither end has a TIME_WAIT"
        : ": by a reset, or by the client first, which then has the TIME_WAIT";
  return [
    { client: "", text: lasted + (isTcp ? how : ""), server: isTcp ? "CLOSED" : "", way: "note", when: "now" } as const,
  ];
}
