/**
 * Conditional requests (RFC 9110 §13): whether a request still goes ahead, by the validators of what it asks for.
 * Only for what would be answered with 2xx: preconditions do not turn a 404 into anything else (§13.2.1).
 */
import { parseHttpDate } from "./date.ts";
import type { FieldLines } from "./field-lines.ts";

/** What tells one state of a representation from another. */
export interface Validators {
  /** The entity tag as it is sent, quotes and all: `"abc"` or `W/"abc"`. */
  readonly etag: string | null;
  /** Milliseconds since the epoch; a fraction of a second does not count. */
  readonly lastModified: number | null;
}

/** Whether any field may be a precondition, in one pass: most requests have none, and then need no second look. */
export function hasPreconditions({ text, spans }: FieldLines): boolean {
  for (let at = 0; at < spans.length; at += 4) {
    const start = spans[at]!;
    if (spans[at + 1]! - start < 8) continue;
    if ((text.charCodeAt(start) | 0x20) !== 0x69 || (text.charCodeAt(start + 1) | 0x20) !== 0x66) continue;
    if (text.charCodeAt(start + 2) === 0x2d) return true;
  }
  return false;
}

/**
 * Evaluates the preconditions in the order of RFC 9110 §13.2.2: 412 when one failed, 304 when the client has what it
 * asks for, `null` when the request goes ahead. If-Range is not among them: it decides about a range, not the request.
 */
export function evaluatePreconditions(method: string, fields: FieldLines, current: Validators): 304 | 412 | null {
  const ifMatch = fields.get("if-match");
  if (ifMatch !== null) {
    if (!listMatches(ifMatch, current.etag, strongMatch)) return 412;
  } else if (isModifiedSince(current, fields.get("if-unmodified-since"))) return 412;

  const safe = method === "GET" || method === "HEAD";
  const ifNoneMatch = fields.get("if-none-match");
  if (ifNoneMatch !== null) {
    if (ifNoneMatch !== current.etag && !listMatches(ifNoneMatch, current.etag, weakMatch)) return null;
    return safe ? 304 : 412;
  }
  return safe && isModifiedSince(current, fields.get("if-modified-since")) === false ? 304 : null;
}

/**
 * Whether a Range field counts (RFC 9110 §13.1.5): there is no If-Range, or it names the current state for sure. A date
 * does so only when its second is over, so that there was no change after the one that the client knows (§8.8.2.2).
 * @param now in milliseconds since the epoch
 */
export function ifRangeHolds(fields: FieldLines, { etag, lastModified }: Validators, now: number): boolean {
  const field = fields.get("if-range");
  if (field === null) return true;
  if (etag !== null && strongMatch(field, etag)) return true;
  const date = parseHttpDate(field);
  if (date === null || lastModified === null) return false;
  const second = Math.floor(lastModified / 1000);
  return date === second * 1000 && Math.floor(now / 1000) > second;
}

/** `null` where the field has to be ignored: it is absent, no single HTTP-date, or there is nothing to compare with. */
function isModifiedSince({ lastModified }: Validators, date: string | null): boolean | null {
  if (date === null || lastModified === null) return null;
  const since = parseHttpDate(date);
  return since === null ? null : Math.floor(lastModified / 1000) > Math.floor(since / 1000);
}

/**
 * A list's next element: an entity tag or, as a list may have them (RFC 9110 §5.6.1.2), nothing. The spaces after a tag
 * belong to the tag, so that a run of spaces can be read in one way only, and in linear time.
 */
const ELEMENT = /[\t ]*(?:((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*)?(?:,|$)/y;

/** Whether `*` or a tag of the list matches. A malformed list matches nothing, so that at worst too much is sent. */
function listMatches(list: string, etag: string | null, match: (a: string, b: string) => boolean): boolean {
  if (list === "*") return true;
  let found = false;
  ELEMENT.lastIndex = 0;
  while (ELEMENT.lastIndex < list.length) {
    const element = ELEMENT.exec(list);
    if (element === null) return false;
    const tag = element[1];
    if (tag !== undefined && etag !== null && match(tag, etag)) found = true;
  }
  return found;
}

/** RFC 9110 §8.8.3.2: the same octets, for sure. */
function strongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith("W/");
}

/** RFC 9110 §8.8.3.2: the same for practical purposes. */
function weakMatch(a: string, b: string): boolean {
  return opaque(a) === opaque(b);
}

function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}
