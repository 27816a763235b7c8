/**
 * Programs in process groups of their own, so that all of what a server starts is counted and ended as one.
 * What the kernel knows of them is read from Linux's /proc (proc(5)).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** CPU time in seconds. */
export interface CpuTime {
  readonly user: number;
  readonly kernel: number;
}

/** /proc/PID/stat counts in ticks of USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const running = new Set<number>();

/** Starts a program as the leader of a new process group; the group's number is its pid. It never outlives this process. */
export function startGroup(command: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(command[0]!, command.slice(1), {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_ENV: "production", ...env },
  });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    child.once("close", () => endGroup(pid));
  }
  return child;
}

/** Ends every process of a group at once. */
export function endGroup(group: number): void {
  running.delete(group);
  try {
    process.kill(-group, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Ends all groups when this process ends, for whatever reason a process can notice. */
export function endGroupsOnExit(): void {
  process.once("exit", () => {
    for (const group of running) endGroup(group);
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("SIGHUP", () => process.exit(129));
}

/** CPU time that the group's processes have taken so far: all their threads, and the children they have waited for. */
export function cpuTime(group: number): CpuTime {
  let user = 0;
  let kernel = 0;
  for (const { fields } of members(group)) {
    user += Number(fields[11]) + Number(fields[13]);
    kernel += Number(fields[12]) + Number(fields[14]);
  }
  return { user: user / TICKS_PER_SECOND, kernel: kernel / TICKS_PER_SECOND };
}

/** Seconds of CPU time that this process has taken so far, with the children that have ended. */
export function ownCpuTime(): number {
  const fields = statFields(readProcess("self", "stat")!);
  return [11, 12, 13, 14].reduce((ticks, at) => ticks + Number(fields[at]), 0) / TICKS_PER_SECOND;
}

/** Seconds that the machine's cores were not idle so far, or were lent by the hypervisor to somebody else. */
export function busyTime(): number {
  const [user, nice, system, , , interrupts, softInterrupts, stolen] = readFileSync("/proc/stat", "latin1")
    .split("\n")[0]!
    .split(/ +/)
    .slice(1)
    .map(Number);
  return (user! + nice! + system! + interrupts! + softInterrupts! + stolen!) / TICKS_PER_SECOND;
}

/** Resident memory of the group's processes in bytes. A page that two of them share counts twice. */
export function residentMemory(group: number): number {
  let kilobytes = 0;
  for (const { pid } of members(group)) {
    const status = readProcess(pid, "status");
    kilobytes += Number(status?.match(/^VmRSS:\s+(\d+) kB$/m)?.[1] ?? 0);
  }
  return kilobytes * 1024;
}

/** The group's processes, each with the fields of its stat file from the third (state) on. */
function members(group: number): { pid: string; fields: string[] }[] {
  const found = [];
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = readProcess(pid, "stat");
    if (stat === undefined) continue;
    const fields = statFields(stat);
    if (Number(fields[2]) === group) found.push({ pid, fields });
  }
  return found;
}

/** What follows the second field, the program's name in parentheses, which may hold spaces and parentheses itself. */
function statFields(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** A file of a process; `undefined` when it has just ended. */
function readProcess(pid: string, file: "stat" | "status"): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined;
  }
}
