/** What becomes of connections: kept, limited, ended, and never a bare "connection reset". */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientError, WireEvent } from "../../src/client/index.ts";
import { answer, deferred, start } from "../server/support.ts";
import { clientFor, type Peer, response, scripted, serverThread, watched } from "./support.ts";

/** Answers every request with its number on the connection. */
async function count(peer: Peer): Promise<void> {
  for (let at = 1; (await peer.head()) !== null; at++) peer.send(response(String(at)));
  peer.end();
}

test("requests to one origin follow each other on one connection", async (t) => {
  const server = await scripted(t, count);
  const { client, log } = watched(t);
  for (const expected of ["1", "2", "3"]) assert.equal(await (await client.request(server.url)).text(), expected);
  assert.deepEqual(log, ["open", "request 1", "kept", "request 2", "kept", "request 3", "kept"]);
});

test("a kept connection keeps no process alive, and one in use does", async (t) => {
  const server = await scripted(t, count);
  const module = new URL("../../src/client/index.ts", import.meta.url).href;
  const register = new URL("../../dist/cli/typescript/register.js", import.meta.url).href;
  const program = `import { Client } from ${JSON.stringify(module)};
    const client = new Client({ timeouts: { idle: 0 } });
    for (let i = 0; i < 2; i++) process.stdout.write(await (await client.request("${server.url}")).text());`;
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const args = ["--import", register, "--input-type=module", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  assert.equal(stdout, "12");
});

test("as many connections are opened as may be, and more requests wait their turn", async (t) => {
  const gate = deferred();
  let most = 0;
  let now = 0;
  const server = await start(t, async (exchange) => {
    most = Math.max(most, ++now);
    if (now === 3) gate.resolve();
    await gate.promise;
    now--;
    answer(exchange, "ok");
  });
  const { client, log } = watched(t, { limits: { maxConnections: 3 } });
  const texts = await Promise.all(Array.from({ length: 12 }, async () => (await client.request(server.url)).text()));
  assert.deepEqual(texts, Array(12).fill("ok"));
  assert.equal(most, 3);
  assert.equal(log.filter((line) => line === "open").length, 3);
});

test("a request that waits for a connection in vain is told what holds them", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "x".repeat(1_000_000)));
  const client = clientFor(t, { limits: { maxConnections: 1 }, timeouts: { pool: 1 } });
  const unread = await client.request(server.url);
  await assert.rejects(client.request(server.url), (error: ClientError) => {
    assert.equal(error.code, "POOL_TIMEOUT");
    assert.match(error.message, /neither read nor cancelled/);
    return true;
  });
  await unread.body!.cancel();
  assert.equal((await (await client.request(server.url)).text()).length, 1_000_000);
});

test("a small response that nobody reads gives its connection back", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "small"));
  const { client, log } = watched(t, { limits: { maxConnections: 1 } });
  for (let i = 0; i < 5; i++) assert.equal((await client.request(server.url)).status, 200);
  assert.equal(log.filter((line) => line === "open").length, 1);
});

test("a signal ends the waiting for a connection", async (t) => {
  const server = await scripted(t, () => {});
  const client = clientFor(t, { limits: { maxConnections: 1 } });
  client.request(server.url).catch(() => {});
  const controller = new AbortController();
  const pending = client.request(server.url, { signal: controller.signal });
  setImmediate(() => controller.abort(new Error("no longer")));
  await assert.rejects(pending, /no longer/);
});

test("a signal that is aborted just when a connection comes free is heard", async (t) => {
  const server = await scripted(t, count);
  const controller = new AbortController();
  const observe = ({ type }: WireEvent) => {
    if (type === "kept") queueMicrotask(() => controller.abort(new Error("just now")));
  };
  const client = clientFor(t, { limits: { maxConnections: 1 }, observe });
  const first = client.request(server.url);
  const second = client.request(server.url, { signal: controller.signal });
  assert.equal((await first).status, 200);
  await assert.rejects(second, /just now/);
});

for (const [what, fields, why] of [
  ["says close", "Connection: close\r\n", "the response said so"],
  [
    "says that it is kept for no longer than the way takes",
    "Keep-Alive: timeout=1\r\n",
    "the server keeps it for too short a time",
  ],
]) {
  test(`a connection is not used again when the response ${what}`, async (t) => {
    const server = await scripted(t, async (peer) => {
      while ((await peer.head()) !== null) peer.send(response("ok", fields));
    });
    const { client, log } = watched(t);
    for (let i = 0; i < 2; i++) assert.equal(await (await client.request(server.url)).text(), "ok");
    const each = ["open", "request 1", `closed by client: ${why}`];
    assert.deepEqual(log, [...each, ...each]);
  });
}

