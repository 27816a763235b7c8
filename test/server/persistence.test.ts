/** Which connections live on after a response, and how a response says so (RFC 9112 §9.3). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, connect, start, testEachWay } from "./support.ts";

const cases: readonly [request: string, connection: string | null][] = [
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", null],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", null],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n\r\n", "close"],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: x , close\t,y\r\n\r\n", "close"],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", "close"],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", "close"],
  ["GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", null],
  ["GET / HTTP/1.0\r\n\r\n", "close"],
  ["GET / HTTP/1.0\r\nConnection: close\r\n\r\n", "close"],
  ["GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"],
  ["GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "keep-alive"],
  ["GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "close"],
];

for (const [request, connection] of cases) {
  const outcome = connection === "close" ? "is announced and closed" : "is kept";
  test(`the connection of ${JSON.stringify(request)} ${outcome}`, async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"));
    const client = await connect(t, server);
    await client.send(request);
    const response = await client.response();
    assert.equal(response.text, "ok");
    assert.equal(response.field("Connection"), connection);
    if (connection === "close") return assert.equal(await client.closed, "end");
    assert.equal((await client.get("/")).text, "ok");
  });
}

testEachWay("requests follow each other on one connection", async (t, start) => {
  const ports = new Set<number>();
  const server = await start((exchange) => {
    ports.add(exchange.connection.remotePort);
    answer(exchange, exchange.head.target);
  });
  const client = await connect(t, server);
  for (let i = 0; i < 100; i++) assert.equal((await client.get(`/${i}`)).text, `/${i}`);
  assert.equal(ports.size, 1);
});

testEachWay("what is pipelined behind a request that closes is not answered", async (t, start) => {
  const seen: string[] = [];
  const server = await start((exchange) => {
    seen.push(exchange.head.target);
    answer(exchange, "ok");
  });
  const client = await connect(t, server);
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response()).field("Connection"), "close");
  assert.equal((await client.rest()).length, 0);
  assert.deepEqual(seen, ["/1"]);
});

test("an application closes the connection with a Connection field of its own", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Connection", "close"]);
    exchange.end("bye");
  });
  const client = await connect(t, server);
  const response = await client.get("/");
  assert.equal(response.text, "bye");
  assert.equal(response.field("Connection"), "close");
  assert.equal(await client.closed, "end");
});

test("fields of the application that are the connection's business are not sent", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Connection", "keep-alive, x-hop", "Keep-Alive", "timeout=9", "Transfer-Encoding", "chunked"]);
    exchange.end("ok");
  });
  const client = await connect(t, server);
  const response = await client.get("/");
  assert.equal(response.text, "ok");
  assert.equal(response.field("Connection"), null);
  assert.equal(response.field("Keep-Alive"), null);
  assert.equal(response.field("Transfer-Encoding"), null);
  assert.equal(response.field("Content-Length"), "2");
});

test("an HTTP/1.0 response of unknown length ends with its connection, though the client would keep it", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200);
    exchange.write("one, ");
    exchange.end("two");
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const response = await client.response();
  assert.equal(response.text, "one, two");
  assert.equal(response.field("Connection"), "close");
  assert.equal(response.field("Transfer-Encoding"), null);
});

testEachWay("a connection ends with the last request it may bring, and says so", async (t, start) => {
  const server = await start((exchange) => answer(exchange, exchange.head.target), {
    limits: { maxRequestsPerConnection: 3 },
  });
  const client = await connect(t, server);
  await client.send(["/1", "/2", "/3", "/4"].map((target) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (const target of ["/1", "/2", "/3"]) {
    const response = await client.response();
    assert.equal(response.text, target);
    assert.equal(response.field("Connection"), target === "/3" ? "close" : null);
  }
  assert.equal((await client.rest()).length, 0);
});
