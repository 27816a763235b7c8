/** Datagrams: answered to whoever sent them, and waited for with a limit. */
import assert from "node:assert/strict";
import dgram from "node:dgram";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import {
  type DatagramHandler,
  DatagramRequestHandler,
  UdpServer,
  type UdpServerOptions,
} from "../../src/net/udp-server.ts";
import { connectUdp, openUdp, type UdpSocket } from "../../src/net/udp-socket.ts";
import { deferred } from "../server/support.ts";

async function start(t: TestContext, handler: DatagramHandler, options: UdpServerOptions = {}): Promise<UdpServer> {
  const errors: unknown[] = [];
  const server = new UdpServer(handler, { onError: (error) => errors.push(error), ...options });
  t.after(async () => {
    await server.close();
    assert.deepEqual(errors, []);
  });
  return server.ready();
}

async function client(t: TestContext, port: number): Promise<UdpSocket> {
  const socket = await connectUdp({ hostname: "127.0.0.1", port });
  t.after(() => socket.close());
  return socket;
}

test("a function answers each datagram to where it came from", async (t) => {
  const server = await start(t, (datagram) => datagram.reply(`${datagram.remotePort} ${datagram.bytes}`));
  for (const socket of [await client(t, server.port), await client(t, server.port)]) {
    assert.equal(String(await socket.request("søn")), `${socket.localPort} søn`);
  }
});

test("a class has one instance a datagram, and a datagram may be empty", async (t) => {
  class Length extends DatagramRequestHandler {
    override async handle(): Promise<void> {
      await this.datagram.reply(String(this.datagram.bytes.length));
    }
  }
  const server = await start(t, Length);
  const socket = await client(t, server.port);
  assert.equal(String(await socket.request("")), "0");
  assert.equal(String(await socket.request(Buffer.alloc(60_000))), "60000");
});

test("an unconnected socket asks several and hears who answers", async (t) => {
  const servers = await Promise.all(["a", "b"].map((name) => start(t, (datagram) => datagram.reply(name))));
  const socket = await openUdp({ hostname: "127.0.0.1" });
  t.after(() => socket.close());
  for (const { port } of servers) await socket.send("who?", { hostname: "127.0.0.1", port });
  const answers = new Map<number, string>();
  for await (const { remotePort, bytes } of socket) if (answers.set(remotePort, String(bytes)).size === 2) break;
  assert.deepEqual([...answers].sort(), servers.map(({ port }, i) => [port, "ab"[i]!] as [number, string]).sort());
  assert.throws(() => socket.send("to nobody"), TypeError);
});

test("an answer that does not come is an error after the time given", async (t) => {
  const server = await start(t, () => {});
  const socket = await client(t, server.port);
  const message = `no answer came from 127.0.0.1:${server.port} within 0.05 s (ANSWER_TIMEOUT)`;
  await assert.rejects(socket.request("anybody?", { timeout: 50 }), { code: "ANSWER_TIMEOUT", message });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(socket.request("anybody?", { signal }), { name: "TimeoutError" });
});

test("a connected socket hears nobody but its peer, and learns that the peer is not there", async (t) => {
  const peer = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(peer, "listening");
  const { port } = peer.address();
  const socket = await client(t, port);
  const stranger = await openUdp({ hostname: "127.0.0.1" });
  t.after(() => stranger.close());
  await stranger.send("I am your peer", { hostname: "127.0.0.1", port: socket.localPort });
  await socket.send("hello");
  const [, from] = (await once(peer, "message")) as [Buffer, dgram.RemoteInfo];
  peer.send("from the peer", from.port, from.address);
  assert.equal(String((await socket.receive()).bytes), "from the peer");
  peer.close();
  await once(peer, "close");
  const message = `cannot reach 127.0.0.1:${port}: nothing is listening there (ECONNREFUSED)`;
  await assert.rejects(socket.request("still there?"), { code: "ECONNREFUSED", message });
});

test("a datagram that is too large is refused with the system's code", async (t) => {
  const server = await start(t, () => {});
  const socket = await client(t, server.port);
  await assert.rejects(socket.send(Buffer.alloc(70_000)), { code: "EMSGSIZE" });
});

test("a handler that fails is reported, and the next datagram is served", async (t) => {
  const reported = deferred<unknown>();
  const handler: DatagramHandler = ({ bytes, reply }) => {
    if (bytes.length === 0) throw new Error("empty");
    return reply("served");
  };
  const server = await start(t, handler, { onError: reported.resolve });
  const socket = await client(t, server.port);
  await socket.send("");
  assert.equal(String(await reported.promise), "Error: empty");
  assert.equal(String(await socket.request("x")), "served");
});

test("datagrams beyond those under way are dropped", async (t) => {
  const answer = deferred();
  const seen: string[] = [];
  const server = await start(
    t,
    async ({ bytes, reply }) => {
      seen.push(String(bytes));
      await answer.promise;
      await reply("late");
    },
    { maxPending: 1 },
  );
  const socket = await client(t, server.port);
  for (const word of ["one", "two", "three"]) await socket.send(word);
  await assert.rejects(socket.receive({ timeout: 50 }), { code: "ANSWER_TIMEOUT" });
  answer.resolve();
  assert.equal(String((await socket.receive()).bytes), "late");
  assert.deepEqual(seen, ["one"]);
});

test("a server that closes answers what it has taken; a closed socket ends its datagrams", async (t) => {
  const began = deferred();
  const answer = deferred();
  const server = await start(t, async ({ reply }) => {
    began.resolve();
    await answer.promise;
    await reply("before the end");
  });
  const socket = await client(t, server.port);
  await socket.send("x");
  await began.promise;
  const closed = server.close();
  answer.resolve();
  const answers: string[] = [];
  for await (const { bytes } of socket) {
    answers.push(String(bytes));
    await closed;
    await socket.close();
  }
  assert.deepEqual(answers, ["before the end"]);
  await assert.rejects(socket.receive(), { code: "CONNECTION_CLOSED" });
});

test("a UDP port that is taken is named, with the system's code", async (t) => {
  const { port } = await start(t, () => {});
  const message = `cannot listen on 127.0.0.1:${port}: the address is in use (EADDRINUSE)`;
  await assert.rejects(new UdpServer(() => {}, { port }).ready(), { code: "EADDRINUSE", message });
  await assert.rejects(openUdp({ hostname: "127.0.0.1", port }), { code: "EADDRINUSE", message });
});