test("without keepAlive a request says so, and its connection ends", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, exchange.head.fields.get("connection") ?? "none"));
  const { client, log } = watched(t, { keepAlive: false });
  assert.equal(await (await client.request(server.url)).text(), "close");
  assert.deepEqual(log, ["open", "request 1", "closed by client: the request said so"]);
});

test("an idle connection is closed before most servers would", async (t) => {
  const ended = deferred();
  const server = await scripted(t, async (peer) => {
    await peer.head();
    peer.send(response("ok"));
    await peer.gone;
    ended.resolve();
  });
  const { client, log } = watched(t, { timeouts: { idle: 1 } });
  await (await client.request(server.url)).text();
  // Whether it is in use keeps the clock going; it is not, so something else has to.
  const alive = setInterval(() => {}, 1000);
  await ended.promise;
  clearInterval(alive);
  assert.equal(log.at(-1), "closed by client: it was idle for too long");
});

test("a response cancelled near its end keeps the connection, one cancelled far from it does not", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "x".repeat(Number(exchange.head.target.slice(1)))));
  const { client, log } = watched(t);
  await (await client.request(`${server.url}150000`)).body!.cancel();
  await (await client.request(`${server.url}1`)).text();
  await (await client.request(`${server.url}9000000`)).body!.cancel();
  await (await client.request(`${server.url}1`)).text();
  assert.equal(log.filter((line) => line === "open").length, 2);
  assert.ok(log.includes("closed by client: the rest of the body was not wanted"));
});

test("a cancelled response whose rest drips in ends its connection, and the client that closes meanwhile", async (t) => {
  const server = await scripted(t, async (peer) => {
    if ((await peer.head()) === null) return;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    const drip = setInterval(() => peer.send("x"), 20);
    t.after(() => clearInterval(drip));
  });
  const { client, log } = watched(t);
  await (await client.request(server.url)).body!.cancel();
  await client.close();
  assert.equal(log.at(-1), "closed by client: the rest of the body was not wanted");
});

// Between two requests: RFC 9112 §9.3.1, RFC 9110 §9.2.2.

test("a kept connection that the server closed meanwhile is not used", async (t) => {
  const server = await scripted(t, async (peer, connection) => {
    await peer.head();
    peer.send(response("ok"));
    if (connection === 1) peer.end();
    else await count(peer);
  });
  const noticed = deferred();
  const { client, log } = watched(t, { observe: undefined });
  await (await client.request(server.url)).text();
  const look = setInterval(() => log.some((line) => line.startsWith("closed by server")) && noticed.resolve(), 1);
  await noticed.promise;
  clearInterval(look);
  assert.equal(await (await client.request(server.url, { method: "POST", body: "x" })).text(), "ok");
  assert.deepEqual(log.slice(0, 5), [
    "open",
    "request 1",
    "kept",
    "closed by server: it closed the idle connection",
    "open",
  ]);
});

/** Ends the first connection when its second request has come, in the way that `leave` has; later ones are answered. */
function closingRace(t: Parameters<typeof scripted>[0], leave: (peer: Peer) => void, until = 1) {
  return scripted(t, async (peer, connection) => {
    for (let at = 1; (await peer.head()) !== null; at++) {
      if (connection <= until && at === 2) return leave(peer);
      peer.send(response(`${connection}/${at}`));
    }
  });
}

for (const [how, leave, code] of [
  ["closes", (peer: Peer) => peer.end(), "CONNECTION_CLOSED"],
  ["resets", (peer: Peer) => peer.reset(), "ECONNRESET"],
] as const) {
  for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]) {
    test(`${method} is sent again when the server ${how} the kept connection under it`, async (t) => {
      const server = await closingRace(t, leave);
      const { client, log } = watched(t);
      await (await client.request(server.url)).text();
      const got = await client.request(server.url, { method, body: method === "PUT" ? "content" : null });
      assert.equal(got.status, 200);
      assert.ok(log.includes("retry"));
      assert.equal(server.connections, 2);
    });
  }

  for (const [what, init] of [
    ["POST", { method: "POST", body: "order" }],
    ["PATCH", { method: "PATCH", body: "change" }],
    ["PUT of a stream", { method: "PUT", body: new Blob(["x"]).stream() }],
  ] as const) {
    test(`${what} is not sent again when the server ${how} the kept connection under it, and the error says why`, async (t) => {
      const server = await closingRace(t, leave);
      const client = clientFor(t);
      await (await client.request(server.url)).text();
      await assert.rejects(client.request(server.url, init), (error: ClientError) => {
        assert.equal(error.code, code);
        assert.equal(error.port, server.port);
        assert.match(error.message, /had been kept and .* it may have been carried out, so it is not sent again/);
        return true;
      });
      assert.equal(server.connections, 1);
    });
  }
}

