/** A local redirect: the same exchange, as if another target had been asked for (RFC 3875 §6.2.2). */
import { FieldLines, NO_FIELDS } from "../../http/field-lines.ts";
import { RequestHead } from "../../http/request-head.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList } from "../contract.ts";

/** Fields that speak of a body, which the script has had. */
const OF_BODY = ["content-encoding", "content-length", "content-type", "expect", "transfer-encoding"];

const NO_BODY: BodySource = {
  length: 0,
  trailers: NO_FIELDS,
  read: () => Promise.resolve(null),
  discard() {},
};

export class RedirectedExchange implements Exchange {
  readonly head: RequestHead;
  readonly body = NO_BODY;
  /** How many redirects led here. */
  readonly depth: number;
  readonly #inner: Exchange;

  /** With GET, unless it was HEAD: what the request was to do, the script has done. */
  constructor(inner: Exchange, target: string) {
    const { method, minor, fields } = inner.head;
    this.head = new RequestHead(method === "HEAD" ? method : "GET", target, minor, withoutBody(fields));
    this.depth = inner instanceof RedirectedExchange ? inner.depth + 1 : 1;
    this.#inner = inner;
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

  inform(status: number, fields?: FieldList): void {
    this.#inner.inform(status, fields);
  }

  start(status: number, fields?: FieldList, reason?: string): void {
    this.#inner.start(status, fields, reason);
  }

  write(chunk: Chunk): boolean {
    return this.#inner.write(chunk);
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.#inner.end(chunk, trailers);
  }

  takeOver(): never {
    throw new TypeError("takeOver: a script has read the request");
  }

  abort(cause?: unknown): void {
    this.#inner.abort(cause);
  }
}

function withoutBody({ text, spans }: FieldLines): FieldLines {
  const kept: number[] = [];
  for (let at = 0; at < spans.length; at += 4) {
    const name = text.slice(spans[at], spans[at + 1]).toLowerCase();
    if (!OF_BODY.includes(name)) kept.push(...spans.slice(at, at + 4));
  }
  return new FieldLines(text, kept);
}
