import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { load } from "./load.ts";
import type { Pins } from "./machine.ts";
import { type LeftOut, median } from "./measure.ts";
import { type Peer, type Places, PORTICO } from "./peers.ts";
import { residentMemory } from "./process-group.ts";
import { type RunningServer, startServer } from "./server.ts";
import { requestText, type Workload } from "./workloads.ts";

const CLIENT = fileURLToPath(new URL("idle-client.ts", import.meta.url));

/** Connections that are open before the first look at the server's memory, and those that are opened after it. */
export const FIRST_CONNECTIONS = 1000;
export const COUNTED_CONNECTIONS = 5000;

/** A server's memory has settled when it has not fallen for two seconds: Bun gives memory back for 1.5 s after a load. */
const SETTLED_LOOKS = 8;
const LOOK_INTERVAL = 250;

export interface IdleResult {
  readonly servers: readonly IdleServerResult[];
  readonly leftOut: readonly LeftOut[];
}

export interface IdleServerResult {
  readonly name: string;
  readonly version: string;
  /** Bytes of resident memory. */
  readonly perConnection: number;
  readonly total: number;
  /** Memory per connection, over Portico's; `null` when Portico was not measured. */
  readonly ratio: number | null;
  readonly rounds: readonly IdleRound[];
}

interface IdleRound {
  readonly perConnection: number;
  readonly total: number;
}

/**
 * Measures what an idle keep-alive connection costs in resident memory: by how much the server grows while 5,000 more
 * are opened, each after one request. The server is warm by then, has settled, and has 1,000 connections, so that neither
 * compiled code nor the garbage of a load counts for the connections. Each round has a server of its own.
 */
export async function measureIdle(
  hello: Workload,
  peers: readonly Peer[],
  rounds: number,
  where: Places,
  pins: Pins,
): Promise<IdleResult> {
  const measured = new Map<Peer, { version: string; rounds: IdleRound[] }>();
  const leftOut: LeftOut[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      if (leftOut.some(({ name }) => name === peer.name)) continue;
      try {
        const { version, ...result } = await measureServer(peer, hello, where, pins);
        const earlier = measured.get(peer)?.rounds ?? [];
        measured.set(peer, { version, rounds: [...earlier, result] });
      } catch (error) {
        measured.delete(peer);
        leftOut.push({ name: peer.name, reason: (error as Error).message });
      }
    }
  }
  return { servers: summarize(measured), leftOut };
}

async function measureServer(
  peer: Peer,
  hello: Workload,
  where: Places,
  pins: Pins,
): Promise<IdleRound & { version: string }> {
  const server = await startServer(peer, hello, where, pins.server);
  const client = fork(CLIENT, [String(server.port)]);
  try {
    const requestFile = `${where.scratch}/request-${server.port}`;
    writeFileSync(requestFile, requestText(hello, server.port, []));
    await load(server.port, requestFile, hello.connections, 1, pins.load);
    await settled(server);

    await open(client, FIRST_CONNECTIONS, server);
    const before = residentMemory(server.group);
    await open(client, FIRST_CONNECTIONS + COUNTED_CONNECTIONS, server);
    const total = residentMemory(server.group);
    return { version: server.version, total, perConnection: (total - before) / COUNTED_CONNECTIONS };
  } finally {
    client.kill();
    server.stop();
  }
}

/** Waits until the server has given back what memory it gives back after a load. */
async function settled({ group }: RunningServer): Promise<void> {
  let least = residentMemory(group);
  for (let looks = 0; looks < SETTLED_LOOKS; looks++) {
    await delay(LOOK_INTERVAL);
    const now = residentMemory(group);
    if (now < least) looks = 0;
    least = Math.min(least, now);
  }
}

/**
 * Has the client open connections until there are `count`.
 * @throws {Error} when not all of them are open then.
 */
async function open(client: ChildProcess, count: number, server: RunningServer): Promise<void> {
  client.send(count);
  const [reply] = (await once(client, "message")) as [{ open: number; error?: string }];
  if (reply.open === count) return;
  const reason = server.ended() ?? reply.error ?? "the server closed the others before all were open";
  throw new Error(`only ${reply.open} of ${count} connections stayed open: ${reason}`);
}

function summarize(measured: ReadonlyMap<Peer, { version: string; rounds: readonly IdleRound[] }>): IdleServerResult[] {
  const results = [...measured].map(([{ name }, { version, rounds }]) => ({
    name,
    version,
    perConnection: median(rounds.map((round) => round.perConnection)),
    total: median(rounds.map((round) => round.total)),
    rounds,
  }));
  const portico = results.find((result) => result.name === PORTICO)?.perConnection;
  return results
    .map((result) => ({ ...result, ratio: portico === undefined ? null : result.perConnection / portico }))
    .sort((a, b) => a.perConnection - b.perConnection);
}
