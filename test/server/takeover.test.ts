import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { answer, connect, deferred, testEachWay } from "./support.ts";

const UPGRADE = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const CONNECT = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

/** Answers with another protocol, which says everything back in capitals until the client ends it. */
function shout(exchange: Exchange): void {
  const socket = exchange.takeOver();
  socket.write(SWITCH);
  socket.on("data", (piece: Buffer) => socket.write(piece.toString().toUpperCase()));
  socket.on("end", () => socket.end("BYE"));
}

testEachWay("an upgraded connection is the application's, whatever comes on it", async (t, start) => {
  const client = await connect(t, await start(shout));
  await client.send(UPGRADE);
  assert.equal((await client.response("HEAD")).status, 101);
  for (const word of ["one", "GET / HTTP/1.1\r\n\r\n", "x".repeat(300_000)]) {
    await client.send(word);
    assert.equal((await client.take(word.length)).toString(), word.toUpperCase());
  }
  client.end();
  assert.equal((await client.rest()).toString(), "BYE");
});

testEachWay("what came behind the request that upgrades is read first", async (t, start) => {
  const client = await connect(t, await start(shout));
  await client.send(`${UPGRADE}early, `);
  await client.send("late");
  assert.equal((await client.response("HEAD")).status, 101);
  assert.equal((await client.take(11)).toString(), "EARLY, LATE");
});

testEachWay("a connection can be taken over long after the request, behind other responses", async (t, start) => {
  const asked = deferred<Exchange>();
  const server = await start((exchange) => {
    if (exchange.head.target === "/echo") asked.resolve(exchange);
    else answer(exchange, "first");
  });
  const client = await connect(t, server);
  await client.send(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${UPGRADE}early, `);
  assert.equal((await client.response()).text, "first");
  await client.send("later, ");
  shout(await asked.promise);
  await client.send("late");
  assert.equal((await client.response("HEAD")).status, 101);
  assert.equal((await client.take(18)).toString(), "EARLY, LATER, LATE");
});

testEachWay("a taken connection that nobody reads holds its client back", async (t, start) => {
  const taken = deferred<Duplex>();
  const client = await connect(t, await start((exchange) => taken.resolve(exchange.takeOver())));
  await client.send(UPGRADE);
  const socket = await taken.promise;
  const total = 64 * 1024 * 1024;
  client.socket.end(Buffer.alloc(total, "a"));
  await once(socket, "readable");
  assert.ok(socket.readableLength < 1024 * 1024, `${socket.readableLength} bytes are held`);
  let size = 0;
  for await (const piece of socket) size += piece.length;
  assert.equal(size, total);
});

testEachWay("CONNECT makes a tunnel if the server has somebody for it", async (t, start) => {
  const connections: string[] = [];
  const server = await start((exchange) => answer(exchange, "page"), {
    connect(exchange) {
      connections.push(exchange.head.target);
      const socket = exchange.takeOver();
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      socket.pipe(socket);
    },
  });
  const client = await connect(t, server);
  assert.equal((await client.get("/")).text, "page");
  await client.send(`${CONNECT}hello`);
  assert.equal((await client.take(24)).toString(), "HTTP/1.1 200 OK\r\n\r\nhello");
  assert.deepEqual(connections, ["a:1"]);
});

test.describe("without a tunnel", () => {
  for (const method of ["CONNECT", "TRACE"]) {
    testEachWay(`${method} is refused with 501, and what follows is not read`, async (t, start) => {
      const server = await start(() => assert.fail("the application sees no such request"));
      const client = await connect(t, server);
      const request = method === "CONNECT" ? CONNECT : "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n";
      await client.send(`${request}GET / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const response = await client.response();
      assert.equal(response.status, 501);
      assert.equal(response.field("Connection"), "close");
      assert.match(response.text, /^METHOD_NOT_SUPPORTED: /);
      assert.equal((await client.rest()).length, 0);
      assert.equal(server.counters.faults.METHOD_NOT_SUPPORTED, 1);
    });
  }
});

testEachWay("a tunnel that is refused leaves an HTTP connection behind", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "page"), {
    connect: (exchange) => answer(exchange, "who are you?", 407),
  });
  const client = await connect(t, server);
  await client.send(CONNECT);
  assert.equal((await client.response()).status, 407);
  assert.equal((await client.get("/")).text, "page");
});

testEachWay("a 2xx to CONNECT cannot be sent, because what follows it would be the tunnel", async (t, start) => {
  const errors: unknown[] = [];
  const server = await start(() => {}, {
    connect: (exchange) => answer(exchange, "ok"),
    onError: (error) => errors.push(error),
  });
  const client = await connect(t, server);
  await client.send(CONNECT);
  assert.equal((await client.response()).status, 500);
  assert.match(String(errors[0]), /^TypeError: start: a tunnel is not sent/);
});

test.describe("takeOver throws a TypeError", () => {
  const refused: readonly [name: string, request: string, prepare?: (exchange: Exchange) => void][] = [
    ["when the request asks for no upgrade", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["when HTTP/1.0 asks for one", UPGRADE.replace("1.1", "1.0")],
    ["when the request has a body", UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\nx")],
    ["when the response has started", UPGRADE, (exchange) => exchange.start(200)],
  ];
  for (const [name, request, prepare] of refused) {
    testEachWay(name, async (t, start) => {
      const server = await start((exchange) => {
        prepare?.(exchange);
        assert.throws(() => exchange.takeOver(), TypeError);
        if (exchange.started) exchange.end("still here");
        else answer(exchange, "still here");
      });
      const client = await connect(t, server);
      await client.send(request);
      assert.equal((await client.response()).text, "still here");
    });
  }
});

testEachWay("a closing server ends what was taken over, and waits for its end", async (t, start) => {
  const server = await start(shout);
  const client = await connect(t, server);
  await client.send(UPGRADE);
  assert.equal((await client.response("HEAD")).status, 101);
  const closed = server.close();
  assert.equal((await client.rest()).length, 0);
  await closed;
});

testEachWay("a taken connection that the client leaves is no longer counted", async (t, start) => {
  const server = await start(shout);
  const client = await connect(t, server);
  await client.send(UPGRADE);
  assert.equal((await client.response("HEAD")).status, 101);
  client.reset();
  while (server.connections > 0) await new Promise(setImmediate);
  assert.equal(server.counters.departed, 0);
});
