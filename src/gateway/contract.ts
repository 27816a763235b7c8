/**
 * The seam between server and application. The server hands an application one Exchange a request; an application
 * interface (fetch, WSGI, CGI, Node's) is an adapter that turns its own idea of an application into a Handler.
 * Types only: neither side may learn more of the other than stands here.
 */
import type { Duplex } from "node:stream";
import type { FieldLines } from "../http/field-lines.ts";
import type { RequestHead } from "../http/request-head.ts";

/**
 * An application, as the server sees it. It may answer before it returns, before its promise settles, or later still.
 * What it throws (or rejects with) before `start` becomes a 500; after `start`, the connection is cut.
 */
export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Field lines to send, flat, in order: `["Content-Type", "text/html", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]`. */
export type FieldList = readonly string[];

/**
 * A piece of a body. A string is sent as UTF-8. Bytes must not change until they are sent: for good, or, when `write`
 * returned `false` for them, until `drained()` resolves.
 */
export type Chunk = string | Uint8Array;

/** One request and its response. */
export interface Exchange {
  readonly head: RequestHead;
  readonly body: BodySource;
  /** Aborts with an `AbortError` when the client leaves before the response is complete; never after. Made on first touch. */
  readonly signal: AbortSignal;
  readonly connection: ConnectionInfo;

  /** Whether `start` was called: the status is then decided and no error page can replace it. */
  readonly started: boolean;

  /**
   * Sends an informational response (1xx but 101) before the final one; does nothing to an HTTP/1.0 client.
   * @throws {TypeError} on a status that is not informational, a bad field, or when the response has started.
   */
  inform(status: number, fields?: FieldList): void;

  /**
   * Decides the response's status (200 to 599) and fields. Nothing is sent before the first `write` or `end`, so that a
   * small response leaves in one piece. `Date`, `Connection`, `Content-Length` and `Transfer-Encoding` are the server's to
   * add; a `Content-Length` that is given is held to.
   * @throws {TypeError} on a bad status or field, or when called twice. Nothing has been sent then.
   */
  start(status: number, fields?: FieldList, reason?: string): void;

  /**
   * Sends a piece of the body. `false` asks the application to wait for `drained()`. Pieces for a response that has no
   * body (HEAD, 204, 304) are dropped; so is everything once the client has left.
   * @throws {TypeError} before `start` or after `end`.
   */
  write(chunk: Chunk): boolean;

  /** Resolves when more can be written; rejects with the signal's reason when the client has left. */
  drained(): Promise<void>;

  /**
   * Completes the response, with a last piece and trailer fields if given (trailers reach HTTP/1.1 clients of a chunked
   * response only).
   * @throws {TypeError} before `start` or when called twice.
   */
  end(chunk?: Chunk, trailers?: FieldList): void;

  /**
   * Hands the connection over, from the end of this request on: an upgraded protocol (RFC 9110 §7.8) or a tunnel (CONNECT,
   * §9.3.6). Nothing has been sent and nothing will be: the response, 101 or 200, is the new owner's to write. What the
   * client sent after the request is read from it first. No limit or timeout holds any longer; a closing server ends it.
   * @throws {TypeError} when the response has started, the request has a body, or it neither asks for an upgrade nor is
   * CONNECT.
   */
  takeOver(): Duplex;

  /**
   * Names work that goes on when the response is complete: a closing server waits for it as long as for a response. What
   * the promise rejects with is reported, and that is all that comes of it. It may be called at any time.
   */
  waitUntil(work: Promise<unknown>): void;

  /** Gives the exchange up: the connection is cut, so that the client cannot take what it got for the whole. */
  abort(cause?: unknown): void;
}

/** The request's body, pulled: nothing is read from the socket beyond a bounded buffer until it is asked for. */
export interface BodySource {
  /** The declared length in bytes; 0 without a body, `null` when it is chunked. */
  readonly length: number | null;
  /**
   * The next piece, which is the caller's to keep; `null` at the end. One read at a time.
   * @throws {BodyError} (rejects) when the body is malformed, too large or too slow.
   * @throws {DOMException} `AbortError` (rejects) when the client leaves in the middle.
   */
  read(): Promise<Uint8Array | null>;
  /**
   * All of it as UTF-8 text, where the source has a shorter way to that than `read`; in place of any read.
   * @throws as `read` does.
   */
  text?(): Promise<string>;
  /** Says that nobody will read the rest; later reads give `null`. */
  discard(): void;
  /** The trailer section, once `read` has given `null`; empty until then. */
  readonly trailers: FieldLines;
}

/** The connection a request came on. Each property is looked up when it is asked for. */
export interface ConnectionInfo {
  /** The client's address; empty on a unix socket. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** Whether the connection is under TLS. */
  readonly encrypted: boolean;
}
