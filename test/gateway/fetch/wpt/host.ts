/** The least host that testharness.js and a test of any scope (`*.any.js`) need, in a thread. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { runInThisContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { installFetchGlobals } from "../../../../src/gateway/fetch/globals.ts";
import { installReceived } from "./received.ts";

/** Whose classes are the globals: the platform's, ours, or ours with each Request one that a server has received. */
export type Mode = "platform" | "ours" | "received";

export interface Task {
  readonly root: string;
  /** The test's path in the checkout. */
  readonly test: string;
  readonly mode: Mode;
  /** Where the checkout is served. */
  readonly origin: string;
}

/** A subtest's result; `null` at the end. */
export type Report = { readonly name: string; readonly failure: string | null } | null;

interface Subtest {
  readonly name: string;
  readonly status: number;
  readonly PASS: number;
  readonly message: string | null;
}

const { root, test, mode, origin } = workerData as Task;
const url = new URL(test, origin);
if (mode !== "platform") installFetchGlobals();
if (mode === "received") installReceived();

Object.assign(globalThis, {
  self: globalThis,
  location: url,
  // For idlharness.js, which asks by this name what is exposed here.
  Window: Object,
  GLOBAL: { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false },
});
// Against what Node's fetch resolves a relative URL; it has no other way to be told.
Object.assign(globalThis, { [Symbol.for("undici.globalOrigin.1")]: url });

const report = (report: Report) => parentPort!.postMessage(report);
// Tests make promises reject on purpose, and not all of them look.
process.on("unhandledRejection", () => {});

run("/resources/testharness.js");
const harness = globalThis as unknown as {
  add_result_callback(callback: (test: Subtest) => void): void;
  add_completion_callback(callback: () => void): void;
};
harness.add_result_callback(({ name, status, PASS, message }) => {
  report({ name, failure: status === PASS ? null : (message ?? "it did not end") });
});
harness.add_completion_callback(() => report(null));
for (const [, script] of source(`/${test}`).matchAll(/^\/\/ META: script=(.*)$/gm)) run(script!.trim());
run(`/${test}`);

/** Runs a script of the checkout, named as a page would: by an absolute path, or one from the test. */
function run(script: string): void {
  runInThisContext(source(script), { filename: script });
}

function source(script: string): string {
  // Under this name the tests' own server has a library of theirs.
  if (script === "/resources/WebIDLParser.js") return source("/resources/webidl2/lib/webidl2.js");
  const path = script.startsWith("/") ? join(root, script) : resolve(root, dirname(test), script);
  return readFileSync(path, "utf8");
}
