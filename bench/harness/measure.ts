import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { type Load, load } from "./load.ts";
import type { Pins } from "./machine.ts";
import { type Peer, type Places, PORTICO } from "./peers.ts";
import { busyTime, cpuTime, ownCpuTime } from "./process-group.ts";
import { type RunningServer, startServer } from "./server.ts";
import { requestText, type Workload } from "./workloads.ts";

export interface Settings {
  readonly rounds: number;
  /** Length of a round. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  /** How much of the machine's cores other processes took during the measured rounds: 0 to 1. */
  readonly disturbance: number;
  /** The least CPU per request first. */
  readonly servers: readonly ServerResult[];
  readonly leftOut: readonly LeftOut[];
}

export interface ServerResult {
  readonly name: string;
  readonly version: string;
  readonly requestsPerSecond: number;
  /** Microseconds of CPU time a request. */
  readonly cpu: { readonly user: number; readonly kernel: number; readonly total: number };
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number };
  /** Total CPU a request, over Portico's; `null` when Portico was not measured. */
  readonly ratio: number | null;
  readonly failed: number;
  readonly rounds: readonly Round[];
}

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

interface Round {
  readonly requests: number;
  readonly seconds: number;
  /** Seconds of CPU time that the server's process group took from before wrk's start until after its end. */
  readonly userSeconds: number;
  readonly kernelSeconds: number;
  /** How much of the machine's cores neither the server nor wrk nor this harness took: 0 to 1. */
  readonly othersShare: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

/**
 * Measures the peers at one workload. All of them run at the same time and are loaded in turn, round after round, so that
 * what disturbs the machine disturbs them all; a server that is not loaded waits, and takes next to no CPU.
 */
export async function measureWorkload(
  workload: Workload,
  peers: readonly Peer[],
  { rounds, seconds, warmUpSeconds }: Settings,
  where: Places,
  pins: Pins,
): Promise<WorkloadResult> {
  const leftOut: LeftOut[] = [];
  const servers = await startAll(workload, peers, where, pins, leftOut);
  const measured = new Map<RunningServer, Round[]>(servers.map((server) => [server, []]));
  try {
    for (let round = -1; round < rounds; round++) {
      for (const [server, results] of measured) {
        const result = await measureRound(server, workload, round < 0 ? warmUpSeconds : seconds, where.scratch, pins);
        const failure = server.ended() ?? (result.requests === 0 ? "stopped answering" : undefined);
        if (failure !== undefined) {
          leftOut.push({ name: server.peer.name, reason: failure });
          measured.delete(server);
        } else if (round >= 0) {
          results.push(result);
        }
      }
    }
  } finally {
    for (const server of servers) server.stop();
  }
  const { name, title, connections } = workload;
  const shares = [...measured.values()].flat().map((round) => round.othersShare);
  const disturbance = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  return { name, title, connections, disturbance, servers: summarize(measured), leftOut };
}

async function startAll(
  workload: Workload,
  peers: readonly Peer[],
  where: Places,
  pins: Pins,
  leftOut: LeftOut[],
): Promise<RunningServer[]> {
  const servers: RunningServer[] = [];
  for (const peer of peers) {
    if (peer.lacks?.includes(workload.serves)) continue;
    try {
      servers.push(await startServer(peer, workload, where, pins.server));
    } catch (error) {
      leftOut.push({ name: peer.name, reason: (error as Error).message });
    }
  }
  return servers;
}

async function measureRound(
  { port, group, validators }: RunningServer,
  workload: Workload,
  seconds: number,
  scratch: string,
  pins: Pins,
): Promise<Round> {
  const requestFile = `${scratch}/request-${port}`;
  writeFileSync(requestFile, requestText(workload, port, validators));
  const before = { server: cpuTime(group), own: ownCpuTime(), busy: busyTime(), time: performance.now() };
  const counted: Load = await load(port, requestFile, workload.connections, seconds, pins.load);
  const after = { server: cpuTime(group), own: ownCpuTime(), busy: busyTime(), time: performance.now() };

  const userSeconds = after.server.user - before.server.user;
  const kernelSeconds = after.server.kernel - before.server.kernel;
  const known = userSeconds + kernelSeconds + after.own - before.own;
  const available = ((after.time - before.time) / 1000) * cpus().length;
  const othersShare = Math.max(0, after.busy - before.busy - known) / available;
  return { ...counted, userSeconds, kernelSeconds, othersShare };
}

function summarize(measured: ReadonlyMap<RunningServer, readonly Round[]>): ServerResult[] {
  const results = [...measured].map(([{ peer, version }, rounds]) => {
    const total = median(rounds.map((round) => ((round.userSeconds + round.kernelSeconds) / round.requests) * 1e6));
    const user = total * userShare(rounds);
    return {
      name: peer.name,
      version,
      requestsPerSecond: median(rounds.map((round) => round.requests / round.seconds)),
      cpu: { user, kernel: total - user, total },
      latency: { p50: median(rounds.map((round) => round.p50)), p99: median(rounds.map((round) => round.p99)) },
      failed: rounds.reduce((sum, round) => sum + round.failed, 0),
      rounds,
    };
  });
  const portico = results.find((result) => result.name === PORTICO)?.cpu.total;
  return results
    .map((result) => ({ ...result, ratio: portico === undefined ? null : result.cpu.total / portico }))
    .sort((a, b) => a.cpu.total - b.cpu.total);
}

/**
 * The user part of the CPU time, over all rounds together: Linux counts a process's CPU time exactly but, as commonly
 * built, divides it between user and kernel by what it finds at its clock's ticks, 100 to 1000 a second.
 */
function userShare(rounds: readonly Round[]): number {
  const user = rounds.reduce((sum, round) => sum + round.userSeconds, 0);
  const kernel = rounds.reduce((sum, round) => sum + round.kernelSeconds, 0);
  return user / (user + kernel);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
