/** What a client can be told, with whose practice the defaults follow. */
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { BodyInit, HeadersInit } from "../gateway/fetch/platform.ts";
import { DEFAULT_RESPONSE_LIMITS, type ResponseLimits } from "../http1/response-parser.ts";
import type { WireEvent } from "./wire.ts";

/** How long each part of an exchange may take, in milliseconds; 0 for any time. Kept to within half a second. */
export interface ClientTimeouts {
  /** Until the connection stands: the name's lookup and TLS included. Default 10 s, as Node's fetch. */
  readonly connect: number;
  /** Until one of the origin's connections is free. Default 30 s; others wait for ever. */
  readonly pool: number;
  /** From the last byte that the server took to the response's head. Default 60 s, as nginx's proxy; undici 300 s. */
  readonly response: number;
  /** Between two pieces of a body, while its reader wants more. Default 60 s, as nginx's proxy; undici 300 s. */
  readonly body: number;
  /** That a connection is kept for the next request. Default 4 s, as undici: less than the 5 s of most servers. */
  readonly idle: number;
  /** That a body is held back for 100 (Continue), if it is. Default 1 s, as curl. */
  readonly continue: number;
}

export interface ClientLimits extends ResponseLimits {
  /** Connections to one origin at a time; more requests wait. Default 64; browsers 6, undici any number. */
  readonly maxConnections: number;
  /** Redirects that are followed. Default 20, as the Fetch standard. */
  readonly maxRedirects: number;
  /** Bytes of a response's body, decoded; default any number. */
  readonly maxBodySize: number;
  /** The same for a body that a content coding was undone of: a kilobyte can be a gigabyte. Default 128 MiB. */
  readonly maxDecodedSize: number;
}

export const DEFAULT_CLIENT_TIMEOUTS: ClientTimeouts = {
  connect: 10_000,
  pool: 30_000,
  response: 60_000,
  body: 60_000,
  idle: 4_000,
  continue: 1_000,
};

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  ...DEFAULT_RESPONSE_LIMITS,
  maxConnections: 64,
  maxRedirects: 20,
  maxBodySize: Number.POSITIVE_INFINITY,
  maxDecodedSize: 128 * 1024 * 1024,
};

/** What holds for every request of a client, unless the request says otherwise. */
export interface ClientOptions {
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
  readonly limits?: Partial<ClientLimits> | undefined;
  /** Connect to this unix socket, whatever host the URL names. */
  readonly unix?: string | undefined;
  /** Fields of every request that does not name them itself. Default `Accept: *\/*` and `User-Agent: portico`. */
  readonly headers?: HeadersInit | undefined;
  /** For `https:`, as `tls.connect` takes it: `ca`, `rejectUnauthorized`, `cert`, `key`, `servername` … */
  readonly tls?: TlsOptions | undefined;
  /** Whether to ask for gzip, deflate and br, and to undo them. Default yes. */
  readonly decode?: boolean | undefined;
  /** Whether connections are kept for further requests. Default yes. */
  readonly keepAlive?: boolean | undefined;
  /** Told of every byte on the wire, and of what becomes of each connection. */
  readonly observe?: ((event: WireEvent) => void) | undefined;
}

/** What a request's body can be made of. An iterable is sent as it comes, piece by piece. */
export type RequestBody = BodyInit | Uint8Array | Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/** One request, as the Fetch standard has it as far as that means something outside of browsers. */
export interface RequestOptions {
  /** Default GET. */
  readonly method?: string | undefined;
  readonly headers?: HeadersInit | undefined;
  readonly body?: RequestBody | null | undefined;
  /** Ends the request with its reason, the reading of the body included. `AbortSignal.timeout(ms)` limits it as a whole. */
  readonly signal?: AbortSignal | null | undefined;
  /** "follow" (default), "manual" to be given the redirect itself, or "error". */
  readonly redirect?: RequestInit["redirect"] | undefined;
  /** Whether the body waits for 100 (Continue): worthwhile for a large one that may be refused. Default no. */
  readonly expectContinue?: boolean | undefined;
  readonly decode?: boolean | undefined;
  readonly unix?: string | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
}
