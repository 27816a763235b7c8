/** How a server starts to listen, and how it stops. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import net from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { Server } from "../../src/server/server.ts";
import {
  addressOf,
  answer,
  connect,
  deferred,
  INCOMPLETE,
  readAll,
  socketPath,
  start,
  testEachWay,
} from "./support.ts";

test("a server says where it listens, once it does", async (t) => {
  const server = new Server(() => {}, { port: 0 });
  t.after(() => server.close());
  assert.equal(server.url, "");
  assert.equal(await server.ready(), server);
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.equal(new URL(server.url).port, String((server.address as net.AddressInfo).port));
  await server.close();
  assert.equal(server.address, null);
});

test("a server on IPv6 has its address in brackets", async (t) => {
  const server = new Server((exchange) => answer(exchange, "six"), { port: 0, hostname: "::1" });
  t.after(() => server.close({ force: true }));
  try {
    await server.ready();
  } catch {
    return t.skip("this machine has no IPv6");
  }
  assert.match(server.url, /^http:\/\/\[::1\]:\d+\/$/);
  assert.equal((await (await connect(t, server)).get("/")).text, "six");
});

test("a server on a unix socket says so, and takes the socket away when it closes", async (t) => {
  const unix = socketPath(t);
  const server = await start(t, (exchange) => answer(exchange, "ok"), { unix });
  assert.equal(server.url, `unix:${unix}`);
  assert.equal(server.address, unix);
  assert.equal((await (await connect(t, server)).get("/")).text, "ok");
  await server.close();
  assert.equal(existsSync(unix), false);
});

test("ready rejects with EADDRINUSE when the port is taken, and the server can be closed", async (t) => {
  const { port } = (await start(t, () => {})).address as net.AddressInfo;
  const second = new Server(() => {}, { port });
  await assert.rejects(second.ready(), { code: "EADDRINUSE" });
  await assert.rejects(second.ready(), { code: "EADDRINUSE" });
  assert.equal(second.url, "");
  assert.equal(second.address, null);
  await second.close();
});

test("ready rejects when the path of a unix socket cannot be", async () => {
  const server = new Server(() => {}, { unix: "/nowhere/at/all/socket" });
  await assert.rejects(server.ready(), { code: /^E(NOENT|ACCES)$/ });
  await server.close();
});

test("a server that cannot listen, and whose ready() nobody awaits, ends its process with the reason", async (t) => {
  const server = await start(t, () => {});
  const { port } = addressOf(server) as { port: number };
  const program = `import { Server } from "../../src/server/server.ts"; new Server(() => {}, { port: ${port} });`;
  const child = spawn(process.execPath, [...process.execArgv, "--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const [code] = await once(child, "close");
  assert.equal(code, 1);
  assert.match(said, new RegExp(`listen EADDRINUSE: address already in use 127.0.0.1:${port}`));
});

testEachWay("close cuts what is still in flight when its grace is over", async (t, start) => {
  const asked = deferred<Exchange>();
  const server = await start((exchange) => asked.resolve(exchange), { timeouts: { grace: 20 } });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const { signal } = await asked.promise;
  const closed = server.close();
  assert.equal(signal.aborted, false);
  await closed;
  assert.equal(signal.aborted, true);
});

testEachWay("close lets the request in flight end, announces the end, and then resolves", async (t, start) => {
  const [began, go] = [deferred(), deferred()];
  const server = await start(async (exchange) => {
    began.resolve();
    await go.promise;
    answer(exchange, "last words");
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  let closed = false;
  const closing = server.close().then(() => (closed = true));
  await new Promise(setImmediate);
  assert.equal(closed, false);
  go.resolve();
  const response = await client.response();
  assert.equal(response.text, "last words");
  assert.equal(response.field("Connection"), "close");
  assert.equal(await client.closed, "end");
  await closing;
});

testEachWay("close lets a response that streams come to its end", async (t, start) => {
  const [began, go] = [deferred(), deferred()];
  const server = await start(async (exchange) => {
    exchange.start(200);
    exchange.write("begun, ");
    began.resolve();
    await go.promise;
    for (let i = 0; i < 100; i++) if (!exchange.write(Buffer.alloc(64 * 1024, "x"))) await exchange.drained();
    exchange.end("done");
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  const closing = server.close();
  go.resolve();
  const { body } = await client.response();
  assert.equal(body.length, "begun, ".length + 100 * 64 * 1024 + "done".length);
  await closing;
  assert.equal(await client.closed, "end");
});

testEachWay("close ends idle and fresh connections at once", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "ok"));
  const [idle, fresh] = [await connect(t, server), await connect(t, server)];
  await idle.get("/");
  await (await connect(t, server)).get("/");
  await server.close();
  assert.equal((await idle.rest()).length, 0);
  assert.equal((await fresh.rest()).length, 0);
});

testEachWay("close waits for a request whose head or body is still coming", async (t, start) => {
  const server = await start(async (exchange) => answer(exchange, await readAll(exchange.body)));
  const [head, body] = [await connect(t, server), await connect(t, server)];
  await head.send("POST / HTTP/1.1\r\nHost: a\r\nConte");
  await body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
  await (await connect(t, server)).get("/");
  const closing = server.close();
  await head.send("nt-Length: 4\r\n\r\nbody");
  await body.send("dy");
  for (const client of [head, body]) {
    const response = await client.response();
    assert.equal(response.text, "body");
    assert.equal(response.field("Connection"), "close");
    assert.equal(await client.closed, "end");
  }
  await closing;
});

test("close answers the request in flight, not those pipelined behind it", async (t) => {
  const [began, go] = [deferred(), deferred()];
  const seen: string[] = [];
  const server = await start(t, async (exchange) => {
    seen.push(exchange.head.target);
    began.resolve();
    await go.promise;
    answer(exchange, "ok");
  });
  const client = await connect(t, server);
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  const closing = server.close();
  go.resolve();
  assert.equal((await client.response()).field("Connection"), "close");
  assert.equal((await client.rest()).length, 0);
  await closing;
  assert.deepEqual(seen, ["/1"]);
});

test("new connections are refused from close on", async (t) => {
  const [began, go] = [deferred(), deferred()];
  const server = await start(t, async (exchange) => {
    began.resolve();
    await go.promise;
    answer(exchange, "ok");
  });
  const address = addressOf(server);
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  const closing = server.close();
  await new Promise(setImmediate);
  const late = net.connect(address);
  const [error] = await once(late, "error");
  assert.equal(error.code, "ECONNREFUSED");
  go.resolve();
  assert.equal((await client.response()).text, "ok");
  await closing;
});

testEachWay("close by force cuts what is in flight, and tells the application", async (t, start) => {
  const [began, left] = [deferred(), deferred<unknown>()];
  const server = await start(async (exchange) => {
    exchange.start(200);
    exchange.write("begun");
    exchange.signal.addEventListener("abort", () => left.resolve(exchange.signal.reason));
    began.resolve();
    await left.promise;
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  await server.close({ force: true });
  assert.equal(((await left.promise) as DOMException).name, "AbortError");
  await assert.rejects(client.response(), INCOMPLETE);
});

testEachWay("close by force after close ends the waiting", async (t, start) => {
  const began = deferred();
  const server = await start(async () => {
    began.resolve();
    await new Promise(() => {});
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await began.promise;
  const closing = server.close();
  await Promise.all([server.close({ force: true }), closing, server.close()]);
  await client.closed;
});

testEachWay("close by force does not wait for a client that never ends its side", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "bye"), { timeouts: { linger: 60_000 } });
  const client = await connect(t, server, { staysOpen: true });
  assert.equal((await client.get("/", "Connection: close\r\n")).text, "bye");
  assert.equal(await client.closed, "end");
  await server.close({ force: true });
});

testEachWay("close by force does not wait for a client that takes nothing", async (t, start) => {
  const server = await start((exchange) => answer(exchange, Buffer.alloc(30_000_000)));
  const clients = [];
  for (const fields of ["", "Connection: close\r\n"]) {
    const client = await connect(t, server);
    client.pause();
    await client.send(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    clients.push(client);
  }
  await (await connect(t, server)).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await server.close({ force: true });
});

test.describe("the application's close", () => {
  testEachWay("is called behind the last request and the last work, once", async (t, start) => {
    const [began, go, work] = [deferred(), deferred(), deferred()];
    const log: string[] = [];
    const server = await start(
      async (exchange) => {
        exchange.waitUntil(work.promise.then(() => log.push("work")));
        began.resolve();
        await go.promise;
        answer(exchange, "ok");
      },
      { close: () => log.push("close") },
    );
    const client = await connect(t, server);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await began.promise;
    const closing = Promise.all([server.close(), server.close()]);
    go.resolve();
    assert.equal((await client.response()).text, "ok");
    await client.closed;
    assert.deepEqual(log, []);
    work.resolve();
    await closing;
    assert.deepEqual(log, ["work", "close"]);
  });

  testEachWay("finds connections open that were taken over, also while the server closes", async (t, start) => {
    const [began, go, taken] = [deferred(), deferred(), [] as Duplex[]];
    const server = await start(
      async (exchange) => {
        if (exchange.head.target === "/late") {
          began.resolve();
          await go.promise;
        }
        const socket = exchange.takeOver();
        socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        taken.push(socket);
      },
      {
        close: () => {
          for (const socket of taken) socket.write("bye");
        },
      },
    );
    const clients = [await connect(t, server), await connect(t, server)];
    const upgrade = (target: string) =>
      `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`;
    await clients[0]!.send(upgrade("/"));
    await clients[0]!.response("HEAD");
    await clients[1]!.send(upgrade("/late"));
    await began.promise;
    const closing = server.close();
    go.resolve();
    await clients[1]!.response("HEAD");
    for (const client of clients) assert.equal((await client.rest()).toString(), "bye");
    await closing;
  });

  test("is reported when it fails, and the server closes all the same", async (t) => {
    const errors: unknown[] = [];
    const close = () => {
      throw new Error("no way");
    };
    const server = await start(t, () => {}, { close, onError: (error) => errors.push(error) });
    await server.close();
    assert.deepEqual(errors, [new Error("The application's close(): no way", { cause: new Error("no way") })]);
  });

  test("is called by force, too, and by none waited for long", async (t) => {
    const [errors, calls]: unknown[][] = [[], []];
    const close = () => {
      calls!.push("close");
      return new Promise(() => {});
    };
    const server = await start(t, () => {}, { close, onError: (error) => errors!.push(String(error)) });
    await server.close({ force: true });
    assert.deepEqual(calls, ["close"]);
    assert.deepEqual(errors, ["Error: The application's close(): it is not done in time, and is not waited for"]);
  });
});

test("close twice is close once", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "ok"));
  await (await connect(t, server)).get("/");
  await Promise.all([server.close(), server.close()]);
  await server.close();
});

test("close before ready closes", async () => {
  for (const force of [false, true]) {
    const server = new Server(() => {}, { port: 0 });
    const ready = server.ready();
    await server.close({ force });
    await ready;
    assert.equal(server.address, null);
  }
});

test("a server closes when its scope is left", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "ok"));
  const client = await connect(t, server);
  await client.get("/");
  await server[Symbol.asyncDispose]();
  assert.equal(await client.closed, "end");
  assert.equal(server.address, null);
});

for (const kind of ["port", "path"]) {
  test(`a server that closed first can listen again on its ${kind} at once, twenty times`, async (t) => {
    const unix = kind === "path" ? socketPath(t) : undefined;
    let port = 0;
    for (let i = 0; i < 20; i++) {
      const server = await start(t, (exchange) => answer(exchange, `${i}`), { port, unix });
      if (unix === undefined) port = (server.address as net.AddressInfo).port;
      const clients = await Promise.all(Array.from({ length: 3 }, () => connect(t, server)));
      for (const client of clients) assert.equal((await client.get("/")).text, `${i}`);
      await server.close();
      for (const client of clients) assert.equal(await client.closed, "end");
    }
  });
}
