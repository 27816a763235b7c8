/** What a request gets of a representation (RFC 9110 §13.2.2): all of it, a part, or word that it need not be sent. */
import { randomUUID } from "node:crypto";
import type { Exchange } from "../gateway/contract.ts";
import { evaluatePreconditions, hasPreconditions, ifRangeHolds } from "../http/conditional.ts";
import { type ByteRange, contentRange, layOutParts, resolveRanges } from "../http/ranges.ts";
import type { RequestHead } from "../http/request-head.ts";
import { refuse } from "./refusal.ts";
import type { Content, Representation } from "./representation.ts";
import { PIECE_SIZE, writePieces } from "./send.ts";

export type Ranges = ReturnType<typeof resolveRanges>;

/** The ranges that a request asks for; `null` if it is answered with the whole. */
export function requestedRanges({ method, fields }: RequestHead, current: Representation): Ranges {
  // No other method has ranges (RFC 9110 §14.2): a HEAD tells of the whole.
  if (method !== "GET") return null;
  const field = fields.get("range");
  return field === null || !ifRangeHolds(fields, current, Date.now()) ? null : resolveRanges(field, current.size);
}

/** Answers a GET or HEAD. The promise, where there is one, settles when the client has taken what it gets. */
export function answer(exchange: Exchange, representation: Representation, ranges: Ranges): void | Promise<void> {
  const { method, fields } = exchange.head;
  const verdict = hasPreconditions(fields) ? evaluatePreconditions(method, fields, representation) : null;
  if (verdict === 304) {
    exchange.start(304, representation.notModifiedFields);
    return exchange.end();
  }
  if (verdict === 412) return refuse(exchange, 412, representation.changes);
  if (ranges === 416) {
    const size = ["Content-Range", contentRange(null, representation.size)];
    return refuse(exchange, 416, representation.changes, size);
  }
  if (ranges !== null && ranges.length > 1) return sendParts(exchange, representation, ranges);
  if (ranges !== null) {
    exchange.start(206, representation.partialFields(ranges[0]!));
    return send(exchange, representation.content, ranges[0]!);
  }
  exchange.start(200, representation.fields);
  return sendWhole(exchange, representation);
}

/** Answers with an error's page. It is never a part, and no precondition makes it anything else. */
export function answerMissing(exchange: Exchange, page: Representation): void | Promise<void> {
  exchange.start(404, page.errorFields);
  return sendWhole(exchange, page);
}

function sendWhole(exchange: Exchange, { content, size }: Representation): void | Promise<void> {
  if (typeof content === "string" || exchange.head.method === "HEAD") {
    return exchange.end(typeof content === "string" ? content : undefined);
  }
  return send(exchange, content, { start: 0, stop: size });
}

function send(exchange: Exchange, content: Content, range: ByteRange): void | Promise<void> {
  if (isInMemory(content) && range.stop - range.start <= PIECE_SIZE) return exchange.end(cut(content, range));
  return sendPatiently(exchange, content, range);
}

async function sendPatiently(exchange: Exchange, content: Content, range: ByteRange): Promise<void> {
  if (await write(exchange, content, range)) exchange.end();
}

async function sendParts(exchange: Exchange, current: Representation, ranges: readonly ByteRange[]): Promise<void> {
  const { content, size, type } = current;
  const boundary = randomUUID();
  const { heads, end, length } = layOutParts(ranges, size, type, boundary);
  exchange.start(206, current.multipartFields(boundary, length));
  for (const [at, range] of ranges.entries()) {
    exchange.write(heads[at]!);
    if (!(await write(exchange, content, range))) return;
  }
  exchange.end(end);
}

/** Writes a range, and waits until more can be written. Gives `false` if the connection had to be cut. */
async function write(exchange: Exchange, content: Content, range: ByteRange): Promise<boolean> {
  if (!isInMemory(content)) return writePieces(exchange, content, range);
  if (!exchange.write(cut(content, range))) await exchange.drained();
  return true;
}

function isInMemory(content: Content): content is string | Uint8Array {
  return typeof content === "string" || content instanceof Uint8Array;
}

/** A range of a body; text here is ASCII, a character a byte. */
function cut(content: string | Uint8Array, { start, stop }: ByteRange): string | Uint8Array {
  if (start === 0 && stop === content.length) return content;
  return typeof content === "string" ? content.slice(start, stop) : content.subarray(start, stop);
}
