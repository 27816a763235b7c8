/**
 * Holds both sides to the contract, as `wsgiref.validate` holds WSGI's: put it around a handler in tests, whatever
 * adapter made it. It passes everything on and answers nothing itself. What a server tolerates it does not.
 */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { types } from "node:util";
import { isBodiless } from "../http/status.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "./contract.ts";

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What belongs to the connection, not to the response (RFC 9110 §7.6.1); `Connection: close` is a wish one may have. */
const HOP_BY_HOP = ["keep-alive", "proxy-connection", "te", "transfer-encoding"];
/** What decides framing, routing or authentication, and comes too late in a trailer section (RFC 9110 §6.5.1). */
const NOT_IN_TRAILERS = [
  "authorization",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "host",
  "trailer",
];

/**
 * Wraps a handler. Each breach throws where it happens, so that its stack names the culprit: in the handler's code, or, if
 * it is the server's breach, out of `handler` itself.
 * @throws {TypeError} beginning with "lint:".
 */
export function lint(handler: Handler): Handler {
  return (exchange) => {
    checkHead(exchange);
    const result: unknown = handler(new LintedExchange(exchange));
    check(result === undefined || isThenable(result), "the handler returned neither nothing nor a promise");
    return result as void | Promise<void>;
  };
}

function check(holds: boolean, breach: string): asserts holds {
  if (!holds) throw new TypeError(`lint: ${breach}`);
}

class LintedExchange implements Exchange {
  readonly #inner: Exchange;
  readonly #body: LintedBody;
  #status = 0;
  /** The declared Content-Length; -1 without one. */
  #declared = -1;
  #written = 0;
  #over: "" | "ended" | "aborted" | "taken over" = "";
  /** What was written and may not be sent yet, with its digest. */
  #unsent: [bytes: Uint8Array, digest: string][] = [];

  constructor(inner: Exchange) {
    this.#inner = inner;
    this.#body = new LintedBody(inner.body);
  }

  get head() {
    return this.#inner.head;
  }

  get body(): BodySource {
    return this.#body;
  }

  get signal(): AbortSignal {
    return this.#inner.signal;
  }

  get connection(): ConnectionInfo {
    return this.#inner.connection;
  }

  get started(): boolean {
    return this.#inner.started;
  }

