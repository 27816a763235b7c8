import type { Limits, Timeouts } from "../core/options.ts";
import type { Exchange, Handler } from "../gateway/contract.ts";
import type { RequestParser } from "../http1/request-parser.ts";
import type { Deadlines } from "../net/deadlines.ts";
import type { Connection } from "./connection.ts";
import type { RequestContext } from "./context.ts";
import type { Counters } from "./counters.ts";
import type { Audience } from "./events.ts";
import type { TurnClock } from "./turn-clock.ts";

/** What a connection needs of the server it belongs to. */
export interface Host {
  readonly handler: Handler;
  /** Takes CONNECT requests. */
  readonly connect: Handler | undefined;
  readonly context: RequestContext;
  readonly limits: Limits;
  readonly timeouts: Timeouts;
  readonly deadlines: Deadlines;
  /** Whether the server is closing: every response is then the last of its connection. */
  readonly draining: boolean;
  /** How many connections are to end with their next response. */
  shedding: number;
  readonly counters: Counters;
  /** Says when requests come, if anybody wants to know. */
  readonly clock: TurnClock | null;
  readonly spareParsers: RequestParser[];
  /** Told of everything, if anybody wants to know. */
  readonly audience: Audience | null;
  /** The same, if it wants to see bytes. */
  readonly spectators: Audience | null;
  report(error: unknown, exchange: Exchange | null, id: string | null): void;
  closed(connection: Connection): void;
  /** A connection is the application's from now on. */
  taken(): void;
  /** Waits for work before the server is closed. */
  background(work: Promise<unknown>): void;
}
