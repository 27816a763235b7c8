/** The contract, kept across a channel: real sockets in front, the application behind messages. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { test } from "node:test";
import type { Exchange, Handler } from "../../src/gateway/contract.ts";
import { lint } from "../../src/gateway/lint.ts";
import { answer, connect, deferred, readAll, start } from "../server/support.ts";
import { relayed } from "./support.ts";

/** Held to the contract on both sides of the channel. */
const across = (handler: Handler): Handler => lint(relayed(lint(handler)).handler);

test("the application sees the request as it came", async (t) => {
  const seen = deferred<Exchange>();
  const server = await start(
    t,
    across((exchange) => {
      seen.resolve(exchange);
      answer(exchange, "");
    }),
  );
  const client = await connect(t, server);
  await client.get("/a%20b?c", "X-Odd-Case: \xe9\r\nX-Odd-Case: 2\r\n");
  const { head, connection, body } = await seen.promise;
  assert.deepEqual([head.method, head.target, head.minor], ["GET", "/a%20b?c", 1]);
  assert.deepEqual(
    [...head.fields],
    [
      ["Host", "a"],
      ["X-Odd-Case", "\xe9"],
      ["X-Odd-Case", "2"],
    ],
  );
  assert.equal(connection.remotePort, client.socket.localPort);
  assert.equal(connection.remoteAddress, "127.0.0.1");
  assert.deepEqual([body.length, await body.read()], [0, null]);
});

test("bodies travel both ways, of a known length and in chunks, trailers too", async (t) => {
  const server = await start(
    t,
    across(async (exchange) => {
      const body = await readAll(exchange.body);
      exchange.start(201, ["X-Length", String(exchange.body.length)], "Made");
      exchange.write(body);
      exchange.end("!", ["X-Trailer", exchange.body.trailers.get("x-sum") ?? "none"]);
    }),
  );
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  const first = await client.response();
  assert.equal(first.statusLine, "HTTP/1.1 201 Made");
  assert.deepEqual([first.text, first.field("x-length"), first.trailers], ["abc!", "3", ["X-Trailer: none"]]);
  await client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n",
  );
  const second = await client.response();
  assert.deepEqual([second.text, second.field("x-length"), second.trailers], ["abc!", "null", ["X-Trailer: 7"]]);
});

test("a body that is held back is asked for when the application reads, and not before", async (t) => {
  const server = await start(
    t,
    across(async (exchange) => {
      if (exchange.head.target === "/refused") return answer(exchange, "no", 403);
      answer(exchange, await readAll(exchange.body));
    }),
  );
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  assert.equal((await client.response()).status, 100);
  await client.send("ok");
  assert.equal((await client.response()).text, "ok");
  await client.send("POST /refused HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  assert.equal((await client.response()).status, 403);
});

test("a large response comes whole, at the pace of its reader", async (t) => {
  let written = 0;
  const server = await start(
    t,
    across(async (exchange) => {
      exchange.start(200);
      for (let i = 0; i < 256; i++) {
        written += 65_536;
        if (!exchange.write(Buffer.alloc(65_536, i))) await exchange.drained();
      }
      exchange.end();
    }),
  );
  const client = await connect(t, server);
  client.pause();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  // What the system and the two ends hold for a client that reads nothing comes to a stop.
  for (let before = -1; before !== written || written === 0; ) {
    before = written;
    for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
  }
  assert.ok(written < 256 * 65_536);
  client.resume();
  const { body } = await client.response();
  assert.equal(body.length, 256 * 65_536);
  for (let i = 0; i < 256; i++) assert.equal(body[i * 65_536], i);
});

test("early hints come before the response", async (t) => {
  const server = await start(
    t,
    across((exchange) => {
      exchange.inform(103, ["Link", "</a.css>; rel=preload"]);
      answer(exchange, "page");
    }),
  );
  const client = await connect(t, server);
  const hint = await client.get("/");
  assert.deepEqual([hint.status, hint.field("link")], [103, "</a.css>; rel=preload"]);
  assert.equal((await client.response()).text, "page");
});

test("what the handler throws reaches the server with its message, its code, its cause and its own stack", async (t) => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const handler: Handler = (exchange) => {
    if (exchange.head.target === "/begun") exchange.start(200);
    throw Object.assign(new RangeError("out", { cause: new Error("in") }), { code: "E_OUT" });
  };
  const server = await start(t, across(handler), { onError });
  const client = await connect(t, server);
  assert.equal((await client.get("/")).status, 500);
  assert.equal((await client.get("/begun")).status, 500);
  for (const error of errors) {
    assert.ok(error instanceof RangeError);
    const { message, stack, cause, code } = error as RangeError & { code: string };
    assert.deepEqual([message, (cause as Error).message, code], ["out", "in", "E_OUT"]);
    assert.match(stack!, /relay\.test\.ts/);
  }
  assert.equal(errors.length, 2);
});

