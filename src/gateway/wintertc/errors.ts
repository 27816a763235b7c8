/** The draft's error codes ("Errors"), and what the server's own errors are called in them. */
import { FaultError } from "../../core/faults.ts";
import { isObject } from "../fetch/platform.ts";

export type ErrorCode =
  | "ERR_HTTP_REQUEST_REJECTED"
  | "ERR_HTTP_REQUEST_CANCELLED"
  | "ERR_HTTP_INTERNAL_ERROR"
  | "ERR_HTTP_GOAWAY"
  | "ERR_HTTP_PROTOCOL_ERROR"
  | "ERR_HTTP_CONNECT_ERROR"
  | "ERR_HTTP_CONNECTION_RESET"
  | "ERR_HTTP_TIMEOUT"
  | "ERR_HTTP_CONTENT_TOO_LARGE";

/** A TypeError that says, whatever the protocol's version, what happened to an exchange. */
export interface ProtocolError extends TypeError {
  readonly code: ErrorCode;
}

export function protocolError(code: ErrorCode, message: string, cause?: unknown): ProtocolError {
  return Object.assign(new TypeError(message, cause === undefined ? {} : { cause }), { code });
}

/** What was translated, and from what. */
const ORIGINALS = new WeakMap<object, unknown>();

/** What the server says by a fault or an AbortError, as a protocol error. */
export function translated(error: unknown): ProtocolError {
  const result = protocolError(codeFor(error), (error as Error).message, error);
  ORIGINALS.set(result, error);
  return result;
}

/** The error that the server has a status for, if this one was translated from it. */
export function original(error: unknown): unknown {
  return isObject(error) && ORIGINALS.has(error) ? ORIGINALS.get(error) : error;
}

function codeFor(error: unknown): ErrorCode {
  if (!(error instanceof FaultError)) return "ERR_HTTP_CONNECTION_RESET";
  if (error.code === "BODY_TOO_LARGE") return "ERR_HTTP_CONTENT_TOO_LARGE";
  return error.code === "BODY_TIMEOUT" ? "ERR_HTTP_TIMEOUT" : "ERR_HTTP_PROTOCOL_ERROR";
}

export function codeOf(error: unknown): unknown {
  return Object(error).code;
}

export function invalidState(message: string): DOMException {
  return new DOMException(message, "InvalidStateError");
}

export function notSupported(message: string): DOMException {
  return new DOMException(message, "NotSupportedError");
}
