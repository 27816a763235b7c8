/** How many cores there are to use. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/**
 * Those that this process may run on, and no more than its control group may use on average, as in a container that was
 * given `--cpus 2`: Node 20 does not regard that. Of a fraction, the whole cores, and one at least, as newer ones have it.
 * @param root of the file system that tells (cgroups(7), Linux's cgroup-v2.rst and sched-bwc.rst)
 */
export function usableCores(root = "/"): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(quota(root))));
}

function quota(root: string): number {
  const groups = read(join(root, "proc/self/cgroup")).split("\n");
  const limits = groups.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === "") return limitsUp(join(root, "sys/fs/cgroup"), path!, coresOfVersion2);
    if (!controllers?.split(",").includes("cpu")) return [];
    return limitsUp(join(root, "sys/fs/cgroup/cpu"), path!, coresOfVersion1);
  });
  return Math.min(...limits);
}

/** A group may use what it and all above it may. In a container, its path may be the host's, and only the top be there. */
function limitsUp(mount: string, path: string, coresOf: (directory: string) => number): number[] {
  const limits = [];
  for (let at = join("/", path); ; at = dirname(at)) {
    limits.push(coresOf(join(mount, at)));
    if (at === "/") return limits;
  }
}

/** `QUOTA PERIOD` in microseconds, or `max PERIOD`. */
function coresOfVersion2(directory: string): number {
  const [, quota, period] = /^(\d+) (\d+)/.exec(read(join(directory, "cpu.max"))) ?? [];
  return quota === undefined ? Number.POSITIVE_INFINITY : Number(quota) / Number(period);
}

/** The same in two files, where no limit is -1. */
function coresOfVersion1(directory: string): number {
  const [quota, period] = ["quota", "period"].map((name) => Number(read(join(directory, `cpu.cfs_${name}_us`))));
  return quota! > 0 && period! > 0 ? quota! / period! : Number.POSITIVE_INFINITY;
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
