/** What the live page is told: plain data, which workers send to their supervisor and that to browsers. Types only. */
import type { ConnectionState, Outcome } from "../server/events.ts";

/** A connection, as one look found it. */
export interface ConnectionRow {
  /** Unique among all workers. */
  readonly id: string;
  /** Address and port; empty on a unix socket. */
  readonly client: string;
  readonly state: ConnectionState;
  /** When it was accepted, and when it was gone: milliseconds since the epoch; 0 while it is open. */
  readonly since: number;
  readonly until: number;
  readonly requests: number;
  readonly received: number;
  readonly sent: number;
  /** Bytes that the client has yet to take. */
  readonly unsent: number;
  /** The request under way, and since when. */
  readonly request: { readonly line: string; readonly since: number } | null;
  /** What the kernel says of our end, and of the client's if that is on this machine: `ESTABLISHED`. */
  readonly tcp?: string;
  readonly clientTcp?: string;
}

/** What came or left at once, a character a byte: its beginning, and its length. */
export interface Piece {
  readonly way: "in" | "out";
  readonly text: string;
  readonly length: number;
}

/** A request that has ended. */
export interface RequestRow {
  readonly id: string;
  /** The id of its connection. */
  readonly connection: string;
  readonly client: string;
  readonly line: string;
  readonly status: number;
  readonly outcome: Outcome;
  readonly fault: string | null;
  /** When its head was whole: milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds until its response began, and from there to its end. */
  readonly waiting: number;
  readonly sending: number;
  /** Bytes of both bodies. */
  readonly received: number;
  readonly sent: number;
}

/** What one worker sees. */
export interface WorkerLook {
  /** Open connections in all, and of each state. */
  readonly open: number;
  readonly states: Readonly<Record<string, number>>;
  /** Those where most happens; not all, if there are many. */
  readonly connections: readonly ConnectionRow[];
  /** Closed lately. */
  readonly closed: readonly ConnectionRow[];
  /** Ended last, the latest first. */
  readonly requests: readonly RequestRow[];
  /** The same of those that failed, were refused or took long: they would be lost among the others. */
  readonly notable: readonly RequestRow[];
  readonly totals: Totals;
  /** Requests that wait for their turn, by queue. */
  readonly waiting: Readonly<Record<string, number>>;
  /** Refusals by code and timeouts by name, of which there were any. */
  readonly limits: Readonly<Record<string, number>>;
}

export interface Totals {
  readonly accepted: number;
  readonly requests: number;
  readonly failed: number;
  readonly received: number;
  readonly sent: number;
}

export interface WorkerRow {
  readonly name: string;
  readonly state: string;
  readonly since: number;
  readonly connections: number;
}

/** Sockets of the server's port, as the kernel counts them. */
export interface KernelLook {
  /** By TCP state; of those whose client is on this machine, also the client's end. */
  readonly server: Readonly<Record<string, number>>;
  readonly client: Readonly<Record<string, number>>;
  /** Connections that wait to be accepted. */
  readonly queue: number;
}

/** Everything. */
export interface Look extends WorkerLook {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly ready: boolean;
  readonly version: string;
  readonly workers: readonly WorkerRow[];
  /** Workers that died, were let go, or did not start. */
  readonly ends: Readonly<Record<string, number>>;
  /** `null` where the system does not tell. */
  readonly kernel: KernelLook | null;
}