test("a request is sent again once, not for ever", async (t) => {
  const server = await scripted(t, async (peer, connection) => {
    await peer.head();
    if (connection > 1) return peer.end();
    peer.send(response("ok"));
    await peer.head();
    peer.end();
  });
  const client = clientFor(t);
  await (await client.request(server.url)).text();
  await assert.rejects(client.request(server.url), { code: "CONNECTION_CLOSED" });
  assert.equal(server.connections, 2);
});

test("a new connection that ends without an answer is an error at once", async (t) => {
  const server = await scripted(t, async (peer) => {
    await peer.head();
    peer.end();
  });
  await assert.rejects(clientFor(t).request(`${server.url}path`), (error: ClientError) => {
    assert.equal(error.message, `the connection with 127.0.0.1:${server.port} closed before GET /path was answered`);
    return true;
  });
  assert.equal(server.connections, 1);
});

test("a kept connection that is lost after the first byte of an answer is an error: it was carried out", async (t) => {
  for (const code of ["INCOMPLETE_RESPONSE", "ECONNRESET"]) {
    const begun = deferred();
    const server = await scripted(t, async (peer) => {
      await peer.head();
      peer.send(response("ok"));
      await peer.head();
      peer.send("HTTP/1.1 2");
      await begun.promise;
      if (code === "ECONNRESET") peer.reset();
      else peer.end();
    });
    const observe = ({ type, ...event }: WireEvent) => {
      if (type === "received" && "bytes" in event && event.bytes.length === 10) begun.resolve();
    };
    const client = clientFor(t, { observe });
    await (await client.request(server.url)).text();
    await assert.rejects(client.request(server.url), { code });
    assert.equal(server.connections, 1);
  }
});

test("an end that came while the program was busy is seen before a POST is sent", async (t) => {
  const ended = new SharedArrayBuffer(4);
  const { url, worker } = await serverThread(
    t,
    `socket.on("data", () => socket.write("HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok"));
    message((ended) => {
      socket.end(() => {
        Atomics.store(new Int32Array(ended), 0, 1);
        Atomics.notify(new Int32Array(ended), 0);
      });
    });`,
  );
  const { client, log } = watched(t);
  await (await client.request(url)).text();
  worker.postMessage(ended);
  assert.notEqual(Atomics.wait(new Int32Array(ended), 0, 0, 30_000), "timed-out");
  assert.equal(await (await client.request(url, { method: "POST", body: "order" })).text(), "ok");
  assert.ok(log.includes("closed by server: it closed the idle connection"), log.join("\n"));
});

// The end of a client.

test("close lets what is under way end, and takes no more", async (t) => {
  const gate = deferred();
  const server = await start(t, async (exchange) => {
    await gate.promise;
    answer(exchange, "late");
  });
  const client = clientFor(t);
  const pending = client.request(server.url);
  setImmediate(gate.resolve);
  const [got] = await Promise.all([
    pending,
    new Promise((resolve) => setImmediate(resolve)).then(() => void client.close()),
  ]);
  assert.equal(await got.text(), "late");
  await client.close();
  await assert.rejects(client.request(server.url), { code: "CLIENT_CLOSED" });
});

test("destroy ends what is under way, waiting or being read", async (t) => {
  const server = await start(t, (exchange) => {
    if (exchange.head.target !== "/body") return;
    exchange.start(200);
    exchange.write("first");
  });
  const client = clientFor(t, { limits: { maxConnections: 2 } });
  const got = await client.request(`${server.url}body`);
  const results = [client.request(server.url), client.request(server.url), got.text()];
  await new Promise((resolve) => setImmediate(resolve));
  const ends = Promise.allSettled(results);
  await client.destroy();
  const codes = (await ends).map((end) => (end.status === "rejected" ? (end.reason as ClientError).code : "none"));
  assert.deepEqual(codes, ["CLIENT_CLOSED", "CLIENT_CLOSED", "CLIENT_CLOSED"]);
});

test("a client that goes out of scope is closed", async (t) => {
  const server = await scripted(t, count);
  const { client, log } = watched(t);
  await (await client.request(server.url)).text();
  await client[Symbol.asyncDispose]();
  assert.equal(log.at(-1), "closed by client: the client was closed");
});
