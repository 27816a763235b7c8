/**
 * HTTP/1.1 read a second time, by other means: whole messages, regular expressions, nothing shared with `src/` but the
 * limits. Slow and short, so that its reading can be checked against the RFCs by eye; the fuzzer holds the parser to it.
 */
import type { Limits } from "../../src/core/options.ts";

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(
  `^(?<method>${TOKEN}) (?<target>(?=[^ ])[!"$->@-\\[\\]-~]*(?:\\?[!"$-~]*)?) HTTP/1\\.(?<minor>[0-9])$`,
);
const FIELD_LINE = new RegExp(`^(?<name>${TOKEN}):[\\t ]*(?<value>[\\t -~\\x80-\\xff]*?)[\\t ]*$`);
const STATUS_LINE = /^HTTP\/1\.1 (?<status>[1-5][0-9]{2}) (?<reason>[\t -~\x80-\xff]*)$/;
const QUOTED = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"';
const CHUNK_LINE = new RegExp(
  `^(?<size>[0-9A-Fa-f]{1,13})(?<extension>(?:[\\t ]*;[\\t ]*${TOKEN}(?:[\\t ]*=[\\t ]*(?:${TOKEN}|${QUOTED}))?)*)$`,
);
const HOST = /^(?:[\w.~-]+|\[[\da-fA-F:.]+\])(?::(?<port>\d{0,5}))?$/;
const ONCE = [
  "host",
  "content-length",
  "content-type",
  "transfer-encoding",
  "authorization",
  "proxy-authorization",
  "expect",
];
const NO_TRAILER = ONCE.filter((name) => name !== "content-type");

type Field = readonly [name: string, value: string];

/** What the bytes are not. */
class Malformed extends Error {}

function expect(holds: boolean | undefined): asserts holds {
  if (!holds) throw new Malformed();
}

class Cursor {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get atEnd(): boolean {
    return this.at === this.text.length;
  }

  line(limit: number): string {
    const end = this.text.indexOf("\r\n", this.at);
    expect(end >= 0 && end + 2 - this.at <= limit);
    const line = this.text.slice(this.at, end);
    this.at = end + 2;
    return line;
  }

  take(size: number): string {
    expect(this.text.length - this.at >= size);
    this.at += size;
    return this.text.slice(this.at - size, this.at);
  }
}

