import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ServerOptions } from "../../src/server/server.ts";
import { addressOf, answer, Client, connect, start, testEachWay } from "./support.ts";

/** A client that connects from an address of its own; all of 127.0.0.0/8 is this machine. */
async function connectFrom(t: TestContext, localAddress: string, port: number): Promise<Client> {
  const socket = net.connect({ host: "127.0.0.1", port, localAddress, allowHalfOpen: true });
  t.after(() => socket.destroy());
  const client = new Client(socket, {});
  await once(socket, "connect");
  return client;
}

/** A server that takes other connections than from 127.0.0.1, and remembers what it reported. */
async function startOpen(t: TestContext, options: ServerOptions) {
  const reports: string[] = [];
  const server = await start(t, (exchange) => answer(exchange, "ok"), {
    ...options,
    onError: (error, exchange) => {
      assert.equal(exchange, null);
      reports.push((error as Error).message);
    },
  });
  const { port } = addressOf(server) as { port: number };
  return { server, port, reports };
}

testEachWay("a connection over the limit gets a 503 and an end, and others go on", async (t, start) => {
  const reports: unknown[] = [];
  const server = await start((exchange) => answer(exchange, "ok"), {
    limits: { maxConnections: 2 },
    onError: (error) => reports.push((error as Error).message),
  });
  const [first, second] = [await connect(t, server), await connect(t, server)];
  assert.equal((await first.get("/")).text, "ok");
  for (let i = 0; i < 3; i++) {
    const third = await connect(t, server);
    await third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const refusal = await third.response();
    assert.equal(refusal.status, 503);
    assert.equal(refusal.field("Connection"), "close");
    assert.match(refusal.text, /^TOO_MANY_CONNECTIONS: /);
    assert.equal((await third.rest()).length, 0);
  }
  assert.equal((await second.get("/")).text, "ok");
  assert.equal(server.counters.faults.TOO_MANY_CONNECTIONS, 3);
  assert.equal(server.counters.connections, 5);
  assert.deepEqual(reports, ["A connection was turned away with 503: the server has all the connections it takes"]);

  first.end();
  await first.closed;
  while (server.connections > 1) await new Promise(setImmediate);
  assert.equal((await (await connect(t, server)).get("/")).text, "ok");
});

test("a client over its limit gets a 503, and other clients do not", {
  skip: !["linux"].includes(process.platform) && "only Linux has all of 127.0.0.0/8",
}, async (t) => {
  const { server, port, reports } = await startOpen(t, { limits: { maxConnectionsPerClient: 2 } });
  const one = await connectFrom(t, "127.0.0.2", port);
  await connectFrom(t, "127.0.0.2", port);
  const refusal = await (await connectFrom(t, "127.0.0.2", port)).response();
  assert.equal(refusal.status, 503);
  assert.match(refusal.text, /^TOO_MANY_FROM_CLIENT: /);
  assert.equal((await (await connectFrom(t, "127.0.0.3", port)).get("/")).text, "ok");
  assert.deepEqual(reports, ["A connection was turned away with 503: this client has all the connections it may have"]);

  one.end();
  await one.closed;
  while (server.connections > 2) await new Promise(setImmediate);
  assert.equal((await (await connectFrom(t, "127.0.0.2", port)).get("/")).text, "ok");
});

test("connections from 127.0.0.1 are nobody's in particular, because a proxy there speaks for many", async (t) => {
  const { port } = await startOpen(t, { limits: { maxConnectionsPerClient: 1 } });
  for (let i = 0; i < 3; i++) {
    assert.equal((await (await connectFrom(t, "127.0.0.1", port)).get("/")).text, "ok");
  }
});

test("a flood of connections over the limit is cut, so that refusals take no room either", async (t) => {
  const { server, port } = await startOpen(t, { limits: { maxConnections: 1 } });
  const first = await connectFrom(t, "127.0.0.1", port);
  const flood = await Promise.all(Array.from({ length: 200 }, () => connectFrom(t, "127.0.0.1", port)));
  for (const client of flood) client.pause();
  assert.equal((await first.get("/")).text, "ok");
  assert.ok(server.connections <= 1 + 65, `${server.connections} are open`);
});

test("a process that runs out of descriptors turns connections away before, and lives", {
  skip: process.platform !== "linux" && "limits are read from /proc",
}, async (t) => {
  const program = fileURLToPath(new URL("descriptors.ts", import.meta.url));
  const child = spawn("sh", ["-c", `ulimit -n 64; exec "$0" "$@"`, process.execPath, ...process.execArgv, program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const [port] = await once(child.stdout, "data");
  const statuses: number[] = [];
  const clients: Client[] = [];
  for (let i = 0; i < 100; i++) {
    const client = await connectFrom(t, "127.0.0.1", Number(port));
    clients.push(client);
    client.socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    statuses.push((await client.response()).status);
  }
  assert.equal(statuses[0], 200);
  assert.equal(statuses.at(-1), 503);
  assert.deepEqual([...new Set(statuses)].sort(), [200, 503]);
  assert.match(said, /^A connection was turned away with 503: /);
  // The application can still open its files.
  assert.match((await clients[0]!.get("/file")).text, /^descriptors/);
});
