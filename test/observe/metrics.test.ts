import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Handler } from "../../src/gateway/contract.ts";
import { OneProcess, Workers } from "../../src/observe/fleet.ts";
import { LiveView } from "../../src/observe/live.ts";
import { FAMILIES, Metrics } from "../../src/observe/metrics.ts";
import { exposition, type Samples, sampleName } from "../../src/observe/samples.ts";
import type { ServerOptions } from "../../src/server/server.ts";
import { answer, connect, deferred, start } from "../server/support.ts";
import { parseExposition, sampleOf } from "./exposition.ts";

async function measure(t: TestContext, handler: Handler, options: ServerOptions = {}) {
  const metrics = new Metrics();
  const gone = deferred();
  const witness = { closed: () => gone.resolve() };
  const server = await start(t, handler, { observers: [metrics, witness], onError() {}, ...options });
  const fleet = new OneProcess({ metrics, live: new LiveView("pid 1"), pieces: null }, server);
  return { server, gone: gone.promise, text: async () => exposition(await fleet.samples(), FAMILIES) };
}

test("requests are counted by method, status class and outcome, in strict Prometheus text whatever clients make up", async (t) => {
  const { server, text } = await measure(t, (exchange) => {
    if (exchange.head.target === "/fail") throw new Error("of the test");
    answer(exchange, "hello", exchange.head.target === "/none" ? 404 : 200);
  });
  const client = await connect(t, server);
  for (const target of ["/", "/", "/none", "/fail"]) await client.get(target);
  for (const method of ['a"b', "BREW", "POST"]) {
    const other = await connect(t, server);
    await other.send(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await other.closed;
  }
  const metrics = await text();
  parseExposition(metrics);
  const requests = (method: string, status: string) => sampleOf(metrics, "portico_requests_total", { method, status });
  assert.deepEqual(
    [requests("GET", "2xx"), requests("GET", "4xx"), requests("GET", "5xx"), requests("POST", "2xx")],
    [2, 1, 1, 1],
  );
  assert.deepEqual([requests("other", "2xx"), requests("none", "4xx")], [1, 1]);
  const outcomes = ["complete", "failed", "refused", "left"].map((outcome) =>
    sampleOf(metrics, "portico_request_outcomes_total", { outcome }),
  );
  assert.deepEqual(outcomes, [5, 1, 1, 0]);
  assert.equal(sampleOf(metrics, "portico_refusals_total", { code: "BAD_METHOD" }), 1);
  assert.equal(sampleOf(metrics, "portico_request_failures_total"), 1);
  assert.equal(sampleOf(metrics, "portico_connections_accepted_total"), 4);
  assert.equal(sampleOf(metrics, "portico_request_duration_seconds_count"), 6);
});

test("connections are counted by what they wait for, and bytes on open and on closed ones", async (t) => {
  const held = deferred();
  const { server, gone, text } = await measure(t, async (exchange) => {
    if (exchange.head.target === "/held") await held.promise;
    answer(exchange, "hello");
  });
  const [idle, waiting] = await Promise.all([connect(t, server), connect(t, server), connect(t, server)]);
  const response = await idle.get("/");
  await waiting.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  const inState = (metrics: string, state: string) => sampleOf(metrics, "portico_connections", { state });
  let metrics = await text();
  while (sampleOf(metrics, "portico_requests_in_flight") === 0) {
    await new Promise((resolve) => setImmediate(resolve));
    metrics = await text();
  }
  assert.deepEqual([inState(metrics, "idle"), inState(metrics, "answer"), inState(metrics, "fresh")], [1, 1, 1]);
  assert.equal(
    sampleOf(metrics, "portico_received_bytes_total"),
    "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /held HTTP/1.1\r\nHost: a\r\n\r\n".length,
  );
  const sent = response.statusLine.length + response.fields.join("\r\n").length + 6 + response.body.length;
  assert.equal(sampleOf(metrics, "portico_sent_bytes_total"), sent);
  idle.end();
  await gone;
  assert.equal(sampleOf(await text(), "portico_sent_bytes_total"), sent);
  held.resolve();
  await waiting.response();
});

test("a duration falls into the bucket of the bound that it does not pass", async (t) => {
  const { server, text } = await measure(t, async (exchange) => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    answer(exchange, "ok");
  });
  await (await connect(t, server)).get("/");
  const metrics = await text();
  const below = (le: string) => sampleOf(metrics, "portico_request_duration_seconds_bucket", { le });
  assert.deepEqual([below("0.025"), below("+Inf")], [0, 1]);
  assert.ok(sampleOf(metrics, "portico_request_duration_seconds_sum") > 0.025);
});

test("labels are escaped as the format wants it", () => {
  const name = sampleName("portico_info", { version: 'a"b\\c\nd' });
  assert.equal(name, 'portico_info{version="a\\"b\\\\c\\nd"}');
  const family = parseExposition(exposition({ [name]: 1 }, FAMILIES)).get("portico_info")!;
  assert.equal(family.samples[0]!.labels.version, 'a"b\\c\nd');
});

const REQUESTS = sampleName("portico_requests_total", { method: "GET", status: "2xx" });
const OPEN = sampleName("portico_connections", { state: "idle" });

/** A crew whose workers say what a test has them say. */
function crew() {
  const workers = new Map<string, Samples | null>();
  const asked = {
    isTaking: true,
    ends: { died: 0 },
    get members() {
      return [...workers.keys()].map((name) => ({ name, state: "ready", since: 0, connections: 0 }));
    },
    async ask() {
      return [...workers].flatMap(([name, content]) => (content === null ? [] : { name, content }));
    },
  };
  return { workers, fleet: new Workers(asked, null) };
}

test("workers are summed up; counters stay when one goes, gauges go with it", async () => {
  const { workers, fleet } = crew();
  workers.set("pid 1", { [REQUESTS]: 10, [OPEN]: 3 });
  workers.set("pid 2", { [REQUESTS]: 5, [OPEN]: 2 });
  const look = async () => {
    const samples = await fleet.samples();
    return [samples[REQUESTS], samples[OPEN]];
  };
  assert.deepEqual(await look(), [15, 5]);
  // One that was let go says its last.
  fleet.farewell("pid 1", { [REQUESTS]: 12, [OPEN]: 0 });
  assert.deepEqual(await look(), [17, 2]);
  workers.delete("pid 1");
  workers.set("pid 3", { [REQUESTS]: 1, [OPEN]: 1 });
  assert.deepEqual(await look(), [18, 3]);
  // One that is killed does not.
  workers.delete("pid 2");
  assert.deepEqual(await look(), [18, 1]);
  // One that is blocked is not asked in vain.
  workers.set("pid 3", null);
  assert.deepEqual(await look(), [18, 1]);
});
