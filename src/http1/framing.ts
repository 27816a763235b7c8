/**
 * Where a message's body ends: the one place that decides it, for requests and for responses, received and sent
 * (RFC 9112 §6). Whatever two readers could understand differently is refused.
 */
import type { FaultCode } from "../core/faults.ts";
import { isBodiless } from "../http/status.ts";

export const FRAMING = {
  /** No body. */
  NONE: 0,
  /** Content-Length bytes. */
  LENGTH: 1,
  CHUNKED: 2,
  /** Until the connection closes: responses only. */
  CLOSE: 3,
} as const;
export type Framing = (typeof FRAMING)[keyof typeof FRAMING];

/** What a message's Transfer-Encoding says. */
export const CODING = {
  ABSENT: 0,
  /** Exactly `chunked`. */
  CHUNKED: 1,
  /** Ends in chunked, with other codings before it. */
  UNSUPPORTED: 2,
  /** Does not end in chunked, or names it twice: no reader can know where this body ends. */
  AMBIGUOUS: 3,
} as const;
export type Coding = (typeof CODING)[keyof typeof CODING];

/**
 * The framing of a received request, or the fault that its fields are (RFC 9112 §6.1, §6.3).
 * @param length Content-Length, -1 when absent
 */
export function requestFraming(minor: number, coding: Coding, length: number): Framing | FaultCode {
  if (coding === CODING.ABSENT) return length > 0 ? FRAMING.LENGTH : FRAMING.NONE;
  // A 1.0 hop may have passed Transfer-Encoding on without understanding it; both together is the classic smuggling.
  if (minor === 0) return "BAD_TRANSFER_ENCODING";
  if (length >= 0) return "LENGTH_WITH_ENCODING";
  if (coding === CODING.UNSUPPORTED) return "CODING_NOT_SUPPORTED";
  if (coding === CODING.AMBIGUOUS) return "BAD_TRANSFER_ENCODING";
  return FRAMING.CHUNKED;
}

/**
 * The framing of a response that is about to be sent (RFC 9112 §6.1, §6.3).
 * @param length the body's length when it is known, -1 when it is streamed
 */
export function responseFraming(method: string, status: number, minor: number, length: number): Framing {
  if (method === "HEAD" || isBodiless(status) || status === 205) return FRAMING.NONE;
  // What follows a CONNECT that succeeded is the tunnel, not a body (RFC 9110 §9.3.6).
  if (method === "CONNECT" && status < 300) return FRAMING.NONE;
  if (length >= 0) return FRAMING.LENGTH;
  return minor === 0 ? FRAMING.CLOSE : FRAMING.CHUNKED;
}

/**
 * The framing of a received response, or the fault that its fields are (RFC 9112 §6.1, §6.3).
 * @param method the method of the request that it answers: the same fields mean something else behind HEAD
 * @param length Content-Length, -1 when absent
 */
export function receivedResponseFraming(
  method: string,
  status: number,
  minor: number,
  coding: Coding,
  length: number,
): Framing | FaultCode {
  // Ambiguous even where no body may be: the two are what response splitting is made of.
  if (coding !== CODING.ABSENT && length >= 0) return "LENGTH_WITH_ENCODING";
  if (coding !== CODING.ABSENT && minor === 0) return "BAD_TRANSFER_ENCODING";
  if (method === "HEAD" || isBodiless(status) || (method === "CONNECT" && status < 300)) return FRAMING.NONE;
  if (coding === CODING.UNSUPPORTED) return "CODING_NOT_SUPPORTED";
  // RFC 9112 §6.3 would read it until the close; a coding that nobody asked for and nobody could undo is no content.
  if (coding === CODING.AMBIGUOUS) return "BAD_TRANSFER_ENCODING";
  if (coding === CODING.CHUNKED) return FRAMING.CHUNKED;
  return length >= 0 ? FRAMING.LENGTH : FRAMING.CLOSE;
}

/** Methods of which a request without a body says so (RFC 9110 §8.6). */
const EXPECTING_CONTENT: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

/**
 * The framing of a request that is about to be sent (RFC 9112 §6.3).
 * @param length the body's length when it is known, -1 when it is streamed, `null` when there is no body
 */
export function sentRequestFraming(method: string, length: number | null): Framing {
  if (length === null) return EXPECTING_CONTENT.has(method) ? FRAMING.LENGTH : FRAMING.NONE;
  return length >= 0 ? FRAMING.LENGTH : FRAMING.CHUNKED;
}

/** Reads a Content-Length value: digits only; -1 for anything else, and for what a double cannot count. */
export function parseContentLength(bytes: Uint8Array, start: number, end: number): number {
  if (start === end || end - start > 16) return -1;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : -1;
}
