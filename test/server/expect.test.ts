/** Expect: 100-continue (RFC 9110 §10.1.1): the client holds its body back until it is asked for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/gateway/contract.ts";
import { answer, connect, deferred, readAll, start, testEachWay } from "./support.ts";

const EXPECTING = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

const echo: Handler = async (exchange) => answer(exchange, await readAll(exchange.body));

testEachWay("100 (Continue) is sent when the application first reads the body, and not before", async (t, start) => {
  const go = deferred();
  const server = await start(async (exchange) => {
    if (exchange.head.method === "GET") return answer(exchange, "get");
    await go.promise;
    return echo(exchange);
  });
  const client = await connect(t, server);
  await client.send(EXPECTING);
  await (await connect(t, server)).get("/");
  assert.equal(client.received.length, 0);
  go.resolve();
  const interim = await client.response();
  assert.equal(interim.statusLine, "HTTP/1.1 100 Continue");
  assert.deepEqual(interim.fields, []);
  await client.send("bo");
  await client.send("dy");
  const response = await client.response();
  assert.equal(response.text, "body");
  assert.equal(response.field("Connection"), null);
  assert.equal((await client.get("/")).text, "get");
});

test("each request of a connection that expects it gets its own 100", async (t) => {
  const server = await start(t, echo);
  const client = await connect(t, server);
  for (const body of ["one!", "two!"]) {
    await client.send(EXPECTING.replace("100-continue", "100-Continue"));
    assert.equal((await client.response()).status, 100);
    await client.send(body);
    assert.equal((await client.response()).text, body);
  }
  await client.send(EXPECTING.replace("Content-Length: 4", "Transfer-Encoding: chunked"));
  assert.equal((await client.response()).status, 100);
  await client.send("5\r\nthree\r\n0\r\n\r\n");
  assert.equal((await client.response()).text, "three");
});

testEachWay("an application that answers without reading sends no 100, and the connection closes", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "no", 403));
  const client = await connect(t, server);
  await client.send(EXPECTING);
  const response = await client.response();
  assert.equal(response.status, 403);
  assert.equal(response.field("Connection"), "close");
  assert.equal((await client.rest()).length, 0);
});

test("an application that discards the body sends no 100, and the connection closes", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.body.discard();
    answer(exchange, "no", 403);
  });
  const client = await connect(t, server);
  await client.send(EXPECTING);
  const response = await client.response();
  assert.equal(response.status, 403);
  assert.equal(response.field("Connection"), "close");
  assert.equal((await client.rest()).length, 0);
});

test("an application that has decided its status but sent nothing yet can still ask for the body", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.start(201);
    exchange.end(await readAll(exchange.body));
  });
  const client = await connect(t, server);
  await client.send(EXPECTING);
  assert.equal((await client.response()).status, 100);
  await client.send("body");
  const response = await client.response();
  assert.equal(response.status, 201);
  assert.equal(response.text, "body");
});

test("no 100 follows a final response that has begun, and its connection closes", async (t) => {
  const reading = deferred();
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    exchange.write("first, ");
    const body = readAll(exchange.body);
    reading.resolve();
    exchange.end(await body);
  });
  const client = await connect(t, server);
  await client.send(EXPECTING);
  await reading.promise;
  await client.send("body");
  const response = await client.response();
  assert.equal(response.status, 200);
  assert.equal(response.text, "first, body");
  assert.equal(response.field("Connection"), "close");
});

test("no 100 is sent when the body comes without being waited for", async (t) => {
  const server = await start(t, echo);
  const client = await connect(t, server);
  await client.send(EXPECTING + "body");
  assert.equal((await client.response()).text, "body");
  const halfway = deferred();
  const slow = await start(t, async (exchange) => {
    const first = await exchange.body.read();
    const rest = readAll(exchange.body);
    halfway.resolve();
    answer(exchange, Buffer.concat([first!, await rest]));
  });
  const other = await connect(t, slow);
  await other.send(EXPECTING + "bo");
  await halfway.promise;
  await other.send("dy");
  assert.equal((await other.response()).text, "body");
});

test("HTTP/1.0 gets no 100, whatever it expects", async (t) => {
  const server = await start(t, echo);
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  await client.send("body");
  assert.equal((await client.response()).text, "body");
});

test("a request that expects it without a body gets no 100", async (t) => {
  const server = await start(t, echo);
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n");
  assert.equal((await client.response()).status, 200);
});

test("an application may send 100 itself; it is not sent again", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.inform(100);
    return echo(exchange);
  });
  const client = await connect(t, server);
  await client.send(EXPECTING);
  assert.equal((await client.response()).status, 100);
  await client.send("body");
  assert.equal((await client.response()).text, "body");
});
