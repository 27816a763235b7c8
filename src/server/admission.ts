/** Who may connect: caps on connections, in all and for each client. */
import { readdirSync, readFileSync } from "node:fs";
import type { FaultCode } from "../core/faults.ts";
import type { Limits } from "../core/options.ts";
import { clientNetwork } from "../net/client-network.ts";

/** The client that a connection counts for, `null` for nobody; or why it may not enter. */
export type Admitted =
  | { readonly client: string | null; readonly refusal: undefined }
  | { readonly client: undefined; readonly refusal: FaultCode };

export class Admission {
  /** Connections that may be told at a time why they are turned away, as that takes a descriptor until they have heard it. */
  readonly mostTurnedAway: number;

  readonly #limits: Limits;
  readonly #most: number;
  readonly #perClient = new Map<string, number>();
  #size = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    const room = freeDescriptors();
    // At the last descriptor the system would close what it cannot accept, and the application could not open a file.
    const reserve = Math.max(8, Math.floor(room / 8));
    this.#most = Math.min(limits.maxConnections || room, Math.max(1, room - reserve));
    this.mostTurnedAway = Math.min(64, Math.floor(reserve / 2));
  }

  /** Connections that are open and were admitted. */
  get size(): number {
    return this.#size;
  }

  /**
   * Counts a connection in, until its client is passed to `leave`, unless it has to be turned away. What comes over loopback or a unix socket counts for no client: a proxy there speaks for many.
   */
  enter(remoteAddress: string): Admitted {
    if (this.#size >= this.#most) return { client: undefined, refusal: "TOO_MANY_CONNECTIONS" };
    const client = this.#clientAt(remoteAddress);
    if (client !== null) {
      const count = this.#perClient.get(client) ?? 0;
      if (count >= this.#limits.maxConnectionsPerClient) return { client: undefined, refusal: "TOO_MANY_FROM_CLIENT" };
      this.#perClient.set(client, count + 1);
    }
    this.#size++;
    return { client, refusal: undefined };
  }

  leave(client: string | null): void {
    this.#size--;
    if (client === null) return;
    const count = this.#perClient.get(client)! - 1;
    if (count === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, count);
  }

  #clientAt(remoteAddress: string): string | null {
    if (this.#limits.maxConnectionsPerClient === 0) return null;
    if (remoteAddress === "" || LOOPBACK.has(remoteAddress)) return null;
    return clientNetwork(remoteAddress);
  }
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** How many more files and sockets this process may open, where the system says so. */
function freeDescriptors(): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit) - readdirSync("/proc/self/fd").length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
