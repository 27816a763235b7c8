/** What a server counts is told apart by what happened to the connections. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import type { Counters } from "../../src/server/counters.ts";
import { answer, connect, deferred, start } from "./support.ts";

/** The counters that are not at zero. */
function counted({ faults, ...others }: Counters): Record<string, number> {
  return Object.fromEntries(Object.entries({ ...others, ...faults }).filter(([, count]) => count > 0));
}

test("requests are counted, and the connections they came on", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "ok"));
  const client = await connect(t, server);
  for (let i = 0; i < 3; i++) await client.get("/");
  await (await connect(t, server)).get("/");
  assert.deepEqual(counted(server.counters), { connections: 2, requests: 4 });
});

test("a malformed request is counted by its fault, and is no request", async (t) => {
  const server = await start(t, () => assert.fail("the application sees no such request"));
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\n\r\n");
  assert.equal((await client.response()).status, 400);
  assert.deepEqual(counted(server.counters), { connections: 1, HOST_MISSING: 1 });
});

test("connections that bring nothing, or nothing more, are told apart", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "ok"), { timeouts: { headers: 1, idle: 1 } });
  const silent = await connect(t, server);
  await silent.closed;
  const idle = await connect(t, server);
  await idle.get("/");
  await idle.closed;
  assert.deepEqual(counted(server.counters), { connections: 2, requests: 1, silent: 1, idle: 1 });
});

test("a client that takes nothing of its response is counted as stalled, and as departed", async (t) => {
  const left = deferred();
  const server = await start(
    t,
    async (exchange) => {
      exchange.start(200);
      exchange.signal.addEventListener("abort", () => left.resolve());
      while (exchange.write("x".repeat(65_536)));
      await exchange.drained().catch(() => {});
    },
    { timeouts: { send: 50 } },
  );
  const client = await connect(t, server);
  client.pause();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await left.promise;
  assert.deepEqual(counted(server.counters), { connections: 1, requests: 1, stalled: 1, departed: 1 });
});

test("a client that leaves is counted as departed, an application that fails as an error", async (t) => {
  const asked = deferred<Exchange>();
  const reports: unknown[] = [];
  const server = await start(
    t,
    (exchange) => {
      if (exchange.head.target === "/wait") return asked.resolve(exchange);
      throw new Error("oops");
    },
    { onError: (error) => reports.push(error) },
  );
  const client = await connect(t, server);
  assert.equal((await client.get("/")).status, 500);
  await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
  const { signal } = await asked.promise;
  client.reset();
  while (!signal.aborted) await new Promise(setImmediate);
  assert.deepEqual(counted(server.counters), { connections: 1, requests: 2, departed: 1, errors: 1 });
  assert.equal(reports.length, 1);
});
