/** What an application of the draft exports. */
import { isObject } from "../fetch/platform.ts";
import type { ConnectContext, ServerContext } from "./context.ts";

/** Marks a handler object as one of this interface; its value is the version. */
export const PROTOCOL: unique symbol = Symbol.for("wintertc.server.protocol") as never;
/** The version that is spoken here. */
export const VERSION = 1;
/** Given to `deny()` of an upgrade: only the upgrade is declined, and `fetch()` answers the request. */
export const FALL_THROUGH: unique symbol = Symbol.for("wintertc.server.fallthrough") as never;

type Awaitable<T> = T | Promise<T>;

/** A handler object. Its methods are called on it, and looked up for each request. */
export interface WintertcApplication {
  /** `Symbol.for("wintertc.server.protocol")`: 1. (Only a symbol that is a constant has a type of its own.) */
  readonly [marker: symbol]: unknown;
  /** Answers a request; gives nothing after `deny()`, or when the client has left. */
  fetch(context: ServerContext): Awaitable<Response | undefined>;
  /** Takes CONNECT requests and upgrades. Without it there is no CONNECT, and an upgrade is not offered. */
  connect?(context: ConnectContext): Awaitable<Response | undefined>;
  /** Answers for what the others have thrown; gives nothing for the plain 500 (of `connect`: 502). */
  error?(context: ServerContext, error: unknown): Awaitable<Response | undefined>;
}

/** Whether a value is marked as a handler object of this interface, of whatever version. */
export function isWintertc(value: unknown): value is WintertcApplication {
  return isObject(value) && PROTOCOL in value;
}

/** An end of a connection. On a unix socket: an empty address, port 0, and no family. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly family?: "IPv4" | "IPv6";
}

/** A priority signal (RFC 9218 §4). */
export interface RequestPriority {
  /** 0, the highest, to 7. */
  readonly urgency: number;
  readonly incremental: boolean;
}
