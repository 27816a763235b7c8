/**
 * `npm run bench:models`: the four concurrency models, each before three workloads, at 1, 8, 64 and 512 connections. Writes
 * models.json, models.md (the tables) and models.svg into bench/results, or into the directory that is named.
 */
import { pbkdf2Sync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeDirectories } from "./harness/directories.ts";
import { load } from "./harness/load.ts";
import { describeMachine, installed } from "./harness/machine.ts";
import { type ModelResult, modelsChart } from "./harness/models-chart.ts";
import type { Peer, Places } from "./harness/peers.ts";
import { endGroupsOnExit } from "./harness/process-group.ts";
import { startServer } from "./harness/server.ts";
import { FILES, requestText, type Workload } from "./harness/workloads.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MODELS = ["serial", "event-loop", "threads", "processes"] as const;
const CONNECTIONS = [1, 8, 64, 512];
const COMPUTE_MS = 20;

type Kind = Pick<Workload, "name" | "title" | "path" | "answer">;

const [fileName = "", fileText = ""] = Object.entries(FILES)[0] ?? [];
const KINDS: readonly Kind[] = [
  { name: "wait", title: "a handler that waits 100 ms", path: "/wait", answer: "waited" },
  { name: "compute", title: `a handler that computes ${COMPUTE_MS} ms`, path: "/compute", answer: "computed" },
  { name: "file", title: "a file of 4 KiB", path: `/${fileName}`, answer: fileText },
];

const HELP = `Usage: npm run bench:models -- [--seconds N] [--connections LIST] [--out DIR]

  --seconds N         length of each of the ${MODELS.length * KINDS.length * CONNECTIONS.length} measurements (3)
  --connections LIST  how many connections (${CONNECTIONS})
  --out DIR           where models.json, models.md and models.svg are written (bench/results)
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`bench:models: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "3" },
      connections: { type: "string", default: String(CONNECTIONS) },
      out: { type: "string", default: join(ROOT, "bench/results") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const seconds = wholeNumber("--seconds", values.seconds);
  const connections = values.connections.split(",").map((text) => wholeNumber("--connections", text));
  if (process.platform !== "linux") throw new Error("processes are watched through /proc: this needs Linux");
  if (!installed("wrk")) throw new Error("wrk is not installed; on Debian: apt-get install wrk");
  endGroupsOnExit();

  const where = makeDirectories();
  process.env.COMPUTE_ROUNDS = String(roundsOf(COMPUTE_MS));
  const results: ModelResult[] = [];
  for (const kind of KINDS) {
    for (const model of MODELS) {
      for (const count of connections) {
        const result = await measure(kind, model, count, seconds, where);
        results.push(result);
        process.stderr.write(`${line(result)}\n`);
      }
    }
  }
  const { cpu, cores, kernel } = describeMachine();
  const conditions = `${cpu}, ${cores} cores, ${kernel}, Node ${process.versions.node}; wrk on the same machine, ${seconds} s each`;
  const tables = KINDS.map((kind) => table(kind, results, connections)).join("\n");
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, "models.json"), `${JSON.stringify({ conditions, results }, null, 2)}\n`);
  writeFileSync(join(values.out, "models.md"), `${conditions}.\n\n${tables}`);
  writeFileSync(join(values.out, "models.svg"), modelsChart(KINDS, MODELS, results));
  process.stdout.write(`${conditions}.\n\n${tables}`);
}

/** A new server for each measurement: what one leaves in a queue does not delay the next. */
async function measure(
  kind: Kind,
  model: string,
  connections: number,
  seconds: number,
  where: Places,
): Promise<ModelResult> {
  const workload: Workload = { ...kind, serves: "models", method: "GET", fields: [], body: "", connections };
  const server = await startServer(underModel(model), workload, where, []);
  try {
    const requestFile = join(where.scratch, "request");
    writeFileSync(requestFile, requestText(workload, server.port, []));
    const {
      requests,
      seconds: took,
      p50,
      p99,
      failed,
    } = await load(server.port, requestFile, connections, seconds, []);
    return { kind: kind.name, model, connections, requestsPerSecond: requests / took, p50, p99, failed };
  } finally {
    server.stop();
  }
}

function underModel(model: string): Peer {
  return {
    name: model,
    version: () => process.version,
    command: ({ port, files }) => [
      process.execPath,
      join(ROOT, "bin/portico.js"),
      join(ROOT, "bench/apps/models.js"),
      ...["--model", model, "--static", files, "--port", String(port), "--host", "127.0.0.1", "--quiet"],
    ],
  };
}

/** How much work is so many milliseconds of it, on this machine and now. */
function roundsOf(ms: number): number {
  const probe = 100_000;
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    pbkdf2Sync("password", "salt", probe, 32, "sha256");
    return performance.now() - start;
  });
  // The least disturbed of them.
  return Math.round((probe * ms) / Math.min(...times));
}

function line({ kind, model, connections, requestsPerSecond, p50, p99, failed }: ModelResult): string {
  const latency = `p50 ${milliseconds(p50)} ms, p99 ${milliseconds(p99)} ms`;
  return `${kind}, ${model}, ${connections}: ${Math.round(requestsPerSecond)} requests/s, ${latency}, ${failed} failed`;
}

function table({ name, title }: Kind, results: readonly ModelResult[], connections: readonly number[]): string {
  const rows = MODELS.map((model) => {
    const cells = connections.map((count) => {
      const found = results.find((each) => each.kind === name && each.model === model && each.connections === count);
      if (found === undefined) return "";
      const { requestsPerSecond, p50, p99, failed } = found;
      const failures = failed === 0 ? "" : `, ${failed} failed`;
      const rate = Math.round(requestsPerSecond).toLocaleString("en");
      return `${rate} (${milliseconds(p50)}, ${milliseconds(p99)}${failures})`;
    });
    return `| ${model} | ${cells.join(" | ")} |`;
  });
  const header = `| ${title}: requests/s (p50, p99 in ms), at so many connections | ${connections.join(" | ")} |`;
  return `${[header, `| --- |${" ---: |".repeat(connections.length)}`, ...rows].join("\n")}\n`;
}

function milliseconds(number: number): string {
  return number < 10 ? number.toFixed(1) : Math.round(number).toLocaleString("en");
}

function wholeNumber(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 3600) return number;
  throw new Error(`${flag}: "${text}" is not a whole number from 1 to 3600`);
}
