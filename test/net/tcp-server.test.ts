/** A server of streams: a function or a class for each connection. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { connect } from "../../src/net/connect.ts";
import type { Connection } from "../../src/net/connection.ts";
import { StreamRequestHandler, TcpServer } from "../../src/net/tcp-server.ts";
import { UdpServer } from "../../src/net/udp-server.ts";
import { connectUdp } from "../../src/net/udp-socket.ts";
import { deferred, socketPath } from "../server/support.ts";
import { dial, rawDial, startTcp, textOf } from "./support.ts";

test("a class has one instance a connection, which lives for more than one line", async (t) => {
  class Counter extends StreamRequestHandler {
    #lines = 0;
    override async handle(): Promise<void> {
      for await (const line of this.connection.lines()) await this.connection.write(`${++this.#lines} ${line}\n`);
    }
  }
  const server = await startTcp(t, Counter);
  const [one, two] = await Promise.all([dial(t, server), dial(t, server)]);
  for (const text of ["1 a", "2 b"]) {
    for (const connection of [one, two]) {
      await connection.write(`${text.at(-1)}\n`);
      assert.equal(await connection.readLine(), text);
    }
  }
});

test("a connection knows both ends, and a unix socket has neither", async (t) => {
  const told = (connection: Connection) => {
    const { remoteAddress, remotePort, localAddress, localPort, peer } = connection;
    void connection.write(JSON.stringify([remoteAddress, remotePort, localAddress, localPort, peer]));
  };
  const tcp = await startTcp(t, told);
  const client = await dial(t, tcp);
  assert.equal(client.remotePort, tcp.port);
  const port = client.localPort;
  const expected = ["127.0.0.1", port, "127.0.0.1", tcp.port, `127.0.0.1:${port}`];
  assert.deepEqual(JSON.parse(await textOf(client)), expected);
  const unix = await startTcp(t, told, { unix: socketPath(t) });
  assert.deepEqual(JSON.parse(await textOf(await dial(t, unix))), ["", 0, "", 0, "a unix socket"]);
});

test("a handler that fails is reported, and only its connection is reset", async (t) => {
  const reported = deferred<[unknown, Connection | null]>();
  const server = await startTcp(
    t,
    async (connection) => {
      for await (const line of connection.lines()) {
        if (line === "fail") throw new Error("as told");
        await connection.write(`${line}\n`);
      }
    },
    { onError: (...report) => reported.resolve(report) },
  );
  const bystander = await dial(t, server);
  await bystander.write("first\n");
  assert.equal(await bystander.readLine(), "first");
  const victim = await dial(t, server);
  await victim.write("fail\n");
  await assert.rejects(victim.readLine(), { code: "ECONNRESET" });
  const [error, connection] = await reported.promise;
  assert.equal((error as Error).message, "as told");
  assert.equal(connection?.remotePort, victim.localPort);
  await bystander.write("second\n");
  assert.equal(await bystander.readLine(), "second");
});

test("one at a time: the second connection waits until the first is done", async (t) => {
  const server = await startTcp(
    t,
    async (connection) => {
      for await (const line of connection.lines()) await connection.write(`${line}\n`);
    },
    { concurrency: 1 },
  );
  const first = await dial(t, server);
  await first.write("a\n");
  assert.equal(await first.readLine(), "a");
  const second = await dial(t, server);
  await second.write("b\n");
  const answered = second.readLine();
  await first.write("c\n");
  assert.equal(await first.readLine(), "c");
  assert.equal(await Promise.race([answered, new Promise((resolve) => setImmediate(resolve, "waits"))]), "waits");
  await first.end();
  assert.equal(await answered, "b");
});

test("connections beyond the limit are reset", async (t) => {
  const server = await startTcp(t, async (connection) => void (await connection.readLine()), { maxConnections: 2 });
  const [one] = await Promise.all([dial(t, server), dial(t, server)]);
  const third = rawDial(t, server);
  await once(third, "error").catch(() => {});
  await once(third, "close");
  await one.close();
  while (server.connections > 1) await new Promise(setImmediate);
  const fourth = await dial(t, server);
  await fourth.write("x\n");
  assert.equal(await fourth.readLine(), null);
});

test("a closing server refuses new connections, answers what has come, and tells waiting handlers the end", async (t) => {
  const began = deferred();
  const answer = deferred();
  const ended: string[] = [];
  const server = await startTcp(t, async (connection) => {
    for await (const line of connection.lines()) {
      if (line === "slow") {
        began.resolve();
        await answer.promise;
      }
      await connection.write(`${line} done\n`);
    }
    ended.push("in order");
  });
  const waiting = await dial(t, server);
  await waiting.write("quick\n");
  assert.equal(await waiting.readLine(), "quick done");
  const busy = await dial(t, server);
  await busy.write("slow\nnext\nhalf of a li");
  await began.promise;
  const closed = server.close();
  assert.equal(await waiting.readLine(), null);
  const refused = connect({ hostname: "127.0.0.1", port: busy.remotePort });
  await assert.rejects(refused, { code: "ECONNREFUSED" });
  answer.resolve();
  assert.equal(await busy.readLine(), "slow done");
  assert.equal(await busy.readLine(), "next done");
  // In the middle of a message, the rest of it is waited for.
  await busy.write("ne\n");
  assert.equal(await busy.readLine(), "half of a line done");
  assert.equal(await busy.readLine(), null);
  await Promise.all([busy.close(), waiting.close(), closed]);
  assert.deepEqual(ended, ["in order", "in order"]);
  assert.equal(server.connections, 0);
});

test("what was sent before a server closes is still read", async (t) => {
  const lines: (string | null)[] = [];
  const server = await startTcp(t, async (connection) => {
    await connection.end("goodbye\n");
    lines.push(await connection.readLine());
  });
  const connection = await dial(t, server);
  assert.equal(await connection.readLine(), "goodbye");
  await connection.end("the last word\n");
  await server.close();
  assert.deepEqual(lines, ["the last word"]);
});

test("what has not ended when the grace is over is reset, with force at once", async (t) => {
  for (const options of [{ grace: 50 }, { force: true }]) {
    const began = deferred();
    const server = await startTcp(t, () => {
      began.resolve();
      return new Promise(() => {});
    });
    const connection = await dial(t, server);
    await began.promise;
    await server.close(options);
    await assert.rejects(connection.read(), { code: "ECONNRESET" });
  }
});

test("a port that is taken rejects ready() with the system's code", async (t) => {
  const first = await startTcp(t, () => {});
  await assert.rejects(new TcpServer(() => {}, { port: first.port }).ready(), { code: "EADDRINUSE" });
});

test("a server that closed first can be started again on the same port at once", async (t) => {
  let port = 0;
  for (let round = 0; round < 5; round++) {
    const server = await startTcp(t, async (connection) => void (await connection.end("closed first")), { port });
    port = server.port;
    const connection = await dial(t, server);
    assert.equal(await textOf(connection), "closed first");
    await connection.end();
    await server.close();
  }
});

test("servers and connections are disposed of by closing them", async (t) => {
  const server = await startTcp(t, async (connection) => void (await connection.readLine()));
  const connection = await dial(t, server);
  await Promise.all([connection[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
  await connection.closed;
  assert.deepEqual([server.address, server.connections], [null, 0]);

  const udp = await new UdpServer(() => {}).ready();
  const socket = await connectUdp({ hostname: "127.0.0.1", port: udp.port });
  await Promise.all([udp[Symbol.asyncDispose](), socket[Symbol.asyncDispose]()]);
  assert.equal(udp.address, null);
  await assert.rejects(socket.receive(), { code: "CONNECTION_CLOSED" });
});
