/** The tour's first half: sockets, driven as their texts drive them, and each weakness observed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { connect } from "../../src/net/connect.ts";
import { startTcp } from "../net/support.ts";
import { closedPort, dial, run, serve } from "./support.ts";

const TIME = /\[\d\d:\d\d:\d\d\] /g;

test("01 meets one client, takes its first piece for all, answers Yes, and is done", async (t) => {
  const { program, port } = await serve(t, "01");
  const client = await dial(t, port);
  await program.written(/accepted 127\.0\.0\.1:\d+/);
  await assert.rejects(connect({ hostname: "127.0.0.1", port }), { code: "ECONNREFUSED" });
  client.socket.write("Are you");
  await program.written(/it said: /);
  client.socket.end(" there?");
  assert.equal(await client.closed, "Yes");
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  assert.match(program.output, /^it said: Are you$/m);
});

test("02 reads the answer of 01 to its end", async (t) => {
  const { program, port } = await serve(t, "01");
  const client = run(t, "02", ["127.0.0.1", String(port)]);
  assert.deepEqual(await client.exited, { code: 0, signal: null });
  assert.match(client.output, /^connected to 127\.0\.0\.1:\d+ from port \d+\nthe answer, to its end: Yes\n$/);
  await program.exited;
  assert.match(program.output, /^it said: Are you there\?$/m);
});

test("02 says what the system says when nobody is there, and waits while a server does not close", async (t) => {
  const port = await closedPort();
  const refused = run(t, "02", ["127.0.0.1", port]);
  assert.deepEqual(await refused.exited, { code: 1, signal: null });
  assert.equal(refused.output, `connect ECONNREFUSED 127.0.0.1:${port}\n`);
  const unknown = run(t, "02", ["nobody.invalid", "80"]);
  assert.equal((await unknown.exited).code, 1);
  assert.match(unknown.output, /^getaddrinfo (ENOTFOUND|EAI_AGAIN) nobody\.invalid\n$/);

  const server = net.createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const waiting = run(t, "02", ["127.0.0.1", String((server.address() as net.AddressInfo).port)]);
  const [socket] = (await once(server, "connection")) as [net.Socket];
  await once(socket, "data");
  await new Promise((written) => socket.write("all there is", written));
  assert.doesNotMatch(waiting.output, /the answer/);
  socket.end();
  await waiting.exited;
  assert.match(waiting.output, /the answer, to its end: all there is\n/);
});

test("03 answers each piece for a line: two lines get one time, one line in halves gets two", async (t) => {
  const { program, port } = await serve(t, "03");
  const [client, other] = [await dial(t, port), await dial(t, port)];
  client.socket.write("one\ntwo\n");
  assert.equal((await client.until(/two/)).replace(TIME, "@"), "@one\ntwo\n");
  other.socket.write("meanwhile\n");
  await other.until(/meanwhile/);
  client.socket.write("thr");
  await client.until(/thr/);
  client.socket.end("ee\n");
  assert.equal((await client.closed).replace(TIME, "@"), "@one\ntwo\n@thr@ee\n");
  await program.written(/has ended/);
});

test("04 talks with 05 line by line and stops at an empty one", async (t) => {
  const { program, port } = await serve(t, "05");
  const client = run(t, "04", ["127.0.0.1", String(port)]);
  client.child.stdin!.write("one\ntwo\n\nnever sent\n");
  assert.deepEqual(await client.exited, { code: 0, signal: null });
  assert.equal(client.output.replace(TIME, "@").replaceAll("> ", ""), "@one\n@two\n");
  await program.written(/has ended after 2 lines/);
});

test("04 is one answer behind a server that says something unasked", async (t) => {
  const server = await startTcp(t, async (connection) => {
    await connection.write("welcome\n");
    for await (const line of connection.lines()) await connection.write(`${line}\n`);
  });
  const client = run(t, "04", ["127.0.0.1", String(server.port)]);
  client.child.stdin!.write("one\ntwo\n\n");
  await client.exited;
  assert.equal(client.output.replaceAll("> ", ""), "welcome\none\n");
});

test("04 says in one line with whom it could not connect, and why", async (t) => {
  const port = await closedPort();
  const client = run(t, "04", ["localhost", port]);
  assert.equal((await client.exited).code, 1);
  assert.equal(client.output, `cannot connect to localhost:${port}: nothing is listening there (ECONNREFUSED)\n`);
});

test("05 answers lines, however they come in", async (t) => {
  const { port } = await serve(t, "05");
  const client = await dial(t, port);
  for (const byte of Buffer.from("søn\r\nmåne\nlast")) {
    await new Promise((sent) => client.socket.write(Buffer.of(byte), () => setImmediate(sent)));
  }
  client.socket.end();
  assert.equal((await client.closed).replace(TIME, "@"), "@søn\n@måne\n@last\n");
});

test("06 loses every third datagram, and 07 bears with it", async (t) => {
  const { program, port } = await serve(t, "06");
  const client = run(t, "07", ["127.0.0.1", String(port)]);
  assert.deepEqual(await client.exited, { code: 0, signal: null });
  assert.equal(client.output.replace(TIME, "@"), '@one\n@two\nno answer to "three": asked again\n@three\n');
  assert.match(program.output, /^lost on the way: "three"/m);
});

test("07 does not wait for nobody", async (t) => {
  const port = await closedPort();
  const client = run(t, "07", ["127.0.0.1", port]);
  assert.equal((await client.exited).code, 1);
  assert.equal(client.output, `cannot reach 127.0.0.1:${port}: nothing is listening there (ECONNREFUSED)\n`);
});

const linux = process.platform === "linux" ? false : "it reads /proc/net/tcp";

test("09 shows who holds which state, and listens again beside its TIME_WAIT", { skip: linux }, async (t) => {
  const program = run(t, "09");
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  const states = new Map(program.output.split("\n").map((line) => line.split(/: +/) as [string, string]));
  assert.equal(states.get("server listens"), "server LISTEN");
  assert.equal(states.get("client is connected"), "client ESTABLISHED, server ESTABLISHED, server LISTEN");
  assert.equal(states.get("client reads"), "goodbye, then null");
  assert.match(states.get("server has ended its side")!, /^client CLOSE_WAIT, server FIN_WAIT[12], server LISTEN$/);
  assert.equal(states.get("after its end, server reads"), "and goodbye to you");
  assert.equal(states.get("client has ended, too"), "server TIME_WAIT");
  assert.equal(states.get("a server on the same port"), "server LISTEN, server TIME_WAIT");
});

test("17 is notified by level until nothing is left, and by edge once", async (t) => {
  const program = run(t, "17");
  await program.exited;
  assert.deepEqual(program.output.trimEnd().split("\n"), [
    'level: "0123456789" comes',
    'level: notified, took "0123", left "456789"',
    'level: notified, took "4567", left "89"',
    'level: notified, took "89", left ""',
    'level: "x" comes',
    'level: notified, took "x", left ""',
    'edge: "0123456789" comes',
    'edge: notified, took "0123", left "456789"',
    'edge: "x" comes',
    'edge: notified, took "4567", left "89x"',
  ]);
});

test("19 is told of a reset and nothing more", async (t) => {
  const program = run(t, "19");
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  assert.match(program.output, /^client: HTTP\/1\.1 200 OK, Content-Length: 6, Connection: keep-alive\n/);
  assert.match(program.output, /\nclient: has sent its second request\n(server: .*\n)client: read ECONNRESET\n$/);
});

test("20 asks again where that does no harm, and says what happened where it might", async (t) => {
  const program = run(t, "20");
  assert.deepEqual(await program.exited, { code: 0, signal: null });
  const [, first, second, third] = program.output.split(/^(?:GET|POST)\n/m);
  assert.match(first!, /connection 1 open\n.*connection 1 kept\n {2}200 Hello\n$/s);
  assert.match(
    second!,
    /connection 1 request number 2\n.*connection 1 retry: .*connection 2 open\n.* {2}200 Hello\n$/s,
  );
  assert.match(third!, /connection 2 request number 2\n/);
  assert.doesNotMatch(third!, /retry/);
  assert.match(third!, /^ {2}ECONNRESET: .*POST \/.*it may have been carried out/m);
});
