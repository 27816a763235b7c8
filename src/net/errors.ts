/** What can go wrong between two peers, with a code to tell it by and a sentence to show. */

/**
 * Codes of this room's own; beside them, an error of the system keeps the system's (`ECONNREFUSED`, `ENOTFOUND` …).
 * Codes are API; the wording is not.
 */
export const NET_CODES = {
  LINE_TOO_LONG: "a line is longer than it may be",
  UNEXPECTED_EOF: "the peer ended in the middle of what was being read",
  IDLE_TIMEOUT: "the peer neither sent nor took anything for too long",
  CONNECT_TIMEOUT: "the connection was not made in time",
  ANSWER_TIMEOUT: "no answer came in time",
  CONNECTION_CLOSED: "the connection was closed on this side",
} as const;

export type NetCode = keyof typeof NET_CODES;

/** What the system's codes mean to whoever wanted a connection. */
const SYSTEM_CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing is listening there",
  ECONNRESET: "the peer has reset the connection",
  EPIPE: "the peer has closed the connection",
  ENOTFOUND: "there is no host of that name",
  EAI_AGAIN: "the name could not be looked up for now",
  ETIMEDOUT: "there is no answer from there",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "it is not an address of this machine",
  EMSGSIZE: "the datagram is larger than the network takes",
  ENOENT: "there is no such socket",
  ENOTSOCK: "it is not a socket",
  EACCES: "it is not allowed",
};

/** An error of a connection. `message` says what, with whom and why; `code` is one of {@link NetCode} or the system's. */
export class NetError extends Error {
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "NetError";
    this.code = code;
  }
}

/** An error of the system as a {@link NetError}: `cannot connect to localhost:1: nothing is listening there (ECONNREFUSED)`. */
export function systemError(what: string, error: NodeJS.ErrnoException): NetError {
  // With several addresses tried, Node's error holds the others', and no message of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : error;
  const code = error.code ?? first?.code ?? "UNKNOWN";
  const reason = SYSTEM_CODES[code] ?? (error.message || first?.message);
  return new NetError(code, `${what}: ${reason} (${code})`, error);
}

/** `127.0.0.1:7890`, `[::1]:7890`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
