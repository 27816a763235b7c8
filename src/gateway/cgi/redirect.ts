/** A local redirect: the same exchange, as if another target had been asked for (RFC 3875 §6.2.2). */
import { FieldLines, NO_FIELDS } from "../../http/field-lines.ts";
import { RequestHead } from "../../http/request-head.ts";
import type { BodySource, Exchange } from "../contract.ts";
import { DelegatingExchange } from "../delegate.ts";

/** Fields that speak of a body, which the script has had. */
const OF_BODY = ["content-encoding", "content-length", "content-type", "expect", "transfer-encoding"];

const NO_BODY: BodySource = {
  length: 0,
  trailers: NO_FIELDS,
  read: () => Promise.resolve(null),
  discard() {},
};

export class RedirectedExchange extends DelegatingExchange {
  /** How many redirects led here. */
  readonly depth: number;
  readonly #head: RequestHead;

  /** With GET, unless it was HEAD: what the request was to do, the script has done. */
  constructor(inner: Exchange, target: string) {
    super(inner);
    const { method, minor, fields } = inner.head;
    this.#head = new RequestHead(method === "HEAD" ? method : "GET", target, minor, withoutBody(fields));
    this.depth = inner instanceof RedirectedExchange ? inner.depth + 1 : 1;
  }

  override get head(): RequestHead {
    return this.#head;
  }

  override get body(): BodySource {
    return NO_BODY;
  }

  override takeOver(): never {
    throw new TypeError("takeOver: a script has read the request");
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
