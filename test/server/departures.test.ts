/** What the application learns when the client leaves, and what the client still gets. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { answer, type Client, connect, deferred, readAll, start, testEachWay } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n";

function isAbortError(reason: unknown): void {
  assert.ok(reason instanceof DOMException, String(reason));
  assert.equal(reason.name, "AbortError");
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** What a promise rejects with. */
function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail("it resolved"),
    (reason: unknown) => reason,
  );
}

const leaves: readonly [how: string, leave: (client: Client) => void][] = [
  ["resets the connection", (client) => client.reset()],
  ["ends its side", (client) => client.end()],
];

for (const [how, leave] of leaves) {
  testEachWay(`the signal aborts with an AbortError when the client ${how} before the response`, async (t, start) => {
    const began = deferred();
    const left = deferred<unknown>();
    const server = await start(async ({ signal }) => {
      assert.equal(signal.aborted, false);
      began.resolve();
      await aborted(signal);
      left.resolve(signal.reason);
      throw signal.reason;
    });
    const client = await connect(t, server);
    await client.send(GET);
    await began.promise;
    leave(client);
    isAbortError(await left.promise);
  });

  testEachWay(`the signal aborts when the client ${how} in the middle of the response`, async (t, start) => {
    const left = deferred<unknown>();
    const server = await start(async (exchange) => {
      exchange.start(200);
      exchange.write("begun");
      await aborted(exchange.signal);
      left.resolve(exchange.signal.reason);
      exchange.write("more");
      exchange.end("done");
    });
    const client = await connect(t, server);
    await client.send(GET);
    while (!client.received.includes("begun")) await new Promise((resolve) => client.socket.once("data", resolve));
    leave(client);
    isAbortError(await left.promise);
  });

  testEachWay(
    `a read of the body rejects with an AbortError when the client ${how} in its middle`,
    async (t, start) => {
      const waiting = deferred();
      const result = deferred<[kept: string, reason: unknown, again: unknown, signal: unknown]>();
      const server = await start(async (exchange) => {
        const kept = String(await exchange.body.read());
        const read = exchange.body.read();
        waiting.resolve();
        const reason: unknown = await rejection(read);
        const again: unknown = await rejection(exchange.body.read());
        result.resolve([kept, reason, again, exchange.signal.reason]);
        throw reason;
      });
      const client = await connect(t, server);
      await client.send(POST + "four");
      await waiting.promise;
      leave(client);
      const [kept, reason, again, signal] = await result.promise;
      assert.equal(kept, "four");
      isAbortError(reason);
      assert.equal(again, reason);
      if (how === "resets the connection") isAbortError(signal);
    },
  );

  testEachWay(`the signal does not abort when the client ${how} after the response`, async (t, start) => {
    const seen: Exchange[] = [];
    const server = await start((exchange) => {
      seen.push(exchange);
      assert.equal(exchange.signal.aborted, false);
      answer(exchange, "ok");
    });
    const client = await connect(t, server);
    assert.equal((await client.get("/")).text, "ok");
    leave(client);
    // Resolves when the server has seen the connection's end.
    await server.close();
    assert.equal(seen[0]!.signal.aborted, false);
  });

  testEachWay(`nothing is reported when the client ${how} on an idle or fresh connection`, async (t, start) => {
    const server = await start((exchange) => answer(exchange, "ok"));
    const [idle, fresh] = [await connect(t, server), await connect(t, server)];
    await idle.get("/");
    leave(idle);
    leave(fresh);
    assert.equal((await (await connect(t, server)).get("/")).text, "ok");
    await server.close();
  });
}

