/** All that serves behind one admin listener: one process, or the workers of a supervisor, made one. */
import { FAMILIES, type Metrics, sampleProcess, type Watched } from "./metrics.ts";
import { add, counted, type Samples, sampleName } from "./samples.ts";

export interface Fleet {
  /** Whether new connections are taken. */
  readonly isReady: boolean;
  samples(): Promise<Samples>;
}

/** A process that serves by itself. */
export class OneProcess implements Fleet {
  readonly #metrics: Metrics;
  readonly #server: Watched & { readonly isDraining: boolean };

  constructor(metrics: Metrics, server: Watched & { readonly isDraining: boolean }) {
    this.#metrics = metrics;
    this.#server = server;
  }

  get isReady(): boolean {
    return !this.#server.isDraining;
  }

  async samples(): Promise<Samples> {
    return this.#metrics.samples(this.#server, workerName());
  }
}

/** What tells this process from others, as its supervisor names it. */
export function workerName(): string {
  return `pid ${process.pid}`;
}

/** The supervisor, as it is seen from here. */
export interface Crew {
  readonly isTaking: boolean;
  readonly members: readonly { readonly name: string; readonly state: string }[];
  readonly ends: Readonly<Record<string, number>>;
  /** Asks every worker; who does not answer in time is left out. */
  ask(what: string): Promise<readonly { readonly name: string; readonly content: unknown }[]>;
}

export class Workers implements Fleet {
  readonly #crew: Crew;
  /** What workers said last: counts even when they are too busy to say it again. */
  readonly #last = new Map<string, Samples>();
  /** What was counted by those that are gone: counters never fall. */
  readonly #gone: Samples = {};
  /** Those that have said their last. */
  readonly #departed = new Set<string>();

  constructor(crew: Crew) {
    this.#crew = crew;
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
    return sum;
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