/** Reads requests up to the end of the text, which is the peer's end too; says what `replay` says, but of a fault only that it is one. */
export function readRequests(text: string, limits: Limits): string[] {
  const cursor = new Cursor(text);
  const steps: string[] = [];
  try {
    for (;;) {
      if (text.startsWith("\r\n", cursor.at)) cursor.at += 2;
      if (cursor.atEnd) return [...steps, "eof"];
      readRequest(cursor, limits, steps);
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [...steps, "fault"];
  }
}

function readRequest(cursor: Cursor, limits: Limits, steps: string[]): void {
  const line = REQUEST_LINE.exec(cursor.line(limits.maxRequestLineSize))?.groups;
  expect(line !== undefined);
  const [method, target] = [line.method!, line.target!];
  const minor = line.minor === "0" ? 0 : 1;
  let fields = readFields(cursor, limits);
  const valuesOf = (name: string) => fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  const optionsOf = (name: string) => valuesOf(name).flatMap((value) => value.toLowerCase().split(/[\t ]*,[\t ]*/));
  expect(ONCE.every((name) => valuesOf(name).length <= 1));

  const authority = checkTarget(method, target);
  const [host] = valuesOf("host");
  expect(host === undefined ? minor === 0 : isHost(host));
  if (authority !== null)
    fields = fields.map(([name, value]) => [name, name.toLowerCase() === "host" ? authority : value]);

  const [expectation] = valuesOf("expect");
  expect(expectation === undefined || expectation.toLowerCase() === "100-continue");
  const [declared] = valuesOf("content-length");
  const [coding] = valuesOf("transfer-encoding");
  const length = Number(declared ?? 0);
  expect(declared === undefined || (/^[0-9]{1,16}$/.test(declared) && Number.isSafeInteger(length)));
  expect(coding === undefined || (coding.toLowerCase() === "chunked" && minor === 1 && declared === undefined));
  expect(length <= limits.maxRequestBodySize);

  const options = optionsOf("connection");
  const keepAlive = !options.includes("close") && (minor === 1 || options.includes("keep-alive"));
  const flags = [
    coding !== undefined ? "chunked" : length > 0 ? `length=${length}` : "",
    keepAlive ? "" : "close",
    expectation !== undefined && minor === 1 && (coding !== undefined || length > 0) ? "expects-continue" : "",
    options.includes("upgrade") && minor === 1 ? "upgrade" : "",
  ];
  steps.push(["head", method, target, `1.${minor}`, ...flags].filter(Boolean).join(" "), ...written(fields));
  const body = coding === undefined ? cursor.take(length) : readChunks(cursor, limits.maxRequestBodySize);
  const trailers = coding === undefined ? [] : readFields(cursor, limits);
  expect(trailers.every(([name]) => !NO_TRAILER.includes(name.toLowerCase())));
  expect(trailers.filter(([name]) => name.toLowerCase() === "content-type").length <= 1);
  if (body !== "") steps.push(`body ${JSON.stringify(body)}`);
  steps.push("end", ...written(trailers));
}

/** Checks the target's form; returns the authority of an absolute one. */
function checkTarget(method: string, target: string): string | null {
  if (method === "CONNECT") expect(isHost(target) && Number(HOST.exec(target)?.groups?.port) > 0);
  else if (target === "*") expect(method === "OPTIONS");
  else if (!target.startsWith("/")) {
    const authority = /^https?:\/\/([^/?]*)/i.exec(target)?.[1];
    expect(authority !== undefined && isHost(authority));
    return authority;
  }
  return null;
}

function isHost(text: string): boolean {
  const match = HOST.exec(text);
  return match !== null && Number(match.groups?.port ?? 0) <= 65_535 && URL.canParse(`http://${text}`);
}

function readFields(cursor: Cursor, limits: Limits): Field[] {
  const start = cursor.at;
  const fields: Field[] = [];
  for (;;) {
    const line = cursor.line(limits.maxFieldSize);
    expect(cursor.at - start <= limits.maxHeaderSize);
    if (line === "") return fields;
    const field = FIELD_LINE.exec(line)?.groups;
    expect(field !== undefined && fields.length < limits.maxHeaderCount);
    fields.push([field.name!, field.value!]);
  }
}

function readChunks(cursor: Cursor, maxSize: number): string {
  let body = "";
  let extensions = 0;
  for (;;) {
    const line = CHUNK_LINE.exec(cursor.line(Number.POSITIVE_INFINITY))?.groups;
    expect(line !== undefined);
    const size = Number.parseInt(line.size!, 16);
    extensions += line.extension!.length;
    expect(extensions <= 16_384 && body.length + size <= maxSize);
    if (size === 0) return body;
    body += cursor.take(size);
    expect(cursor.take(2) === "\r\n");
  }
}

function written(fields: readonly Field[]): string[] {
  const visible = (text: string) =>
    text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return fields.map(([name, value]) => `  ${name}: ${visible(value)}`);
}

/** A response as it was read. */
export interface ReadResponse {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
}

/** Reads one whole response and nothing behind it. @throws {Error} when it is not exactly that. */
export function readResponse(text: string, bodiless: boolean): ReadResponse {
  const cursor = new Cursor(text);
  const unlimited = {
    maxFieldSize: Number.POSITIVE_INFINITY,
    maxHeaderSize: Number.POSITIVE_INFINITY,
    maxHeaderCount: 1e9,
  };
  const line = STATUS_LINE.exec(cursor.line(Number.POSITIVE_INFINITY))?.groups;
  expect(line !== undefined);
  const fields = readFields(cursor, unlimited as Limits);
  const single = (name: string) => {
    const values = fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
    expect(values.length <= 1);
    return values[0];
  };
  const [length, coding] = [single("content-length"), single("transfer-encoding")];
  expect(length === undefined || (coding === undefined && /^[0-9]+$/.test(length)));
  expect(coding === undefined || coding === "chunked");
  let body = "";
  let trailers: Field[] = [];
  if (!bodiless && coding !== undefined) {
    body = readChunks(cursor, Number.POSITIVE_INFINITY);
    trailers = readFields(cursor, unlimited as Limits);
  } else if (!bodiless) body = cursor.take(length === undefined ? text.length - cursor.at : Number(length));
  expect(cursor.atEnd);
  return { status: Number(line.status), reason: line.reason!, fields, body, trailers };
}
