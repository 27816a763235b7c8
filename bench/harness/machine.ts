import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** GiB. */
  readonly memory: number;
  readonly kernel: string;
}

/** The words that go before a command to keep it on a core; empty when nothing is pinned. */
export interface Pins {
  readonly server: readonly string[];
  readonly load: readonly string[];
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
  };
}

/** Server and load generator each on a core of its own, where there are two and a `taskset` to do it. */
export function pins(): Pins {
  const [load, server] = allowedCpus();
  if (server === undefined || !installed("taskset")) return { server: [], load: [] };
  return { server: ["taskset", "-c", String(server)], load: ["taskset", "-c", String(load)] };
}

/** Whether a program is on the PATH. */
export function installed(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).error === undefined;
}

/** The CPUs that this process may run on. */
function allowedCpus(): number[] {
  const list = readFileSync("/proc/self/status", "latin1").match(/^Cpus_allowed_list:\s+(\S+)$/m)?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
