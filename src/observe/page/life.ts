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

export function lifeOf(row: ConnectionRow, requests: readonly RequestRow[]): Step[] {
  const past = (way: Step["way"], text: string, client = "", server = ""): Step => {
    return { client, text, server, way, when: "past" };
  };
  const steps = [
    past("in", "SYN", "SYN_SENT", "LISTEN"),
    past("out", "SYN, ACK", "", "SYN_RECEIVED"),
    past("in", "ACK", "ESTABLISHED", "ESTABLISHED"),
  ];
  const earlier = row.requests - requests.filter(({ outcome }) => outcome !== "refused").length - (row.request ? 1 : 0);
  if (earlier > 0) steps.push(past("note", earlier === 1 ? "1 other request" : `${earlier} other requests`));
  for (const { line, status, outcome, waiting, sending, sent } of requests) {
    steps.push(past("in", line || "(nothing)"));
    steps.push(
      past(
        "out",
        `${status}, ${bytes(sent)}, ${duration(waiting + sending)}${outcome === "complete" ? "" : `: ${outcome}`}`,
      ),
    );
  }
  if (row.request !== null) steps.push(past("in", row.request.line));
  return [...steps, ...(row.state === "closed" ? farewell(row) : [present(row), ...future(row)])];
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

/** Who keeps TIME_WAIT has ended it first: that is all there is to tell it by. */
function farewell({ tcp, clientTcp, since, until }: ConnectionRow): Step[] {
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
      { client: "", text: lasted, server: "TIME_WAIT", way: "note", when: "now" },
    ];
  }
  if (clientTcp === "TIME_WAIT") {
    return [
      step("in", "FIN", "FIN_WAIT_1", "CLOSE_WAIT"),
      step("out", "ACK", "FIN_WAIT_2", ""),
      step("out", "FIN", "", "LAST_ACK"),
      step("in", "ACK", "", "CLOSED"),
      { client: "TIME_WAIT", text: lasted, server: "CLOSED", way: "note", when: "now" },
    ];
  }
  const text = `${lasted}: by a reset, by the client first, or long ago`;
  return [{ client: "", text, server: "CLOSED", way: "note", when: "now" }];
}
