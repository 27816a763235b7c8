/** All that serves behind one admin listener: one process, or the workers of a supervisor, made one. */
import { type KernelSockets, kernelSockets } from "./kernel.ts";
import type { LiveView } from "./live.ts";
import type { ConnectionRow, Look, Piece, RequestRow, WorkerLook, WorkerRow } from "./look.ts";
import { FAMILIES, type Metrics, sampleProcess, type Watched } from "./metrics.ts";
import type { Pieces } from "./pieces.ts";
import { add, counted, type Samples, sampleName } from "./samples.ts";

export interface Fleet {
  /** Whether new connections are taken. */
  readonly isReady: boolean;
  samples(): Promise<Samples>;
  look(): Promise<FleetLook>;
  /** What a connection sent and was sent last; `null` unless that is kept. */
  pieces(id: string): Promise<readonly Piece[] | null>;
}

export type FleetLook = Omit<Look, "version">;

/** A process that serves by itself. */
export class OneProcess implements Fleet {
  readonly #metrics: Metrics;
  readonly #live: LiveView;
  readonly #pieces: Pieces | null;
  readonly #server: WatchedServer;
  readonly #since = Date.now();

  constructor({ metrics, live, pieces }: Watching, server: WatchedServer) {
    this.#metrics = metrics;
    this.#live = live;
    this.#pieces = pieces;
    this.#server = server;
  }

  get isReady(): boolean {
    return !this.#server.isDraining;
  }

