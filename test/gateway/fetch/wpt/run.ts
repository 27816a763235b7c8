/**
 * `npm run wpt -- PATH [--update]`: the web-platform-tests of a checkout at PATH, for the platform's own Headers, Request
 * and Response and for ours, which have to pass every subtest that the platform's pass. Nothing is fetched: what a test
 * asks a server for is a file of the checkout, or 404. What ours pass is listed in passing.txt; `--update` writes it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { Server } from "../../../../src/server/server.ts";
import { files } from "../../../../src/static/index.ts";
import type { Mode, Report, Task } from "./host.ts";

const FOLDERS = ["abort", "basic", "body", "headers", "request", "response"];
/** What ours may miss though the platform's pass it, with the reason. */
const EXCEPTIONS: readonly [mode: Mode | "any", subtest: string, reason: string][] = [
  [
    "any",
    "Headers interface: existence and properties of interface prototype object",
    "the prototype's prototype is the platform's, so that ours are instances of its class as well",
  ],
  ["any", "Response interface: existence and properties of interface prototype object", "the same"],
  [
    "received",
    'Request interface: existence and properties of interface prototype object\'s "constructor" property',
    "the Request of this mode is the test's own",
  ],
  ["received", "Constructing a Request with a stream holds the original object.", "a stream travels as bytes"],
  ["received", "keepalive flag", "no client sends it"],
];
/** What a test says that asks several hosts, which only the tests' own server can be. */
const NEEDS_HOSTS = /\{\{host|get-host-info/;
const LIST = new URL("passing.txt", import.meta.url);
const HOST = new URL("host.ts", import.meta.url);
/** Files at a time; most of the slow ones wait for a server that is not there. */
const PARALLEL = 4;
/** Milliseconds for a file; one that is not done by then keeps the results it has. */
const LIMIT = 15_000;

/** Why each subtest fails, `null` for one that passes, by its name. */
type Results = ReadonlyMap<string, string | null>;

interface Comparison {
  readonly platform: Results;
  readonly ours: Results;
  readonly received: Results;
}

const { values, positionals } = parseArgs({ options: { update: { type: "boolean" } }, allowPositionals: true });
const [root = ""] = positionals;
if (!existsSync(join(root, "resources/testharness.js"))) {
  console.error("wpt: needs the path of a checkout of the web-platform-tests, with resources/testharness.js in it");
  process.exit(2);
}

const server = await new Server(files(root), { port: 0, limits: { maxConnectionsPerClient: 0 } }).ready();
const tests = ["fetch/api/idlharness.any.js", ...FOLDERS.flatMap((folder) => testsIn(`fetch/api/${folder}`))];
const comparisons = await compareAll(tests);
await server.close({ force: true });

const count = (mode: keyof Comparison) => sum(comparisons.map((each) => passed(each[mode]).length));
const subtests = sum(comparisons.map(({ platform, ours }) => new Set([...platform.keys(), ...ours.keys()]).size));
console.log(`${tests.length} files, ${subtests} subtests`);
console.log(`passed by the platform's classes: ${count("platform")}`);
console.log(`by ours: ${count("ours")}; with each Request one that a server has received: ${count("received")}`);

const missed = comparisons.flatMap((each, at) => missedBy(each).map((miss) => `${tests[at]}: ${miss}`));
for (const miss of missed) console.log(`missed: ${miss}`);
if (missed.length > 0) process.exitCode = 1;

const node = `Node ${process.versions.node.split(".")[0]}`;
const list = comparisons.map(({ ours }, at) => `${tests[at]}\n${passed(ours).map(line).join("\n")}\n`);
const text = [`What ours pass on ${node}\n`, ...list].join("\n");
if (values.update) writeFileSync(LIST, text);
else if (text !== readFileSync(LIST, "utf8")) console.log(`passing.txt lists others than those that pass on ${node}`);

function testsIn(folder: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".any.js"))
    .sort()
    .map((name) => `${folder}/${name}`)
    .filter((test) => !NEEDS_HOSTS.test(readFileSync(join(root, test), "utf8")));
}

async function compareAll(tests: readonly string[]): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  const waiting = [...tests.entries()];
  const take = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, test] = next;
      const modes = (["platform", "ours", "received"] as const).map((mode) => resultsOf(test, mode));
      const [platform, ours, received] = (await Promise.all(modes)) as [Results, Results, Results];
      comparisons[at] = { platform, ours, received };
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, take));
  return comparisons;
}

/** Runs a file's tests in a thread of their own, whose globals are the mode's classes. */
function resultsOf(test: string, mode: Mode): Promise<Results> {
  const task: Task = { root, test, mode, origin: server.url };
  const results = new Map<string, string | null>();
  const worker = new Worker(HOST, { workerData: task, stdout: true, stderr: true });
  const timer = setTimeout(() => worker.terminate(), LIMIT);
  worker.on("message", (report: Report) => {
    // A name that stands for several subtests passes when all of them do.
    if (report !== null) results.set(report.name, results.get(report.name) ?? report.failure);
    else void worker.terminate();
  });
  return new Promise((resolve) => {
    worker.on("error", (error) => console.error(`${test} (${mode}): ${error}`));
    worker.on("exit", () => {
      clearTimeout(timer);
      resolve(results);
    });
  });
}

function passed(results: Results): string[] {
  return [...results].filter(([, failure]) => failure === null).map(([name]) => name);
}

function missedBy({ platform, ours, received }: Comparison): string[] {
  return passed(platform).flatMap((name) => {
    const failures = { ours: ours.get(name), received: received.get(name) };
    return Object.entries(failures).flatMap(([mode, failure = "it did not end"]) => {
      const isExcepted = EXCEPTIONS.some(([of, subtest]) => (of === mode || of === "any") && subtest === name);
      return failure === null || isExcepted ? [] : [`${line(name)} (${mode}): ${failure}`];
    });
  });
}

/** A subtest's name on a line of its own, whatever is in it. */
function line(name: string): string {
  return /[^\x20-\x7e]/.test(name) ? JSON.stringify(name) : name;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
