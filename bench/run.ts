/** `npm run bench`: Portico and its peers at one workload after the other. README.md says how, `--help` what can be chosen. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { cpuChart } from "./harness/chart.ts";
import { makeDirectories } from "./harness/directories.ts";
import { measureIdle } from "./harness/idle.ts";
import { installPeers, needsPackages } from "./harness/install.ts";
import { describeMachine, installed, pins } from "./harness/machine.ts";
import { measureWorkload, type WorkloadResult } from "./harness/measure.ts";
import { HELP, type Options, readOptions } from "./harness/options.ts";
import type { Places } from "./harness/peers.ts";
import { endGroupsOnExit } from "./harness/process-group.ts";
import { conditions, idleReport, workloadReport } from "./harness/report.ts";
import { WORKLOADS } from "./harness/workloads.ts";

const words = process.argv.slice(2);
try {
  await main(readOptions(words));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  if (process.platform !== "linux") throw new Error("CPU times are read from /proc: this needs Linux");
  if (!installed("wrk")) throw new Error("wrk is not installed; on Debian: apt-get install wrk");
  endGroupsOnExit();
  const where = makeDirectories();
  const { peers, workloads, idle } = options;
  const problem = needsPackages(peers, idle ? [] : workloads) ? installPeers() : undefined;
  if (problem !== undefined) process.stderr.write(`${problem}\n`);
  await (idle ? runIdle(options, where) : runWorkloads(options, where));
}

async function runWorkloads({ workloads, peers, rounds, seconds, style, out }: Options, where: Places): Promise<void> {
  const cores = pins();
  const header = printConditions(`rounds: ${rounds} of ${seconds} s, interleaved, medians`, cores);
  const settings = { rounds, seconds, warmUpSeconds: 1 };
  const results: WorkloadResult[] = [];
  for (const workload of workloads) {
    const result = await measureWorkload(workload, peers, settings, where, cores);
    results.push(result);
    process.stdout.write(`${workloadReport(result, style)}\n`);
    if (result.name === "hello" && result.servers.length > 0) save(out, "hello.svg", cpuChart(result));
  }
  save(out, "latest.json", toJson({ ...header, settings, workloads: results }));
}

async function runIdle({ peers, rounds, style, out }: Options, where: Places): Promise<void> {
  const cores = pins();
  const header = printConditions(`rounds: ${rounds}, a new server in each, medians`, cores);
  const result = await measureIdle(WORKLOADS[0]!, peers, rounds, where, cores);
  process.stdout.write(`${idleReport(result, style)}\n`);
  save(out, "idle.json", toJson({ ...header, settings: { rounds }, ...result }));
}

/** Prints where and how it is measured; returns the same for the record. */
function printConditions(how: string, cores: ReturnType<typeof pins>) {
  const machine = describeMachine();
  const command = ["npm run bench", ...(words.length > 0 ? ["--", ...words] : [])].join(" ");
  process.stdout.write(`${conditions(machine, cores, how, command)}\n\n`);
  return { date: new Date().toISOString(), command, machine, pinned: cores.server.length > 0 };
}

function save(directory: string, name: string, text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, name), text);
  process.stderr.write(`wrote ${relative(process.cwd(), join(directory, name))}\n`);
}

function toJson(record: object): string {
  const shortened = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  return `${JSON.stringify(record, shortened, 2)}\n`;
}
