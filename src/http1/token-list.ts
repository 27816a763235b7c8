/** Comma-separated lists on the wire, read in place (RFC 9110 §5.6.1): Connection and Transfer-Encoding. */
import { COMMA, HTAB, SP, tokenIs } from "./bytes.ts";
import { CODING, type Coding } from "./framing.ts";

export const CONNECTION = { CLOSE: 1, KEEP_ALIVE: 2, UPGRADE: 4 } as const;

/** Which of the options that matter here a Connection value names, as a set of `CONNECTION` bits (RFC 9110 §7.6.1). */
export function connectionOptions(bytes: Uint8Array, start: number, end: number): number {
  let options = 0;
  for (let at = start; at < end; ) {
    const stop = elementEnd(bytes, at, end);
    const first = skipSpace(bytes, at, stop);
    const last = trimSpace(bytes, first, stop);
    if (tokenIs(bytes, first, last, "keep-alive")) options |= CONNECTION.KEEP_ALIVE;
    else if (tokenIs(bytes, first, last, "close")) options |= CONNECTION.CLOSE;
    else if (tokenIs(bytes, first, last, "upgrade")) options |= CONNECTION.UPGRADE;
    at = stop + 1;
  }
  return options;
}

/** What a Transfer-Encoding value amounts to (RFC 9112 §6.1). */
export function transferCoding(bytes: Uint8Array, start: number, end: number): Coding {
  let coding: Coding = CODING.AMBIGUOUS;
  let elements = 0;
  for (let at = start; at <= end; ) {
    const stop = elementEnd(bytes, at, end);
    const first = skipSpace(bytes, at, stop);
    const last = trimSpace(bytes, first, stop);
    const chunked = tokenIs(bytes, first, last, "chunked");
    if (first === last || (elements > 0 && coding === CODING.CHUNKED)) return CODING.AMBIGUOUS;
    coding = chunked ? CODING.CHUNKED : CODING.AMBIGUOUS;
    elements++;
    at = stop + 1;
  }
  return coding === CODING.CHUNKED && elements > 1 ? CODING.UNSUPPORTED : coding;
}

function elementEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] !== COMMA) at++;
  return at;
}

export function skipSpace(bytes: Uint8Array, start: number, end: number): number {
  while (start < end && (bytes[start] === SP || bytes[start] === HTAB)) start++;
  return start;
}

export function trimSpace(bytes: Uint8Array, start: number, end: number): number {
  while (end > start && (bytes[end - 1] === SP || bytes[end - 1] === HTAB)) end--;
  return end;
}
