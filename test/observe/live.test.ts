import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveView } from "../../src/observe/live.ts";
import { Counters } from "../../src/server/counters.ts";
import type { ObservedConnection } from "../../src/server/events.ts";
import { answer, connect, start } from "../server/support.ts";
import { CONNECTION } from "./request.ts";

test("each of several pipelined requests is one of its own, the latest first", async (t) => {
  const live = new LiveView("pid 1");
  const server = await start(t, (exchange) => answer(exchange, "ok"), { observers: [live] });
  live.look(server);
  const client = await connect(t, server);
  const targets = ["/1", "/2", "/3"];
  await client.send(targets.map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (const _ of targets) await client.response();
  const { requests, connections } = live.look(server);
  assert.deepEqual(
    requests.map(({ line }) => line),
    ["GET /3", "GET /2", "GET /1"],
  );
  assert.equal(new Set(requests.map(({ id }) => id)).size, 3);
  assert.deepEqual(new Set(requests.map(({ connection }) => connection)), new Set([connections[0]!.id]));
});

test("requests are kept while somebody looks, those that failed or were refused always", async (t) => {
  const live = new LiveView("pid 1");
  const handler = () => {
    throw new Error("of the test");
  };
  const server = await start(t, (exchange) => (exchange.head.target === "/fail" ? handler() : answer(exchange, "ok")), {
    observers: [live],
    onError() {},
  });
  const client = await connect(t, server);
  await client.get("/");
  await client.get("/fail");
  await client.send("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  await client.rest();
  const { requests, notable, limits } = live.look(server);
  assert.deepEqual(requests, []);
  assert.deepEqual(
    notable.map(({ line, status, outcome, fault }) => [line, status, outcome, fault]),
    [
      ["GET / HTTP/1.1", 400, "refused", "BAD_FIELD_NAME"],
      ["GET /fail", 500, "failed", null],
    ],
  );
  assert.deepEqual(limits, { BAD_FIELD_NAME: 1 });
});

test("of more connections than are shown, those with a request come first, and all are counted", () => {
  const live = new LiveView("pid 1");
  const connections: ObservedConnection[] = Array.from({ length: 700 }, () => ({ ...CONNECTION }));
  const request = { method: "GET", target: "/last", since: 1000 };
  connections.push({ ...CONNECTION, state: "answer", request });
  for (const connection of connections) live.opened(connection);
  const look = live.look({ counters: new Counters(), openConnections: () => connections });
  assert.equal(look.open, 701);
  assert.deepEqual(look.states, { idle: 700, answer: 1 });
  assert.equal(look.connections.length, 500);
  assert.deepEqual(look.connections[0]!.request, { line: "GET /last", since: 1000 });
});
