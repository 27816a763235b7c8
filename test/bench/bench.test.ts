import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { WorkloadResult } from "../../bench/harness/measure.ts";
import type { ModelResult } from "../../bench/harness/models-chart.ts";

const RUN = fileURLToPath(new URL("../../bench/run.ts", import.meta.url));
const MODELS = fileURLToPath(new URL("../../bench/models.ts", import.meta.url));
const TYPESCRIPT = new URL("../../dist/cli/typescript/register.js", import.meta.url).href;

const hasWrk = spawnSync("wrk", ["--version"]).error === undefined;
const skip = process.platform !== "linux" ? "needs Linux" : hasWrk ? false : "wrk is not installed";

test("the benchmark records requests, CPU time, latency and the ratio to Portico", { skip }, async (t) => {
  const out = mkdtempSync(join(tmpdir(), "portico-bench-test-"));
  t.after(() => rmSync(out, { recursive: true }));

  const words = [
    "--workloads",
    "hello",
    "--peers",
    "portico,node:http",
    "--rounds",
    "1",
    "--seconds",
    "1",
    "--out",
    out,
  ];
  const { code, stdout, stderr } = await bench(words);
  assert.equal(code, 0, stderr);

  const record = JSON.parse(readFileSync(join(out, "latest.json"), "utf8")) as { workloads: WorkloadResult[] };
  const [hello] = record.workloads;
  assert.deepEqual(hello?.leftOut, []);
  assert.deepEqual(hello.servers.map(({ name }) => name).sort(), ["Portico", "node:http"]);
  for (const { name, version, requestsPerSecond, cpu, latency, ratio, failed, rounds } of hello.servers) {
    const numbers = { requestsPerSecond, ...cpu, ...latency, ratio, requests: rounds[0]?.requests };
    for (const [key, value] of Object.entries(numbers)) assert.ok(Number(value) > 0, `${name}: ${key} is ${value}`);
    assert.match(version, /\d+\.\d+/);
    assert.equal(failed, 0);
    assert.equal(rounds.length, 1);
    assert.match(stdout, new RegExp(`^ *${name} .*${version}`, "m"));
  }
  assert.equal(hello.servers.find(({ name }) => name === "Portico")?.ratio, 1);
  assert.match(readFileSync(join(out, "hello.svg"), "utf8"), /^<svg .*Portico.*<\/svg>\n$/s);
});

test("the benchmark names an option that it does not know", { skip }, async () => {
  const { code, stderr } = await bench(["--peers", "portico,apache"]);
  assert.equal(code, 1);
  assert.match(stderr, /^bench: --peers: there is no "apache", only .*nginx\n$/);
});

test("the models are compared at every workload, in numbers and in a chart", { skip }, async (t) => {
  const out = mkdtempSync(join(tmpdir(), "portico-bench-test-"));
  t.after(() => rmSync(out, { recursive: true }));
  const { code, stdout, stderr } = await bench(["--connections", "2", "--seconds", "1", "--out", out], MODELS);
  assert.equal(code, 0, stderr);
  const { results } = JSON.parse(readFileSync(join(out, "models.json"), "utf8")) as { results: ModelResult[] };
  assert.equal(results.length, 12);
  for (const { kind, model, requestsPerSecond, p50, failed } of results) {
    assert.ok(requestsPerSecond > 0 && p50 > 0 && failed === 0, `${kind}, ${model}`);
  }
  assert.match(stdout, /^\| event-loop \| [\d,]+ \([\d.,]+, [\d.,]+\) \|$/m);
  assert.match(readFileSync(join(out, "models.svg"), "utf8"), /^<svg .*processes.*<\/svg>\n$/s);
});

async function bench(words: string[], program = RUN): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--import", TYPESCRIPT, program, ...words]);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}
