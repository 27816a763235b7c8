/**
 * CPU per request of HTTP clients, in turn in one process, against Portico in another:
 * `npm run bench:clients [-- REQUESTS]`. The client's own CPU counts, user and kernel, with 50 requests under way.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { Client } from "../src/client/index.ts";
import { Server } from "../src/server/index.ts";
import { installPeers } from "./harness/install.ts";

const IN_FLIGHT = 50;
const ROUNDS = 7;
const JSON_TYPE = { "content-type": "application/json" };
const JSON_BODY = JSON.stringify({ text: "x".repeat(1000) });

interface Workload {
  readonly name: string;
  readonly body: string | null;
}

const WORKLOADS: readonly Workload[] = [
  { name: "GET, 12 bytes back", body: null },
  { name: "POST, 1 KiB there and back", body: JSON_BODY },
];

/** What is used of the undici package, which is installed on the first run. */
interface Undici {
  readonly Agent: new (options: { connections: number }) => object;
  readonly request: (url: string, options: object) => Promise<{ body: { text(): Promise<string> } }>;
}

/** Sends one request and reads its answer as text. */
type Ask = (url: string, body: string | null) => Promise<string>;

async function clients(): Promise<Record<string, Ask>> {
  const undici = (await import("undici" as string)) as Undici;
  const portico = new Client({ limits: { maxConnections: IN_FLIGHT } });
  const dispatcher = new undici.Agent({ connections: IN_FLIGHT });
  const agent = new http.Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const optionsFor = (body: string | null) =>
    body === null ? { method: "GET" } : { method: "POST", headers: JSON_TYPE, body };
  return {
    "portico/client": async (url, body) => (await portico.request(url, optionsFor(body))).text(),
    "undici.request": async (url, body) => (await undici.request(url, { ...optionsFor(body), dispatcher })).body.text(),
    "node:http": (url, body) =>
      new Promise((resolve, reject) => {
        const { body: _body, ...options } = { body, ...optionsFor(body) };
        const sent = http.request(url, { ...options, agent }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (piece: string) => {
            text += piece;
          });
          response.on("end", () => resolve(text)).on("error", reject);
        });
        sent.on("error", reject).end(body ?? undefined);
      }),
    "Node's fetch": async (url, body) => (await fetch(url, optionsFor(body))).text(),
  };
}

/** Microseconds of this process's CPU for each of `count` requests. */
async function measure(ask: Ask, url: string, { body }: Workload, count: number): Promise<number> {
  let left = count;
  const before = process.cpuUsage();
  const worker = async () => {
    while (left-- > 0) {
      const text = await ask(url, body);
      if (text !== (body ?? "Hello world!")) throw new Error(`a wrong answer: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

async function compare(url: string, count: number): Promise<void> {
  for (const workload of WORKLOADS) {
    const taken = Object.entries(await clients()).map(([name, ask]) => ({ name, ask, rounds: [] as number[] }));
    for (const { ask } of taken) await measure(ask, url, workload, count);
    for (let round = 0; round < ROUNDS; round++) {
      for (const { ask, rounds } of taken) rounds.push(await measure(ask, url, workload, count));
    }
    const medians = taken.map(({ rounds }) => rounds.sort((a, b) => a - b)[ROUNDS >> 1]!);
    console.log(`\n${workload.name}, Node ${process.version}, ${count} requests a round, medians of ${ROUNDS} rounds`);
    for (const [at, { name }] of taken.entries()) {
      const ratio = (medians[at]! / medians[0]!).toFixed(2);
      console.log(`  ${name.padEnd(16)} ${medians[at]!.toFixed(1).padStart(6)} µs  ${ratio.padStart(5)}x`);
    }
  }
}

if (process.send === undefined) {
  const missing = installPeers();
  if (missing !== undefined) throw new Error(missing);
  const server = fork(import.meta.filename, { stdio: "inherit" });
  const [url] = (await once(server, "message")) as [string];
  await compare(url, Number(process.argv[2] ?? 10_000));
  server.kill();
  process.exit(0);
} else {
  // Faster than any of the clients, so that none of them waits for it.
  const server = new Server(
    async (exchange) => {
      const piece = exchange.head.method === "GET" ? "Hello world!" : await exchange.body.read();
      exchange.start(200, ["Content-Type", "text/plain"]);
      exchange.end(piece ?? undefined);
    },
    { port: 0 },
  );
  await server.ready();
  process.send(server.url);
}
