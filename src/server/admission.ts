/** Who may connect: caps on connections, in all and for each client. */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { FaultCode } from "../core/faults.ts";
import type { Limits } from "../core/options.ts";
import { clientNetwork } from "../net/client-network.ts";

/** The client that a connection counts for, `null` for nobody; or why it may not enter. */
export type Admitted =
  | { readonly client: string | null; readonly refusal: undefined }
  | { readonly client: undefined; readonly refusal: FaultCode };

export class Admission {
  readonly #limits: Limits;
  readonly #most: number;
  readonly #perClient = new Map<string, number>();
  #size = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
    const room = descriptorLimit();
    const { maxConnections } = limits;
    // At the last descriptor the system would close what it cannot accept, and the application could not open a file.
    const most = room - Math.max(16, room >> 3);
    this.#most = maxConnections === 0 ? most : Math.min(maxConnections, most);
  }

  /** Connections that are open and were admitted. */
  get size(): number {
    return this.#size;
  }

  /**
   * Counts a connection in, until its client is passed to `leave`, unless it has to be turned away. What comes over loopback or a unix socket counts for no client: a proxy there speaks for many.
   */
  enter(socket: Socket): Admitted {
    if (this.#size >= this.#most) return { client: undefined, refusal: "TOO_MANY_CONNECTIONS" };
    const client = this.#clientOf(socket);
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

  #clientOf(socket: Socket): string | null {
    if (this.#limits.maxConnectionsPerClient === 0) return null;
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || LOOPBACK.has(remoteAddress)) return null;
    return clientNetwork(remoteAddress);
  }
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);

/** How many files and sockets this process may have open, where the system says so. */
function descriptorLimit(): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"));
    return limit === null ? Number.POSITIVE_INFINITY : Number(limit[1]);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
