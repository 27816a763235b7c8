/** A worker's side of its life: it starts, beats, retires and drains. What it serves is not known here. */
import type { Counters } from "../server/counters.ts";
import type { Server } from "../server/server.ts";
import { exposeRequests } from "./inspection.ts";
import { BEAT, type FromWorker, type ToWorker } from "./messages.ts";
import { watch } from "./watchdog.ts";

/** The worker's end of the way to its supervisor. */
export interface Channel {
  send(message: FromWorker): void;
  /** Calls back for each message; and with `null` once there is no supervisor any more. */
  receive(listener: (message: ToWorker | null) => void): void;
}

/** What a worker keeps going. */
export interface Work {
  /** It listens. */
  readonly server: Served;
  /** Opens log files again. */
  reopen?(): void;
  /** Says what is asked for by name; called without one, what is to outlive the worker. */
  report?(what?: string): unknown;
  /** What is to be done at the end, when the server has closed. */
  close?(): Promise<void>;
}

export interface Lifespan {
  /** Milliseconds that the event loop may be blocked, in a process that watches itself; 0 for any time. */
  readonly timeout: number;
  /** Requests after which the worker asks to be replaced; 0 for any number. */
  readonly maxRequests: number;
  /** Bytes of resident memory after which it does; 0 for any amount. */
  readonly maxRss: number;
}

/** What a worker serves by: an HTTP server, or what looks like one from here. */
export type Served = Pick<Server, "connections" | "requests" | "shed"> & {
  readonly counters: Pick<Counters, "requests" | "dropped">;
  close(options: { patient: boolean }): Promise<void>;
};

/**
 * Starts a server and serves until the supervisor says otherwise or is gone. Ends the process, or the thread.
 * @param open gives a server that listens, or rejects with an error whose message is for the user
 */
export async function work(channel: Channel, open: () => Promise<Work>, lifespan: Lifespan): Promise<void> {
  let work: Work | null = null;
  channel.receive((message) => {
    if (message === null) process.exit(1);
    if (message.kind === "reopen") return work?.reopen?.();
    if (message.kind === "ask") return answer(channel, work, message);
    if (message.kind === "stop" || work === null) process.exit(0);
    if (message.kind === "shed") work.server.shed(message.count);
    else void drain(channel, work, message.replaced);
  });
  try {
    work = await open();
  } catch (error) {
    channel.send({ kind: "failed", line: (error as Error).message });
    // What was sent leaves with this turn of the event loop.
    setImmediate(() => process.exit(1));
    return;
  }
  const { server } = work;
  exposeRequests(() => underWay(server));
  if (lifespan.timeout > 0) watch(lifespan.timeout);
  channel.send({ kind: "ready" });
  beat(channel, server, lifespan);
}

function answer(channel: Channel, work: Work | null, { what, number }: ToWorker & { kind: "ask" }): void {
  channel.send({ kind: "report", number, content: work?.report?.(what) ?? null });
}

function beat(channel: Channel, server: Served, { maxRequests, maxRss }: Lifespan): void {
  let hasAsked = false;
  setInterval(() => {
    channel.send({ kind: "beat", connections: server.connections });
    const { requests } = server.counters;
    const { rss } = process.memoryUsage;
    const reason =
      maxRequests > 0 && requests >= maxRequests
        ? `it has answered ${requests} requests`
        : maxRss > 0 && rss() > maxRss
          ? `it takes ${Math.round(rss() / 2 ** 20)} MB`
          : null;
    if (reason === null || hasAsked) return;
    hasAsked = true;
    channel.send({ kind: "retire", reason });
  }, BEAT);
}

/** The requests under way, a line each, the oldest first. */
function underWay(server: Served): string[] {
  const requests = server.requests().sort((a, b) => a.since - b.since);
  return requests.map(({ method, target, since }) => {
    return `${method} ${target}, for ${((Date.now() - since) / 1000).toFixed(1)} s`;
  });
}

async function drain(channel: Channel, { server, close, report }: Work, patient: boolean): Promise<void> {
  const before = server.counters.requests - server.requests().length;
  await server.close({ patient });
  const { requests, dropped } = server.counters;
  await close?.();
  channel.send({ kind: "drained", finished: requests - before - dropped, dropped, content: report?.() });
  setImmediate(() => process.exit(0));
}
