/** What can go wrong between a request and its response, with a code to tell it by and a sentence to show. */
import { type Fault, FaultError } from "../core/faults.ts";
import { NetError } from "../net/errors.ts";

/**
 * Codes of this room's own; beside them, a connection that was not made or broke keeps the code of `portico/net` or the
 * system (`CONNECT_TIMEOUT`, `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET` …). Codes are API; the wording is not.
 */
export const CLIENT_CODES = {
  CONNECTION_CLOSED: "the server closed the connection without an answer",
  INCOMPLETE_RESPONSE: "the connection ended in the middle of the response",
  BAD_RESPONSE: "the response breaks the protocol; the cause says how",
  RESPONSE_TIMEOUT: "the response did not begin in time",
  BODY_TIMEOUT: "the response stood still for too long",
  POOL_TIMEOUT: "no connection to the origin became free in time",
  BODY_TOO_LARGE: "the response's body is over the limit",
  BAD_CODING: "the response's content coding cannot be undone",
  TLS_FAILED: "no trusted TLS connection could be made",
  REDIRECTED: 'the response is a redirect, and redirect is "error"',
  TOO_MANY_REDIRECTS: "one redirect led to another too often",
  BAD_REDIRECT: "the redirect leads to nowhere",
  BODY_SPENT: "the request would have to be sent again, and its body can be read only once",
  CLIENT_CLOSED: "the client was closed",
} as const;

export type ClientCode = keyof typeof CLIENT_CODES;

/** Whom a request goes to. */
export interface Peer {
  /** The URL's host, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Where the connection goes in its stead: a unix socket. */
  readonly unix: string | undefined;
  /** For people: `example.com:80`, or the socket's path. */
  readonly name: string;
}

/** Why there is no response, or not all of it. `message` says what, with whom and why. */
export class ClientError extends Error {
  /** One of {@link ClientCode}, or the code of the connection's error. */
  readonly code: string;
  readonly host: string;
  readonly port: number;

  constructor(code: ClientCode | (string & {}), message: string, { host, port }: Peer, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ClientError";
    this.code = code;
    this.host = host;
    this.port = port;
  }
}

/** A server's fault. Its own code (`BAD_CHUNK_SIZE` …) is the cause's. */
export function badResponse(to: Peer, what: string, fault: Fault): ClientError {
  const cause = new FaultError(fault);
  if (fault.code === "UNEXPECTED_EOF") {
    return new ClientError(
      "INCOMPLETE_RESPONSE",
      `${to.name} ended the connection in the middle of ${what}`,
      to,
      cause,
    );
  }
  const why = `${fault.message} (${fault.code} at byte ${fault.offset})`;
  return new ClientError("BAD_RESPONSE", `${to.name} broke the protocol in ${what}: ${why}`, to, cause);
}

/** Why there is no connection. */
export function noConnection(to: Peer, error: unknown): unknown {
  return error instanceof NetError ? new ClientError(error.code, error.message, to, error) : error;
}