  inform(status: number, fields: FieldList = []): void {
    this.#checkOpen("inform");
    check(this.#status === 0, "inform after start");
    check(Number.isInteger(status) && status >= 100 && status <= 199 && status !== 101, `inform with status ${status}`);
    checkFields("inform", fields);
    this.#inner.inform(status, fields);
  }

  start(status: number, fields: FieldList = [], reason = ""): void {
    this.#checkOpen("start");
    check(this.#status === 0, "start, and the response has started");
    check(Number.isInteger(status) && status >= 200 && status <= 599, `start with status ${status}`);
    check(typeof reason === "string" && REASON.test(reason), `start with the reason ${JSON.stringify(reason)}`);
    const names = checkFields("start", fields);
    for (const name of HOP_BY_HOP) check(!names.includes(name), `start with ${name}, which is the server's`);
    const length = names.indexOf("content-length");
    if (length >= 0) {
      const value = fields[2 * length + 1]!;
      check(/^\d{1,15}$/.test(value), `start with Content-Length ${JSON.stringify(value)}`);
      check(names.lastIndexOf("content-length") === length, "start with two Content-Lengths");
      this.#declared = Number(value);
    }
    this.#inner.start(status, fields, ...(reason === "" ? [] : [reason]));
    this.#status = status;
  }

  write(chunk: Chunk): boolean {
    this.#checkBody("write", chunk);
    const more = this.#inner.write(chunk);
    check(typeof more === "boolean", "the server's write returned no boolean");
    this.#remember(chunk);
    return more;
  }

  async drained(): Promise<void> {
    await this.#inner.drained();
    this.#checkUnchanged();
    this.#unsent = [];
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.#checkBody("end", chunk ?? "");
    const hasBody = this.head.method !== "HEAD" && !isBodiless(this.#status);
    const short = hasBody && this.#declared >= 0 && this.#written < this.#declared;
    check(!short, `end after ${this.#written} of the ${this.#declared} bytes of its Content-Length`);
    if (trailers !== undefined) {
      const names = checkFields("end", trailers);
      for (const name of [...HOP_BY_HOP, ...NOT_IN_TRAILERS]) {
        check(!names.includes(name), `end with ${name} among the trailers`);
      }
    }
    this.#checkUnchanged();
    this.#over = "ended";
    this.#inner.end(chunk, trailers);
  }

  takeOver(): Duplex {
    this.#checkOpen("takeOver");
    check(this.#status === 0, "takeOver after start");
    const socket = this.#inner.takeOver();
    this.#over = "taken over";
    return socket;
  }

  waitUntil(work: Promise<unknown>): void {
    check(isThenable(work), "waitUntil of what is no promise");
    this.#inner.waitUntil(work);
  }

  abort(cause?: unknown): void {
    this.#over = "aborted";
    this.#inner.abort(cause);
  }

  #checkOpen(call: string): void {
    check(this.#over === "" || this.#clientLeft(), `${call}, and the exchange was ${this.#over}`);
  }

  /** An application may learn late that its client is gone. */
  #clientLeft(): boolean {
    return this.#over !== "taken over" && this.#inner.signal.aborted;
  }

  #checkBody(call: string, chunk: Chunk): void {
    this.#checkOpen(call);
    check(this.#status !== 0, `${call} before start`);
    check(typeof chunk === "string" || types.isUint8Array(chunk), `${call} of what is neither a string nor bytes`);
    this.#written += typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
    const long = this.#declared >= 0 && this.#written > this.#declared && !isBodiless(this.#status);
    check(!long, `${call} of more than the ${this.#declared} bytes of its Content-Length`);
  }

  #remember(chunk: Chunk): void {
    if (typeof chunk !== "string") this.#unsent.push([chunk, digest(chunk)]);
  }

  #checkUnchanged(): void {
    for (const [bytes, was] of this.#unsent) check(digest(bytes) === was, "bytes were changed before they were sent");
  }
}

class LintedBody implements BodySource {
  readonly #inner: BodySource;
  readonly text?: () => Promise<string>;
  #reading = false;
  #begun = false;
  #ended = false;

  constructor(inner: BodySource) {
    const { length } = inner;
    check(
      length === null || (Number.isSafeInteger(length) && length >= 0),
      `the server gave a body of length ${length}`,
    );
    this.#inner = inner;
    if (inner.text !== undefined) this.text = () => this.#text();
  }

  get length(): number | null {
    return this.#inner.length;
  }

  get trailers() {
    return this.#inner.trailers;
  }

  async read(): Promise<Uint8Array | null> {
    check(!this.#reading, "body.read, and another read is under way");
    this.#reading = this.#begun = true;
    try {
      const piece = await this.#inner.read();
      check(piece === null || types.isUint8Array(piece), "the server's body.read gave neither bytes nor null");
      check(piece === null || !this.#ended, "the server's body.read gave bytes after the end");
      this.#ended = piece === null;
      return piece;
    } finally {
      this.#reading = false;
    }
  }

  async #text(): Promise<string> {
    check(!this.#reading && !this.#ended && !this.#begun, "body.text, and it was read before");
    this.#reading = true;
    try {
      const text: unknown = await this.#inner.text!();
      check(typeof text === "string", "the server's body.text gave no string");
      this.#ended = true;
      return text;
    } finally {
      this.#reading = false;
    }
  }

  discard(): void {
    this.#ended = true;
    this.#inner.discard();
  }
}

function checkHead({ head }: Exchange): void {
  check(TOKEN.test(head.method), `the server gave the method ${JSON.stringify(head.method)}`);
  check(/^[\x21-\x7e\x80-\xff]+$/.test(head.target), `the server gave the target ${JSON.stringify(head.target)}`);
  check(head.minor === 0 || head.minor === 1, `the server gave HTTP/1.${head.minor}`);
  checkFields("the server", [...head.fields].flat());
}

/** Checks a field list and gives its names in lower case. */
function checkFields(call: string, fields: FieldList): string[] {
  check(Array.isArray(fields), `${call} with fields that are no list`);
  check(fields.length % 2 === 0, `${call} with a field name that has no value`);
  const names: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const [name, value] = fields.slice(at, at + 2) as [unknown, unknown];
    check(typeof name === "string" && TOKEN.test(name), `${call} with the field name ${JSON.stringify(name)}`);
    check(typeof value === "string" && VALUE.test(value), `${call} with ${name}: ${JSON.stringify(value)}`);
    names.push(name.toLowerCase());
  }
  return names;
}

function digest(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("base64");
}

function isThenable(value: unknown): boolean {
  return typeof (value as Partial<PromiseLike<void>> | null)?.then === "function";
}
