/**
 * How long the server waits, and what becomes of those it waits for in vain. Durations here are short, and no test
 * measures one: what it waits for is the outcome, or the outcome of a connection that has less time than another.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { FaultError } from "../../src/core/faults.ts";
import type { Exchange } from "../../src/gateway/contract.ts";
import type { Server } from "../../src/server/server.ts";
import {
  answer,
  type Client,
  connect,
  deferred,
  INCOMPLETE,
  readAll,
  socketPath,
  start,
  testEachWay,
} from "./support.ts";

const SHORT = 1;
const LONG = 60_000;

function post(length: number): string {
  return `POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
}

/** Sends a piece every 10 ms, until the connection ends or `stop` is called. */
function drip(t: TestContext, client: Client, piece: string): { stop: () => void } {
  const timer = setInterval(() => client.send(piece).catch(() => stop()), 10);
  const stop = () => clearInterval(timer);
  t.after(stop);
  client.closed.then(stop);
  return { stop };
}

/** Resolves when a connection on which a head drips was given up: a time that is over for all who started earlier. */
async function headTimesOut(t: TestContext, server: Server): Promise<void> {
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\n");
  assert.equal((await client.response()).status, 408);
}

/** Writes on and on; gives what stopped it. */
async function writeWithoutEnd(exchange: Exchange): Promise<unknown> {
  exchange.start(200);
  const piece = Buffer.alloc(256 * 1024);
  try {
    for (;;) if (!exchange.write(piece)) await exchange.drained();
  } catch (reason) {
    return reason;
  }
}