  async samples(): Promise<Samples> {
    const samples = this.#metrics.samples(this.#server, workerName());
    return withQueue(samples, await socketsOf(this.#server.address));
  }

  async pieces(id: string): Promise<readonly Piece[] | null> {
    return this.#pieces?.of(id) ?? null;
  }

  async look(): Promise<FleetLook> {
    const look = this.#live.look(this.#server);
    const kernel = await socketsOf(this.#server.address);
    const state = this.isReady ? "ready" : "draining";
    const workers = [{ name: workerName(), state, since: this.#since, connections: look.open }];
    return withKernel({ ...look, now: Date.now(), ready: this.isReady, workers, ends: {} }, kernel);
  }
}

/** What watches a server for an admin listener. */
export interface Watching {
  readonly metrics: Metrics;
  readonly live: LiveView;
  /** In development only. */
  readonly pieces: Pieces | null;
}

/** What a worker of this name says when it is asked by `Workers`; without a question, what is to outlive it. */
export function reportOf({ metrics, live, pieces }: Watching, server: Watched, name: string, what?: string): unknown {
  if (what === "look") return live.look(server);
  return what?.startsWith(BYTES) ? (pieces?.of(what.slice(BYTES.length)) ?? null) : metrics.samples(server, name);
}

/** Begins a question for the bytes of a connection, and goes before its id. */
const BYTES = "bytes ";

/** Where a server listens: a path, if it is a unix socket. */
export type Address = { readonly port: number } | string | null;

type WatchedServer = Watched & { readonly isDraining: boolean; readonly address: Address };

async function socketsOf(address: Address): Promise<KernelSockets | null> {
  return address === null || typeof address === "string" ? null : kernelSockets(address.port);
}

function withQueue(samples: Samples, kernel: KernelSockets | null): Samples {
  if (kernel !== null) samples.portico_accept_queue = kernel.queue;
  return samples;
}

function withKernel(look: Omit<FleetLook, "kernel">, kernel: KernelSockets | null): FleetLook {
  if (kernel === null) return { ...look, kernel };
  const known = (row: ConnectionRow): ConnectionRow => {
    const { server: tcp, client: clientTcp } = kernel.byClient.get(row.client) ?? {};
    return { ...row, ...(tcp !== undefined && { tcp }), ...(clientTcp !== undefined && { clientTcp }) };
  };
  const { server, client, queue } = kernel;
  return {
    ...look,
    connections: look.connections.map(known),
    closed: look.closed.map(known),
    kernel: { server, client, queue },
  };
}

/** What tells this process from others, as its supervisor names it. */
export function workerName(): string {
  return `pid ${process.pid}`;
}

/** The supervisor, as it is seen from here. */
export interface Crew {
  readonly isTaking: boolean;
  readonly members: readonly WorkerRow[];
  readonly ends: Readonly<Record<string, number>>;
  /** Asks every worker; who does not answer in time is left out. */
  ask(what: string): Promise<readonly { readonly name: string; readonly content: unknown }[]>;
}

export class Workers implements Fleet {
  readonly #crew: Crew;
  readonly #address: Address;
  /** What workers said last: counts even when they are too busy to say it again. */
  readonly #last = new Map<string, Samples>();
  /** What was counted by those that are gone: counters never fall. */
  readonly #gone: Samples = {};
  /** Those that have said their last. */
  readonly #departed = new Set<string>();

  /** @param address where the workers listen */
  constructor(crew: Crew, address: Address) {
    this.#crew = crew;
    this.#address = address;
  }

  get isReady(): boolean {
    return this.#crew.isTaking;
  }

  /** Takes a worker's last words. */
  farewell(name: string, samples: Samples): void {
    this.#departed.add(name);
    this.#last.set(name, samples);
    this.#bury(name);
  }

  async samples(): Promise<Samples> {
    for (const { name, content } of await this.#crew.ask("samples")) {
      if (content !== null && !this.#departed.has(name)) this.#last.set(name, content as Samples);
    }
    const present = new Set(this.#crew.members.map(({ name }) => name));
    for (const name of [...this.#last.keys()]) if (!present.has(name)) this.#bury(name);
    for (const name of this.#departed) if (!present.has(name)) this.#departed.delete(name);

    const sum: Samples = {};
    for (const samples of this.#last.values()) add(sum, samples);
    add(sum, this.#gone);
    this.#sampleCrew(sum);
    return withQueue(sum, await socketsOf(this.#address));
  }

  async pieces(id: string): Promise<readonly Piece[] | null> {
    const reports = await this.#crew.ask(BYTES + id);
    const own = reports.find(({ name }) => id.startsWith(`${name} `));
    // One that is gone has taken them along.
    return own === undefined ? [] : (own.content as readonly Piece[] | null);
  }

  async look(): Promise<FleetLook> {
    const [reports, kernel] = await Promise.all([this.#crew.ask("look"), socketsOf(this.#address)]);
    const looks = reports.flatMap(({ content }) => (content === null ? [] : [content as WorkerLook]));
    const { isTaking: ready, members: workers, ends } = this.#crew;
    return withKernel({ ...merged(looks), now: Date.now(), ready, workers, ends }, kernel);
  }

  /** Of one that died without a word, it is what it said last. */
  #bury(name: string): void {
    const last = this.#last.get(name);
    if (last !== undefined) add(this.#gone, counted(last, FAMILIES));
    this.#last.delete(name);
  }

  #sampleCrew(sum: Samples): void {
    const states: Record<string, number> = { starting: 0, ready: 0, draining: 0 };
    for (const { state } of this.#crew.members) states[state] = (states[state] ?? 0) + 1;
    for (const [state, count] of Object.entries(states)) sum[sampleName("portico_workers", { state })] = count;
    for (const [reason, count] of Object.entries(this.#crew.ends)) {
      sum[sampleName("portico_worker_ends_total", { reason })] = count;
    }
    sampleProcess("supervisor", (name, value, labels) => {
      sum[sampleName(name, labels)] = value;
    });
  }
}

function merged(looks: readonly WorkerLook[]): WorkerLook {
  const totals = { accepted: 0, requests: 0, failed: 0, received: 0, sent: 0 };
  const states: Record<string, number> = {};
  const limits: Record<string, number> = {};
  const waiting: Record<string, number> = {};
  for (const look of looks) {
    add(totals, { ...look.totals });
    add(states, look.states);
    add(limits, look.limits);
    add(waiting, look.waiting);
  }
  return {
    open: looks.reduce((sum, { open }) => sum + open, 0),
    states,
    connections: looks.flatMap(({ connections }) => connections),
    closed: looks.flatMap(({ closed }) => closed),
    requests: latestFirst(looks.flatMap(({ requests }) => requests)),
    notable: latestFirst(looks.flatMap(({ notable }) => notable)),
    totals,
    waiting,
    limits,
  };
}

function latestFirst(requests: RequestRow[]): RequestRow[] {
  const end = ({ at, waiting, sending }: RequestRow) => at + waiting + sending;
  return requests.sort((a, b) => end(b) - end(a));
}
