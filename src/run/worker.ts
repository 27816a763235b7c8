/** A worker's side of its life: it starts, beats, retires and drains. What it serves is not known here. */
import { isMainThread } from "node:worker_threads";
import type { Counters } from "../server/counters.ts";
import type { Server } from "../server/server.ts";
import { exposeRequests } from "./inspection.ts";
import { BEAT, type FromWorker, startTimeout, type ToWorker } from "./messages.ts";
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
  /** Milliseconds that the event loop of a process, which watches itself, may be blocked; 0 for any time. */
  readonly timeout: number;
  /** Requests after which the worker asks to be replaced; 0 for any number. */
  readonly maxRequests: number;
  /** Bytes of resident memory after which it does; 0 for any amount. */
  readonly maxRss: number;
}

/** What a worker serves by: an HTTP server, or what looks like one from here. */
export type Served = Pick<Server, "connections" | "requests" | "shed"> & {
  readonly counters: Pick<Counters, "requests" | "dropped">;
  close(options: { patient?: boolean; force?: boolean }): Promise<void>;
};

/**
 * Starts a server and serves until the supervisor says otherwise or is gone. Ends the process, or the thread.
 * @param open gives a server that listens, or rejects with an error whose message is for the user
 */
export async function work(channel: Channel, open: () => Promise<Work>, lifespan: Lifespan): Promise<void> {
  // From the start: also a module that blocks while it is loaded may not outlive the supervisor.
  const allow = isMainThread ? watch() : null;
  allow?.(startTimeout(lifespan.timeout));
  let work: Work | null = null;
  let isDraining = false;
  channel.receive((message) => {
    if (message === null) process.exit(1);
    if (message.kind === "reopen") return work?.reopen?.();
    if (message.kind === "ask") return answer(channel, work, message);
    if (work === null) process.exit(0);
    if (message.kind === "stop") return void work.server.close({ force: true }).then(() => process.exit(0));
    if (message.kind === "shed") return work.server.shed(message.count);
    // Who is draining slowly, because somebody else listens, may be told that nobody does any more.
    if (isDraining) return void work.server.close({ patient: message.replaced });
    isDraining = true;
    void drain(channel, work, message.replaced);
  });
  try {
    work = await open();
    refuseSize(lifespan.maxRss);
  } catch (error) {
    channel.send({ kind: "failed", line: (error as Error).message });
    // What was sent leaves with this turn of the event loop.
    setImmediate(() => process.exit(1));
    return;
  }
  const { server } = work;
  exposeRequests(() => underWay(server));
  allow?.(lifespan.timeout);
  channel.send({ kind: "ready" });
  beat(channel, server, lifespan);
}

function answer(channel: Channel, work: Work | null, { what, number }: ToWorker & { kind: "ask" }): void {
  channel.send({ kind: "report", number, content: work?.report?.(what) ?? null });
}

/** @throws {Error} when it would have to be replaced as soon as it begins, and so would every worker after it. */
function refuseSize(maxRss: number): void {
  const rss = process.memoryUsage.rss();
  if (maxRss === 0 || rss <= maxRss) return;
  const [taken, allowed] = [rss, maxRss].map((bytes) => Math.ceil(bytes / 2 ** 20));
  throw new Error(`a worker takes ${taken} MB before its first request, and may take ${allowed} (--max-rss)`);
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
