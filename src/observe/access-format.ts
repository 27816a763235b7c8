/** How a request becomes a line of the access log: the formats by name, and gunicorn's atoms, which they are made of. */
import type { EndedRequest } from "../server/events.ts";
import { asciiJson, escaped, escapedWord } from "./escape.ts";
import { traceId } from "./trace-context.ts";

/** A request as a line, in ASCII, with its end. */
export type AccessFormat = (request: EndedRequest) => string;

/** NCSA's formats, as Apache and nginx write them. */
const NAMED: Readonly<Record<string, string>> = {
  common: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s',
  combined: '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
};

/** The client left before it was sent anything, or was cut off: nobody sent these statuses. They are nginx's for a log. */
const LEFT = 499;
const CUT = 444;

/** The status for a log and for statistics: the one that was sent, or if none was, who ended it. */
export function loggedStatus({ status, outcome }: EndedRequest): number {
  return status === 0 ? (outcome === "left" ? LEFT : CUT) : status;
}

/**
 * `common`, `combined`, `json`, or a string of atoms such as `%(h)s "%(r)s" %(s)s %(D)s`.
 * @throws {Error} on what is neither.
 */
export function accessFormat(format: string): AccessFormat {
  if (format === "json") return jsonLine;
  const atoms = NAMED[format] ?? format;
  if (!atoms.includes("%(")) {
    throw new Error(`there is no format "${format}": it is common, combined, json, or has atoms such as %(h)s`);
  }
  return compile(atoms);
}

type Atom = (request: EndedRequest) => string;

/** By gunicorn's letters; the text of each is safe between quotes. */
const ATOMS: Readonly<Record<string, Atom>> = {
  h: ({ connection }) => connection.info.remoteAddress || "-",
  l: () => "-",
  u: ({ head }) => escapedWord(userName(head?.fields.get("authorization") ?? null)),
  t: ({ since }) => clfTime(since),
  r: (request) => escaped(requestLine(request)),
  m: ({ head }) => escaped(head?.method ?? "-"),
  U: ({ head }) => escaped(head?.target.replace(/\?.*/s, "") ?? "-"),
  q: ({ head }) => escaped(head === null || !head.target.includes("?") ? "" : head.target.replace(/^[^?]*\?/, "")),
  H: ({ head }) => (head === null ? "-" : `HTTP/1.${head.minor}`),
  s: (request) => String(loggedStatus(request)),
  B: ({ sent }) => String(sent),
  b: ({ sent }) => (sent === 0 ? "-" : String(sent)),
  f: ({ head }) => escaped(head?.fields.get("referer") || "-"),
  a: ({ head }) => escaped(head?.fields.get("user-agent") || "-"),
  T: (request) => String(Math.floor(duration(request) / 1000)),
  M: (request) => String(Math.floor(duration(request))),
  D: (request) => String(Math.round(duration(request) * 1000)),
  L: (request) => (duration(request) / 1000).toFixed(6),
  p: () => `<${process.pid}>`,
};

/** What only this server knows, under Apache's letter for the extensions of a module: `%({outcome}x)s`. */
const EXTENSIONS: Readonly<Record<string, Atom>> = {
  outcome: ({ outcome }) => outcome,
  fault: ({ fault }) => fault ?? "-",
  id: ({ id }) => id ?? "-",
};

/** `%(h)s`, or `%({user-agent}i)s`. */
const ATOM = /%\((?:\{([^}]+)\})?(\w)\)s|%%|%/g;

function compile(atoms: string): AccessFormat {
  const parts: (string | Atom)[] = [];
  let at = 0;
  for (const match of atoms.matchAll(ATOM)) {
    parts.push(atoms.slice(at, match.index));
    at = match.index + match[0].length;
    parts.push(match[0] === "%%" ? "%" : atomOf(match[1], match[2], atoms.slice(match.index, match.index + 12)));
  }
  parts.push(`${atoms.slice(at)}\n`);
  const needed = parts.filter((part) => part !== "");
  return (request) => {
    let line = "";
    for (const part of needed) line += typeof part === "string" ? part : part(request);
    return line;
  };
}

function atomOf(name: string | undefined, letter: string | undefined, where: string): Atom {
  const key = name?.toLowerCase() ?? "";
  if (letter === "i" && key !== "") return ({ head }) => escaped(head?.fields.get(key) || "-");
  if (letter === "o" && key !== "") return ({ responseFields }) => escaped(fieldIn(responseFields, key) ?? "-");
  const atom = letter === "x" ? EXTENSIONS[key] : name === undefined ? ATOMS[letter ?? ""] : undefined;
  if (atom !== undefined) return atom;
  const known = `%(${Object.keys(ATOMS).join(")s %(")})s %({NAME}i)s %({NAME}o)s %({outcome}x)s`;
  throw new Error(`"${where}" is no atom of an access log format: there are ${known}, and %% for %`);
}

function jsonLine(request: EndedRequest): string {
  const { connection, head, line, outcome, fault, id, received, sent, since, began, until } = request;
  const field = (name: string) => head?.fields.get(name) ?? undefined;
  const object = {
    time: new Date(performance.timeOrigin + since).toISOString(),
    client: connection.info.remoteAddress || undefined,
    method: head?.method,
    target: head?.target,
    protocol: head === null ? undefined : `HTTP/1.${head.minor}`,
    line: head === null ? line : undefined,
    status: loggedStatus(request),
    outcome,
    fault: fault ?? undefined,
    id: id ?? undefined,
    received,
    sent,
    wait_ms: rounded(began - since),
    duration_ms: rounded(until - since),
    host: field("host"),
    referer: field("referer"),
    user_agent: field("user-agent"),
    trace_id: traceId(field("traceparent") ?? null) ?? undefined,
    pid: process.pid,
  };
  return `${asciiJson(object)}\n`;
}

function requestLine({ head, line }: EndedRequest): string {
  return head === null ? line || "-" : `${head.method} ${head.target} HTTP/1.${head.minor}`;
}

/** Milliseconds, to the microsecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

function duration({ since, until }: EndedRequest): number {
  return until - since;
}

/** Of the Basic scheme, which is the one that says it in the clear; `-` for none (RFC 7617 §2). */
function userName(authorization: string | null): string {
  const credentials = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1];
  if (credentials === undefined) return "-";
  return Buffer.from(credentials, "base64").toString("latin1").split(":", 1)[0] || "-";
}

function fieldIn(lines: string, name: string): string | undefined {
  const line = lines.split("\r\n").find((each) => each.slice(0, each.indexOf(":")).toLowerCase() === name);
  return line?.slice(name.length + 1).trim();
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

let shownSecond = -1;
let shownTime = "";

/** `[10/Oct/2026:13:55:36 +0200]`, in the machine's time zone: formatted once a second. */
function clfTime(since: number): string {
  const second = Math.floor((performance.timeOrigin + since) / 1000);
  if (second === shownSecond) return shownTime;
  const time = new Date(second * 1000);
  const two = (number: number) => String(number).padStart(2, "0");
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(time.getDate())}/${MONTHS[time.getMonth()]}/${time.getFullYear()}`;
  shownTime = `[${day}:${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())} ${zone}]`;
  shownSecond = second;
  return shownTime;
}
