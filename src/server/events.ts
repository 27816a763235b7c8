/**
 * What a server tells about itself while it serves: the seam to logs, metrics and whoever else watches. Types, and how
 * several observers are told as one. A server that nobody observes pays a comparison for each of these events.
 */
import type { FaultCode } from "../core/faults.ts";
import type { ConnectionInfo } from "../gateway/contract.ts";
import type { RequestHead } from "../http/request-head.ts";

export type { Counters } from "./counters.ts";

/** Told what happens, as it happens. What these methods throw would break the connection: they must not. */
export interface ServerObserver {
  /** A connection was accepted, also one that is turned away next. */
  opened(connection: ObservedConnection): void;
  /** It is gone; its requests have ended before. */
  closed(connection: ObservedConnection): void;
  /** A request is over, and its response, if there is one, was handed to the system. */
  ended(request: EndedRequest): void;
  /**
   * Bytes came, or leave, as they are or as text of one character a byte: for whoever looks into a server in development.
   * They change when this returns.
   */
  bytes(connection: ObservedConnection, way: "in" | "out", data: Uint8Array | string): void;
}

/** Where a connection stands. */
export type ConnectionState =
  /** Accepted; nothing has come. */
  | "fresh"
  /** Between two requests. */
  | "idle"
  /** A request's head has begun to come. */
  | "head"
  /** A request's body is coming. */
  | "body"
  /** The application has the whole request, or the client has yet to take the response. */
  | "answer"
  /** The server has sent its last byte, and waits for the client's. */
  | "linger"
  /** The application has taken it over, for another protocol. */
  | "taken"
  | "closed";

/** A connection as it is now: each property is looked up when it is asked for. The object is the connection's identity. */
export interface ObservedConnection {
  /** Known also when the connection is closed. */
  readonly info: ConnectionInfo;
  readonly state: ConnectionState;
  /** How many requests came on it. */
  readonly requests: number;
  /** Bytes that came, and bytes that were sent: heads, framing and bodies. */
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Bytes of responses that the client has yet to take. */
  readonly unsent: number;
  readonly request: PendingRequest | null;
}

/** A request that is under way, and when its head was whole: milliseconds since the epoch, 0 when nobody looked. */
export interface PendingRequest {
  readonly method: string;
  readonly target: string;
  readonly since: number;
}

/** How a request ended. */
export type Outcome =
  /** The whole response was handed to the system. */
  | "complete"
  /** The application threw, or its response was not what it had declared. */
  | "failed"
  /** The server refused it: `fault` says why. */
  | "refused"
  /** The client left before the response was complete. */
  | "left"
  /** The server cut the connection: the client took nothing for too long, the application gave up, or the grace was over. */
  | "cut"
  /** The connection went on with another protocol, and has ended now. */
  | "taken";

export interface EndedRequest {
  readonly connection: ObservedConnection;
  /** `null` when it was refused before its head was whole. */
  readonly head: RequestHead | null;
  /** Of a request without a head: what came of its first line. It may hold anything. */
  readonly line: string;
  /** The response's status; 0 when nothing of a response was sent. */
  readonly status: number;
  readonly outcome: Outcome;
  readonly fault: FaultCode | null;
  /** What the report of its failure is called by, to client and log; `null` if nothing failed. */
  readonly id: string | null;
  /** The response's field lines as they were sent, without those that are the server's to add. */
  readonly responseFields: string;
  /** Bytes of the request's body, and of the response's; without heads and framing. */
  readonly received: number;
  readonly sent: number;
  /** When its head was whole, when its response began, and now: in milliseconds, as `performance.now()` counts them. */
  readonly since: number;
  readonly began: number;
  readonly until: number;
}

type Listener<Name extends keyof ServerObserver> = Pick<ServerObserver, Name>;

/** All who observe a server, told one after the other. */
export class Audience implements ServerObserver {
  readonly #opened: Listener<"opened">[];
  readonly #closed: Listener<"closed">[];
  readonly #ended: Listener<"ended">[];
  readonly #bytes: Listener<"bytes">[];

  constructor(observers: readonly Partial<ServerObserver>[]) {
    const those = <Name extends keyof ServerObserver>(name: Name) =>
      observers.filter(
        (observer): observer is Listener<Name> & Partial<ServerObserver> => observer[name] !== undefined,
      );
    this.#opened = those("opened");
    this.#closed = those("closed");
    this.#ended = those("ended");
    this.#bytes = those("bytes");
  }

  /** Whether anybody wants to see bytes. */
  get seesBytes(): boolean {
    return this.#bytes.length > 0;
  }

  opened(connection: ObservedConnection): void {
    for (const observer of this.#opened) observer.opened(connection);
  }

  closed(connection: ObservedConnection): void {
    for (const observer of this.#closed) observer.closed(connection);
  }

  bytes(connection: ObservedConnection, way: "in" | "out", data: Uint8Array | string): void {
    for (const observer of this.#bytes) observer.bytes(connection, way, data);
  }

  ended(request: EndedRequest): void {
    for (const observer of this.#ended) observer.ended(request);
  }
}
