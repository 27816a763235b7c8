/**
 * What a peer can do wrong, and the status each wrong gets: the one place where a fault's code meets its status.
 * Codes are API; the wording is not. Errors of our own making are thrown and do not live here.
 */
export const FAULTS = {
  // The request line (RFC 9112 §3)
  BAD_METHOD: [400, "the method is not a token"],
  BAD_TARGET: [400, "the request target is malformed for this method"],
  BAD_VERSION: [400, "the protocol version is malformed"],
  VERSION_NOT_SUPPORTED: [505, "only HTTP/1.0 and HTTP/1.1 are spoken here"],
  REQUEST_LINE_TOO_LONG: [414, "the request line is over the limit"],

  // Fields (RFC 9112 §5, RFC 9110 §5)
  BAD_LINE_END: [400, "a line does not end in CR LF"],
  BAD_FIELD_NAME: [400, "a field name is not a token followed by a colon"],
  BAD_FIELD_VALUE: [400, "a field value holds a control character"],
  FIELD_FOLDED: [400, "a field is continued on the next line, which RFC 9112 §5.2 forbids"],
  FIELD_REPEATED: [400, "a field that may appear once appears twice"],
  FIELDS_TOO_LARGE: [431, "the header section is over the limit in bytes"],
  TOO_MANY_FIELDS: [431, "the header section is over the limit in fields"],
  HOST_MISSING: [400, "an HTTP/1.1 request needs a Host field"],
  BAD_HOST: [400, "the Host field is not a host"],
  EXPECTATION_FAILED: [417, "the only expectation met here is 100-continue"],

  // Framing and body (RFC 9112 §6, §7)
  BAD_CONTENT_LENGTH: [400, "Content-Length is not a plain decimal number"],
  LENGTH_WITH_ENCODING: [400, "Content-Length and Transfer-Encoding in one message"],
  BAD_TRANSFER_ENCODING: [400, "Transfer-Encoding does not end in chunked, or is used in HTTP/1.0"],
  CODING_NOT_SUPPORTED: [501, "chunked is the only transfer coding spoken here"],
  BAD_CHUNK_SIZE: [400, "a chunk size is not a hexadecimal number"],
  BAD_CHUNK_EXTENSION: [400, "a chunk extension is malformed or over the limit"],
  BAD_CHUNK_END: [400, "a chunk does not end in CR LF"],
  BODY_TOO_LARGE: [413, "the request body is over the limit"],
  BAD_TRAILER: [400, "a field that decides framing or routing stands in a trailer section"],
  UNEXPECTED_EOF: [400, "the connection ended in the middle of a message"],

  // Responses, which only a client reads (RFC 9112 §4). What a server does wrong is a gateway's 502.
  BAD_STATUS_LINE: [502, "the status line is malformed"],
  STATUS_LINE_TOO_LONG: [502, "the status line is over the limit"],
  TOO_MANY_INTERIM: [502, "too many interim responses come before the final one"],

  // What this server does not do
  METHOD_NOT_SUPPORTED: [501, "neither TRACE nor CONNECT is answered here"],

  // Connections
  TOO_MANY_CONNECTIONS: [503, "the server has all the connections it takes"],
  TOO_MANY_FROM_CLIENT: [503, "this client has all the connections it may have"],

  // Time
  HEAD_TIMEOUT: [408, "the request head did not arrive in time"],
  BODY_TIMEOUT: [408, "the request body arrives too slowly"],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type FaultCode = keyof typeof FAULTS;

/** A fault of the peer, as a value: never thrown by the protocol, only returned. */
export interface Fault {
  readonly code: FaultCode;
  readonly status: number;
  readonly message: string;
  /** Where in the message it was noticed: bytes from its first byte. */
  readonly offset: number;
}

export function fault(code: FaultCode, offset = 0): Fault {
  const [status, message] = FAULTS[code];
  return { code, status, message, offset };
}

/** A fault of the peer on its way to an application that waits for the body: what `body.read()` rejects with. */
export class FaultError extends Error implements Fault {
  readonly code: FaultCode;
  readonly status: number;
  readonly offset: number;

  constructor({ code, status, message, offset }: Fault) {
    super(message);
    this.name = "FaultError";
    this.code = code;
    this.status = status;
    this.offset = offset;
  }
}
