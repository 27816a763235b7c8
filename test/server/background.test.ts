/** Work that goes on when the response is complete: who waits for it, and how long. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchHandler } from "../../src/gateway/fetch/handler.ts";
import { lint } from "../../src/gateway/lint.ts";
import { toFetch } from "../../src/gateway/to-fetch.ts";
import { answer, connect, deferred, start, testEachWay } from "./support.ts";

testEachWay("a closing server waits for work, though every connection is gone", async (t, start) => {
  const work = deferred();
  const server = await start((exchange) => {
    exchange.waitUntil(work.promise);
    answer(exchange, "done");
  });
  const client = await connect(t, server);
  assert.equal((await client.get("/")).text, "done");
  let isClosed = false;
  const closing = server.close().then(() => (isClosed = true));
  assert.equal(await client.closed, "end");
  while (server.connections > 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  assert.equal(isClosed, false);
  work.resolve();
  await closing;
});

test("work that never ends is waited for as long as the grace lasts", async (t) => {
  const server = await start(
    t,
    (exchange) => {
      exchange.waitUntil(new Promise(() => {}));
      answer(exchange, "done");
    },
    { timeouts: { grace: 50 } },
  );
  await (await connect(t, server)).get("/");
  await server.close();
});

test("close by force waits for no work", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.waitUntil(new Promise(() => {}));
    answer(exchange, "done");
  });
  await (await connect(t, server)).get("/");
  const closing = server.close();
  await server.close({ force: true });
  await closing;
});

test("work that fails is reported with its exchange, and changes nothing else", async (t) => {
  const reports: [unknown, string | undefined][] = [];
  const handler = lint((exchange) => {
    exchange.waitUntil(Promise.reject(new Error("late")));
    answer(exchange, "done");
  });
  const onError = (error: unknown, exchange: { head: { target: string } } | null) =>
    reports.push([error, exchange?.head.target]);
  const server = await start(t, handler, { onError });
  const client = await connect(t, server);
  assert.equal((await client.get("/a")).text, "done");
  assert.equal((await client.get("/b")).text, "done");
  assert.deepEqual(
    reports.map(([error, target]) => [String(error), target]),
    [
      ["Error: late", "/a"],
      ["Error: late", "/b"],
    ],
  );
  await server.close();
});

test("a fetch application names work by its request", async (t) => {
  const work = deferred();
  const server = await start(
    t,
    fetchHandler((request) => {
      request.waitUntil(work.promise);
      return new Response("done");
    }),
  );
  assert.equal((await (await connect(t, server)).get("/")).text, "done");
  let isClosed = false;
  const closing = server.close().then(() => (isClosed = true));
  while (server.connections > 0) await new Promise(setImmediate);
  assert.equal(isClosed, false);
  work.resolve();
  await closing;
});

test("without a server, work goes on by itself, and its failure is logged", async (t) => {
  const log = t.mock.method(console, "error", () => {});
  const ask = toFetch((exchange) => {
    exchange.waitUntil(Promise.reject(new Error("late")));
    answer(exchange, "done");
  });
  assert.equal(await (await ask(new Request("http://a/"))).text(), "done");
  assert.deepEqual(
    log.mock.calls.map(({ arguments: [error] }) => String(error)),
    ["Error: late"],
  );
});
