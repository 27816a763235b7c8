/**
 * What the server in front and the application behind it say to each other: the contract's calls, one message each, as
 * plain data that one process can send to another. An exchange is named by its number.
 */
import type { Chunk, ConnectionInfo, FieldList } from "../gateway/contract.ts";
import type { ErrorReport } from "./error-report.ts";

/** A field section: its text, and where each name and value lies in it. */
export type Section = readonly [text: string, spans: readonly number[]];

export interface RequestData {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  readonly fields: Section;
  /** The declared length of the body; `null` when it is chunked. */
  readonly length: number | null;
  readonly connection: ConnectionInfo;
}

/** Why a body cannot be read, or nothing can be sent any more: the peer's fault, its leaving, or an error of ours. */
export type Reason =
  | { readonly kind: "fault"; readonly code: string; readonly offset: number }
  | { readonly kind: "left" | "error"; readonly error: ErrorReport };

export type ToApplication =
  /** Import the application's module now. */
  | { readonly kind: "load" }
  | { readonly kind: "request"; readonly id: number; readonly request: RequestData }
  /** The piece that was asked for; `null` at the end, with the trailer section. */
  | { readonly kind: "piece"; readonly id: number; readonly piece: Uint8Array | null; readonly trailers?: Section }
  | { readonly kind: "unreadable"; readonly id: number; readonly reason: Reason }
  /** The client has taken so many bytes of what was written. */
  | { readonly kind: "sent"; readonly id: number; readonly size: number }
  /** The client has ended its side: it may have left, or may still read. */
  | { readonly kind: "left"; readonly id: number; readonly reason: Reason }
  /** Nothing can be sent any more. */
  | { readonly kind: "gone"; readonly id: number; readonly reason: Reason }
  /** Bytes of a connection that was taken over; `null` at its end. */
  | { readonly kind: "received"; readonly id: number; readonly bytes: Uint8Array | null }
  /** End now. */
  | { readonly kind: "stop" };

export type FromApplication =
  | { readonly kind: "loaded"; readonly loaded: Loaded }
  | { readonly kind: "unloadable"; readonly line: string; readonly error: ErrorReport }
  /** An error that nobody has caught ends its process. */
  | { readonly kind: "dying"; readonly error: ErrorReport }
  /** Files that it was loaded from. */
  | { readonly kind: "files"; readonly files: readonly string[] }
  | { readonly kind: "read"; readonly id: number }
  | { readonly kind: "discard"; readonly id: number }
  | { readonly kind: "inform"; readonly id: number; readonly status: number; readonly fields: FieldList }
  | { readonly kind: "start"; readonly id: number; readonly start: Start }
  | { readonly kind: "write"; readonly id: number; readonly chunk: Chunk; readonly size: number }
  | { readonly kind: "end"; readonly id: number; readonly chunk?: Chunk; readonly trailers?: FieldList }
  | { readonly kind: "abort"; readonly id: number; readonly reason?: Reason }
  /** The handler threw, or rejected. */
  | { readonly kind: "failed"; readonly id: number; readonly reason: Reason }
  /** Work that goes on behind the response has begun, and has ended. */
  | { readonly kind: "work"; readonly id: number; readonly work: number }
  | { readonly kind: "worked"; readonly id: number; readonly work: number; readonly error?: ErrorReport }
  | { readonly kind: "takeOver"; readonly id: number }
  /** Bytes for a connection that was taken over; `null` ends it. */
  | { readonly kind: "sending"; readonly id: number; readonly bytes: Uint8Array | null }
  | { readonly kind: "destroy"; readonly id: number };

export interface Start {
  readonly status: number;
  readonly fields: FieldList | undefined;
  readonly reason: string | undefined;
}

/** An application, once its module is loaded. */
export interface Loaded {
  /** Where it would like to listen. */
  readonly wishes: { readonly port?: number; readonly hostname?: string };
  /** Whether it takes CONNECT requests. */
  readonly connects: boolean;
}

/** One end of the way between the two. What cannot be sent any more is dropped. */
export interface Channel<Out, In> {
  send(message: Out): void;
  receive(listener: (message: In) => void): void;
}