for (const [what, request] of [
  ["a body that nobody reads", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"],
  ["more requests than are read ahead", GET],
] as const) {
  test(`a client that resets the connection behind ${what} is noticed, though nothing more is read of it`, async (t) => {
    const begun = deferred();
    const left = deferred<unknown>();
    const server = await start(
      t,
      async ({ signal }) => {
        begun.resolve();
        await aborted(signal);
        left.resolve(signal.reason);
        throw signal.reason;
      },
      { timeouts: { receive: 1 } },
    );
    const client = await connect(t, server);
    await client.send(request);
    await begun.promise;
    client.socket.write(GET.repeat(30_000));
    const [connection] = server.openConnections();
    const isRead = () => connection!.state === "answer" && connection!.bytesReceived >= request.length + 64 * 1024;
    while (!isRead()) await new Promise(setImmediate);
    client.reset();
    isAbortError(await left.promise);
  });
}

test("a client that ends its side and then resets the connection holds none, though nobody answers it", async (t) => {
  const ended = deferred();
  const server = await start(
    t,
    async ({ signal }) => {
      await aborted(signal);
      ended.resolve();
    },
    { timeouts: { receive: 1 } },
  );
  const client = await connect(t, server);
  await client.send(GET);
  client.end();
  await ended.promise;
  client.reset();
  while (server.connections > 0) await new Promise(setImmediate);
});

testEachWay("what was read before the client left can be read still", async (t, start) => {
  const go = deferred();
  const left = deferred<string>();
  const server = await start(async (exchange) => {
    await aborted(exchange.signal);
    go.resolve();
    left.resolve(`${await exchange.body.read()}`);
    await exchange.body.read();
  });
  const client = await connect(t, server);
  await client.send(POST + "four");
  client.end();
  await go.promise;
  assert.equal(await left.promise, "four");
});

testEachWay("drained rejects with the signal's reason when the client resets the connection", async (t, start) => {
  const clogged = deferred();
  const result = deferred<[reason: unknown, signal: AbortSignal, writable: boolean, again: unknown]>();
  const server = await start(async (exchange) => {
    const { signal } = exchange;
    exchange.start(200);
    const piece = Buffer.alloc(256 * 1024);
    try {
      for (;;) {
        if (exchange.write(piece)) continue;
        clogged.resolve();
        await exchange.drained();
      }
    } catch (reason) {
      const again: unknown = await rejection(exchange.drained());
      result.resolve([reason, signal, exchange.write("more"), again]);
      exchange.end();
    }
  });
  const client = await connect(t, server);
  client.pause();
  await client.send(GET);
  await clogged.promise;
  client.reset();
  const [reason, signal, writable, again] = await result.promise;
  isAbortError(reason);
  assert.equal(signal.reason, reason);
  assert.equal(again, reason);
  assert.equal(writable, false);
});

test("a signal that is first asked for after the client left is aborted", async (t) => {
  const gone = deferred();
  const signal = deferred<AbortSignal>();
  const server = await start(t, async (exchange) => {
    if (exchange.head.target === "/other") return answer(exchange, "ok");
    await exchange.body.read().catch(() => {});
    await gone.promise;
    signal.resolve(exchange.signal);
  });
  const client = await connect(t, server);
  await client.send(POST);
  client.reset();
  assert.equal((await (await connect(t, server)).get("/other")).text, "ok");
  gone.resolve();
  isAbortError((await signal.promise).reason);
});

testEachWay("a client that ends its side behind its request still gets the answer", async (t, start) => {
  const server = await start(async (exchange) => {
    const body = await readAll(exchange.body);
    await new Promise(setImmediate);
    answer(exchange, `got ${body}`);
  });
  const client = await connect(t, server);
  client.socket.end(POST + "0123456789");
  assert.equal((await client.response()).text, "got 0123456789");
  assert.equal(await client.closed, "end");
});

testEachWay("a client that ends its side behind pipelined requests gets all the answers", async (t, start) => {
  const server = await start(async (exchange) => {
    await new Promise(setImmediate);
    answer(exchange, exchange.head.target);
  });
  const client = await connect(t, server);
  client.socket.end(Array.from({ length: 20 }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (let i = 0; i < 20; i++) assert.equal((await client.response()).text, `/${i}`);
  assert.equal((await client.rest()).length, 0);
});

test("a client that ends its side gets a long answer whole", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    for (let i = 0; i < 200; i++) if (!exchange.write(Buffer.alloc(64 * 1024))) await exchange.drained();
    exchange.end();
  });
  const client = await connect(t, server);
  client.socket.end(GET);
  assert.equal((await client.response()).body.length, 200 * 64 * 1024);
});

for (const [where, bytes] of [
  ["a request line", "GET / HT"],
  ["a head", "GET / HTTP/1.1\r\nHost: a\r\nX"],
  ["the empty line before a request", "\r"],
] as const) {
  testEachWay(`an end in the middle of ${where} is refused with 400`, async (t, start) => {
    const server = await start(() => assert.fail("the handler was called"));
    const client = await connect(t, server);
    client.socket.end(bytes);
    const response = await client.response();
    assert.equal(response.status, 400);
    assert.match(response.text, /^UNEXPECTED_EOF: /);
    assert.equal(await client.closed, "end");
  });
}

for (const [where, bytes] of [
  ["before a request", ""],
  ["after an empty line", "\r\n"],
] as const) {
  testEachWay(`an end ${where} is answered with an end`, async (t, start) => {
    const server = await start(() => assert.fail("the handler was called"));
    const client = await connect(t, server);
    client.socket.end(bytes);
    assert.equal((await client.rest()).length, 0);
  });
}

for (const [framing, bytes] of [
  ["by length", POST + "four"],
  ["in chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"],
] as const) {
  testEachWay(
    `an end in the middle of a body ${framing} that nobody reads lets the response through`,
    async (t, start) => {
      const server = await start((exchange) => answer(exchange, "ok"));
      const client = await connect(t, server);
      client.socket.end(bytes);
      assert.equal((await client.response()).text, "ok");
      assert.equal((await client.rest()).length, 0);
    },
  );
}