// The tests wait more than they work: they do it at the same time.
describe("timeouts", { concurrency: 8 }, () => {
  testEachWay("a connection on which nothing comes is closed without a word", async (t, start) => {
    const server = await start(() => assert.fail("the handler was called"), {
      timeouts: { headers: SHORT, idle: LONG },
    });
    const client = await connect(t, server);
    assert.equal((await client.rest()).length, 0);
  });

  testEachWay("a head that drips in is given up with 408", async (t, start) => {
    const server = await start(() => assert.fail("the handler was called"), {
      timeouts: { headers: SHORT, idle: LONG },
    });
    const client = await connect(t, server, { staysOpen: true });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    drip(t, client, "y");
    const response = await client.response();
    assert.equal(response.status, 408);
    assert.match(response.text, /^HEAD_TIMEOUT: /);
    assert.equal(response.field("Connection"), "close");
    assert.equal(await client.closed, "end");
  });

  test("a head that drips in behind a request has a time of its own, and is given up with 408", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"), { timeouts: { headers: SHORT, idle: LONG } });
    const client = await connect(t, server, { staysOpen: true });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT");
    assert.equal((await client.response()).text, "ok");
    assert.equal((await client.response()).status, 408);
    assert.equal(await client.closed, "end");
  });

  test("requests that each begin in the segment of the one before do not share one time", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"), { timeouts: { headers: 500 } });
    const client = await connect(t, server);
    await client.send("GET / HTTP/1.1\r\nHo");
    drip(t, client, "st: a\r\n\r\nGET / HTTP/1.1\r\nHo");
    for (let i = 0; i < 2; i++) await headTimesOut(t, server);
    for (let answered = client.received.toString().split("200 OK").length - 1; answered > 0; answered--) {
      assert.equal((await client.response()).status, 200);
    }
    assert.equal((await client.response()).status, 200, "still served");
  });

  testEachWay("a kept connection on which nothing more comes is closed without a word", async (t, start) => {
    const server = await start((exchange) => answer(exchange, "ok"), { timeouts: { idle: SHORT, headers: LONG } });
    const client = await connect(t, server);
    assert.equal((await client.get("/")).text, "ok");
    assert.equal((await client.rest()).length, 0);
  });

  test("every request renews the time that a connection is kept", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"), { timeouts: { idle: 500 } });
    const [used, unused] = [await connect(t, server), await connect(t, server)];
    await unused.get("/");
    let over = false;
    const ended = unused.closed.then(() => (over = true));
    while (!over) assert.equal((await used.get("/")).text, "ok");
    await ended;
    assert.equal((await used.get("/")).text, "ok");
  });

  for (const [framing, head] of [
    ["by length", post(1_000_000)],
    ["in chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n"],
  ] as const) {
    testEachWay(`a body ${framing} that drips in below the rate is given up with 408`, async (t, start) => {
      const seen = deferred<unknown>();
      const server = await start(
        async (exchange) => {
          await readAll(exchange.body).catch((error: unknown) => {
            seen.resolve(error);
            throw error;
          });
        },
        { timeouts: { receive: 300 }, limits: { minReceiveRate: 10_000 } },
      );
      const client = await connect(t, server, { staysOpen: true });
      await client.send(head);
      drip(t, client, "x");
      const response = await client.response();
      assert.equal(response.status, 408);
      assert.match(response.text, /^BODY_TIMEOUT: /);
      assert.equal(response.field("Connection"), "close");
      assert.equal(await client.closed, "end");
      const error = await seen.promise;
      assert.ok(error instanceof FaultError);
      assert.equal(error.code, "BODY_TIMEOUT");
    });
  }

  test("a body that comes at the rate or above is waited for, however long it is", async (t) => {
    const server = await start(t, async (exchange) => answer(exchange, String((await readAll(exchange.body)).length)), {
      timeouts: { receive: 300 },
      limits: { minReceiveRate: 1000 },
    });
    const client = await connect(t, server);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const fast = drip(t, client, `3e8\r\n${"x".repeat(1000)}\r\n`);
    for (let i = 0; i < 3; i++) {
      const slow = await connect(t, server);
      await slow.send(post(10));
      assert.equal((await slow.response()).status, 408);
    }
    fast.stop();
    await client.send("0\r\n\r\n");
    const response = await client.response();
    assert.equal(response.status, 200);
    assert.equal(Number(response.text) % 1000, 0);
  });

  test("a second body on a connection is measured by its own bytes", async (t) => {
    const server = await start(t, async (exchange) => answer(exchange, String((await readAll(exchange.body)).length)), {
      timeouts: { receive: 500 },
    });
    const client = await connect(t, server);
    // The second head lies in the segment that ends the first body, which was longer than all that follows.
    await client.send(post(10_000));
    await client.send("x".repeat(9999));
    await client.send("x" + post(10_000));
    assert.equal((await client.response()).text, "10000");
    drip(t, client, "x".repeat(100));
    assert.equal((await client.response()).text, "10000");
  });

  test("a body that nobody reads and that stops coming costs the connection, not the response", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"), { timeouts: { receive: SHORT } });
    const client = await connect(t, server, { staysOpen: true });
    await client.send(post(1000));
    assert.equal((await client.response()).text, "ok");
    assert.equal((await client.rest()).length, 0);
  });

  test("an application may take its time, with all timeouts over", async (t) => {
    const go = deferred();
    const timeouts = { headers: SHORT, idle: SHORT, receive: SHORT, send: SHORT, linger: SHORT };
    const server = await start(
      t,
      async (exchange) => {
        await readAll(exchange.body);
        await go.promise;
        answer(exchange, "at last");
      },
      { timeouts },
    );
    const client = await connect(t, server);
    await client.send(post(4) + "body");
    await headTimesOut(t, server);
    await headTimesOut(t, server);
    go.resolve();
    assert.equal((await client.response()).text, "at last");
  });

  test("a client that was made to wait is not blamed for it", async (t) => {
    const go = deferred();
    const server = await start(
      t,
      async (exchange) => {
        await go.promise;
        answer(exchange, String((await readAll(exchange.body)).length));
      },
      { timeouts: { receive: 300, headers: SHORT } },
    );
    const client = await connect(t, server);
    await client.send(post(1_000_000) + "x".repeat(500_000));
    await headTimesOut(t, server);
    await headTimesOut(t, server);
    await headTimesOut(t, server);
    go.resolve();
    await client.send("x".repeat(500_000));
    assert.equal((await client.response()).text, "1000000");
  });

  testEachWay("a client that takes nothing of its response is cut, and the application told", async (t, start) => {
    const told = deferred<{ aborted: unknown; rejected: unknown; writable: boolean }>();
    const server = await start(
      async (exchange) => {
        const { signal } = exchange;
        const rejected = await writeWithoutEnd(exchange);
        told.resolve({ aborted: signal.reason, rejected, writable: exchange.write("more") });
      },
      { timeouts: { send: 300 } },
    );
    const client = await connect(t, server);
    client.pause();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const { aborted, rejected, writable } = await told.promise;
    assert.ok(aborted instanceof DOMException);
    assert.equal(aborted.name, "AbortError");
    assert.equal(rejected, aborted);
    assert.equal(writable, false);
    client.resume();
    await assert.rejects(client.response(), INCOMPLETE);
  });

  test("a client that takes nothing of a response that is complete is cut, too", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, Buffer.alloc(30_000_000)), {
      timeouts: { send: 300 },
    });
    for (const fields of ["", "Connection: close\r\n"]) {
      const client = await connect(t, server);
      client.pause();
      await client.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    }
    await server.close();
  });

  for (const [what, request, piece] of [
    ["of its next request", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX: ", "x"],
    ["behind its last request", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "x"],
    ["of a short body that nobody wants", post(200_000), "x".repeat(100)],
    ["of a long body that nobody wants", post(1_000_000_000), "x"],
    ["of a body that the application reads", post(200_000).replace("post", "reads"), "x".repeat(100)],
  ] as const) {
    testEachWay(`nor is it spared for what it sends meanwhile ${what}`, async (t, start) => {
      const server = await start(
        async (exchange) => {
          exchange.start(200);
          exchange.write(Buffer.alloc(30_000_000));
          if (exchange.head.target === "/reads") await readAll(exchange.body).catch(() => {});
          exchange.end();
        },
        { timeouts: { send: 500 }, limits: { maxRequestBodySize: 1_000_000_000 } },
      );
      const client = await connect(t, server);
      client.pause();
      await client.send(request);
      drip(t, client, piece);
      await client.closed;
      assert.equal(server.counters.stalled, 1);
    });
  }

  testEachWay("one that first sends all of a body which nobody wants is let send it", async (t, start) => {
    const response = Buffer.alloc(30_000_000);
    const server = await start((exchange) => answer(exchange, response), { timeouts: { send: 10_000 } });
    const client = await connect(t, server);
    client.pause();
    const body = Buffer.alloc(30_000_000);
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
    await new Promise<void>((resolve) => client.socket.write(body, () => resolve()));
    client.resume();
    assert.equal((await client.response()).body.length, response.length);
  });

  test("a client that takes a response slowly, but takes it, is not cut", async (t) => {
    // A unix socket's buffers are small, so that every few reads let the server send on.
    const body = Buffer.alloc(100_000_000);
    let cut = deferred();
    const server = await start(
      t,
      async (exchange) => {
        if (exchange.head.target === "/slow") return answer(exchange, body);
        await writeWithoutEnd(exchange);
        cut.resolve();
      },
      { unix: socketPath(t), timeouts: { send: 500 } },
    );
    const slow = await connect(t, server);
    let hurry = false;
    slow.socket.on("data", () => {
      if (hurry) return;
      slow.pause();
      setTimeout(() => slow.resume(), 5);
    });
    await slow.send("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    for (let i = 0; i < 2; i++) {
      cut = deferred();
      const stalled = await connect(t, server);
      stalled.pause();
      await stalled.send("GET /stalled HTTP/1.1\r\nHost: a\r\n\r\n");
      await cut.promise;
    }
    assert.ok(slow.received.length < body.length, "the response was still under way");
    hurry = true;
    assert.equal((await slow.response()).body.length, body.length);
  });

  testEachWay("a client that never ends a connection is left when timeouts.linger is over", async (t, start) => {
    const server = await start((exchange) => answer(exchange, "bye"), { timeouts: { linger: SHORT } });
    const client = await connect(t, server, { staysOpen: true });
    const response = await client.get("/", "Connection: close\r\n");
    assert.equal(response.text, "bye");
    assert.equal(await client.closed, "end");
    await client.bounce();
  });
});