test("an abort of the application's own keeps the place where it was thrown", async (t) => {
  const told = deferred<DOMException>();
  const relay = relayed(() => {
    throw new DOMException("enough", "AbortError");
  });
  const server = await start(t, relay.handler, { onError: (error) => told.resolve(error as DOMException) });
  const client = await connect(t, server);
  assert.equal((await client.get("/")).status, 500);
  const { name, message, stack } = await told.promise;
  assert.deepEqual([name, message], ["AbortError", "enough"]);
  assert.match(stack!, /at .*relay\.test\.ts/);
});

test("a response that cannot begin like that is refused where the application asks for it", async (t) => {
  const server = await start(
    t,
    relayed((exchange) => {
      assert.throws(() => exchange.start(200, ["A", "b\r\nc"]), TypeError);
      assert.throws(() => exchange.start(200, [], "a\nb"), TypeError);
      assert.throws(() => exchange.write("a"), TypeError);
      assert.throws(() => exchange.takeOver(), TypeError);
      answer(exchange, "ok");
      assert.throws(() => exchange.start(200), TypeError);
      assert.throws(() => exchange.end(), TypeError);
    }).handler,
  );
  assert.equal((await (await connect(t, server)).get("/")).text, "ok");
});

test("a client that leaves aborts the signal and rejects what waits", async (t) => {
  const seen = deferred<Exchange>();
  const server = await start(
    t,
    across(async (exchange) => {
      seen.resolve(exchange);
      await exchange.body.read();
      await exchange.body.read();
    }),
  );
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  const { signal, body } = await seen.promise;
  client.reset();
  await once(signal, "abort");
  assert.equal(signal.reason.name, "AbortError");
  await assert.rejects(body.read(), { name: "AbortError" });
});

test("a client that has only ended its side is answered, and its connection is closed", async (t) => {
  const relay = relayed(async (exchange) => {
    await once(exchange.signal, "abort");
    exchange.start(200);
    exchange.write("late, ");
    await exchange.drained();
    exchange.end("not lost");
  });
  const server = await start(t, relay.handler);
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.end();
  assert.equal((await client.response()).text, "late, not lost");
  assert.equal((await client.rest()).length, 0);
  assert.equal(relay.active, 0);
});

test("nothing is kept of a client that has left in the middle of a response", async (t) => {
  const relay = relayed(async (exchange) => {
    exchange.start(200);
    for (;;) if (!exchange.write(Buffer.alloc(65_536))) await exchange.drained();
  });
  const server = await start(t, relay.handler);
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.take(65_536);
  client.reset();
  await relay.emptied();
});

test("a body that breaks the protocol is refused with its status, through the application", async (t) => {
  const server = await start(
    t,
    across(async (exchange) => answer(exchange, await readAll(exchange.body))),
  );
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  const response = await client.response();
  assert.equal(response.status, 400);
  assert.match(response.text, /^BAD_CHUNK_SIZE/);
});

test("a connection that is taken over is a socket that carries bytes both ways, to its end", async (t) => {
  const closed = deferred();
  const server = await start(
    t,
    across((exchange) => {
      const socket = exchange.takeOver();
      // What http-proxy does to it, and ws.
      assert.ok(socket instanceof Socket);
      socket.setTimeout(0).setNoDelay(true).setKeepAlive(true);
      socket.cork();
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n");
      socket.write(Buffer.from(`X-Peer: ${socket.remoteAddress}\r\n\r\n`));
      socket.uncork();
      socket.once("close", () => closed.resolve());
      socket.pipe(socket);
    }),
  );
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ");
  const response = await client.response();
  assert.deepEqual([response.status, response.field("X-Peer")], [101, "127.0.0.1"]);
  assert.equal(String(await client.take(6)), "early ");
  const large = Buffer.alloc(1_000_000, "abc");
  void client.send(large);
  assert.deepEqual(await client.take(large.length), large);
  client.end();
  assert.equal((await client.rest()).length, 0);
  await closed.promise;
});

test("work behind the response keeps the exchange, and its failure is reported", async (t) => {
  const errors: string[] = [];
  const work = deferred();
  const relay = relayed((exchange) => {
    exchange.waitUntil(work.promise);
    answer(exchange, "ok");
  });
  const server = await start(t, relay.handler, { onError: (error) => void errors.push((error as Error).message) });
  assert.equal((await (await connect(t, server)).get("/")).text, "ok");
  assert.equal(relay.active, 1);
  work.reject(new Error("no mail today"));
  await relay.emptied();
  assert.deepEqual(errors, ["no mail today"]);
});

test("when the application is gone, its requests fail, those to come as well", async (t) => {
  const errors: string[] = [];
  const began = deferred();
  const relay = relayed(() => began.resolve());
  const server = await start(t, relay.handler, { onError: (error) => void errors.push((error as Error).message) });
  const client = await connect(t, server);
  const waiting = client.get("/");
  await began.promise;
  relay.break(new Error("it is gone"));
  assert.equal((await waiting).status, 500);
  assert.equal((await client.get("/")).status, 500);
  assert.deepEqual(errors, ["it is gone", "it is gone"]);
});
