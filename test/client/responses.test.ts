/** Servers that answer wrongly, late, in the middle, or not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientError } from "../../src/client/index.ts";
import { deferred, start } from "../server/support.ts";
import { clientFor, response, scripted, serverThread, watched } from "./support.ts";

/** A server that answers every connection's first request with these bytes, then ends or stays. */
function saying(t: Parameters<typeof scripted>[0], text: string, end = false) {
  return scripted(t, async (peer) => {
    if ((await peer.head()) === null) return;
    if (end) peer.end(text);
    else peer.send(text);
  });
}

for (const [what, text, fault] of [
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.2\r\n", "BAD_STATUS_LINE"],
  [
    "Content-Length and Transfer-Encoding",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "LENGTH_WITH_ENCODING",
  ],
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "FIELD_REPEATED"],
  ["a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "FIELD_FOLDED"],
  ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "BAD_LINE_END"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(100_000)}`, "FIELDS_TOO_LARGE"],
  ["interim responses without an end", "HTTP/1.1 102 x\r\n\r\n".repeat(100), "TOO_MANY_INTERIM"],
]) {
  test(`${what} is a BAD_RESPONSE that says ${fault}`, async (t) => {
    const server = await saying(t, text!);
    await assert.rejects(clientFor(t).request(server.url), (error: ClientError) => {
      assert.equal(error.code, "BAD_RESPONSE");
      assert.equal((error.cause as ClientError).code, fault);
      assert.ok(error.message.includes(`127.0.0.1:${server.port} broke the protocol in the response to GET /`));
      assert.ok(error.message.includes(fault!));
      return true;
    });
  });
}

test("a switch of protocols that nobody asked for is refused", async (t) => {
  const server = await saying(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes");
  await assert.rejects(clientFor(t).request(server.url), { code: "BAD_RESPONSE" });
});

test("a bad chunk in the middle fails the reading, behind what was good", async (t) => {
  const server = await saying(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n");
  const got = await clientFor(t).request(server.url);
  const reader = got.body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "hello");
  await assert.rejects(reader.read(), { code: "BAD_RESPONSE" });
});

test("a body that ends before its length is incomplete, and one without a length ends with the connection", async (t) => {
  const short = await saying(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true);
  await assert.rejects((await clientFor(t).request(short.url)).text(), (error: ClientError) => {
    assert.equal(error.code, "INCOMPLETE_RESPONSE");
    assert.equal((error.cause as ClientError).code, "UNEXPECTED_EOF");
    return true;
  });
  const open = await saying(t, "HTTP/1.0 200 OK\r\n\r\nhello", true);
  assert.equal(await (await clientFor(t).request(open.url)).text(), "hello");
});

test("a connection that is reset in the middle of a body fails the reading, whatever frames the body", async (t) => {
  for (const framing of ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n", ""]) {
    const reading = deferred();
    const server = await scripted(t, async (peer) => {
      await peer.head();
      peer.send(`HTTP/1.1 200 OK\r\n${framing}\r\n${framing.startsWith("T") ? "5\r\n" : ""}hello`);
      await reading.promise;
      peer.reset();
    });
    const got = await clientFor(t).request(server.url);
    const reader = got.body!.getReader();
    await reader.read();
    const next = reader.read();
    reading.resolve();
    await assert.rejects(next, (error: ClientError) => {
      assert.equal(error.code, "ECONNRESET");
      assert.match(error.message, /broke \(ECONNRESET\) in the middle of its response to GET \/$/);
      return true;
    });
  }
});

test("what comes behind a response is never the answer to the next request", async (t) => {
  const server = await scripted(t, async (peer, connection) => {
    await peer.head();
    peer.send(response(`right ${connection}`) + response("smuggled"));
    if ((await peer.head()) !== null) peer.send(response("late"));
  });
  const { client, log } = watched(t);
  for (const connection of [1, 2]) {
    assert.equal(await (await client.request(server.url)).text(), `right ${connection}`);
  }
  assert.equal(log.filter((line) => line === "closed by client: more came than the response").length, 2);
});

test("what comes on an idle connection ends it", async (t) => {
  const sent = deferred();
  const server = await scripted(t, async (peer, connection) => {
    await peer.head();
    peer.send(response(String(connection)));
    if (connection > 1) return;
    await sent.promise;
    peer.send(response("smuggled"));
    await peer.gone;
    peer.end();
  });
  const { client, log } = watched(t);
  assert.equal(await (await client.request(server.url)).text(), "1");
  sent.resolve();
  while (!log.includes("closed by client: it sent what nobody had asked for")) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await (await client.request(server.url)).text(), "2");
});

test("a body behind the answer to HEAD is not the answer to the next request", async (t) => {
  const server = await scripted(t, async (peer, connection) => {
    while ((await peer.head()) !== null) peer.send(response(`body ${connection}`));
  });
  const client = clientFor(t);
  assert.equal((await client.request(server.url, { method: "HEAD" })).status, 200);
  assert.equal(await (await client.request(server.url)).text(), "body 2");
});

test("a server that never answers is given up, with its name", async (t) => {
  const server = await scripted(t, () => {});
  await assert.rejects(clientFor(t, { timeouts: { response: 1 } }).request(server.url), (error: ClientError) => {
    assert.equal(error.code, "RESPONSE_TIMEOUT");
    assert.equal(error.message, `127.0.0.1:${server.port} did not answer GET / within 0.001 s`);
    return true;
  });
});

test("a body that stops coming is given up, but not while nobody wants more of it", async (t) => {
  const server = await saying(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  const got = await clientFor(t, { timeouts: { body: 1 } }).request(server.url);
  await assert.rejects(got.text(), { code: "BODY_TIMEOUT" });

  const large = await start(t, (exchange) => {
    exchange.start(200);
    exchange.end("x".repeat(5_000_000));
  });
  const slow = await clientFor(t, { timeouts: { body: 1 } }).request(large.url);
  // As long as two ticks of the clock that would end it.
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal((await slow.text()).length, 5_000_000);
});

test("a response that drips in, a byte at a time, is read like any other", async (t) => {
  const text =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nC: d\r\n\r\n";
  const server = await scripted(t, async (peer) => {
    while ((await peer.head()) !== null) {
      for (const byte of text) {
        peer.send(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  });
  const client = clientFor(t);
  for (let i = 0; i < 2; i++) assert.equal(await (await client.request(server.url)).text(), "hello world");
  assert.equal(server.connections, 1);
});

test("a connection that nobody takes is given up in time", async (t) => {
  // RFC 5737: nobody has this address. Where a network says so at once, that is an answer, too.
  const pending = clientFor(t, { timeouts: { connect: 50 } }).request("http://192.0.2.1/");
  await assert.rejects(pending, (error: ClientError) => {
    assert.match(error.code, /^(?:CONNECT_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|EACCES)$/);
    assert.match(error.message, /^cannot connect to 192\.0\.2\.1:80: /);
    return true;
  });
});

test("nobody there, and no such host, are told apart", async (t) => {
  const server = await scripted(t, () => {});
  const client = clientFor(t);
  await assert.rejects(client.request("http://name.invalid/"), { host: "name.invalid", port: 80 });
  await assert.rejects(client.request("http://a/", { unix: "/nonexistent/socket" }), (error: ClientError) => {
    assert.equal(error.code, "ENOENT");
    assert.match(error.message, /\/nonexistent\/socket/);
    return true;
  });
  assert.ok(server.port > 0);
});

// Uploads.

test("an answer that comes before the upload is done ends it", async (t) => {
  const server = await scripted(t, async (peer) => {
    await peer.head();
    peer.end(response("too large", "Connection: close\r\n", "413 Content Too Large"));
  });
  let given = 0;
  let over = false;
  const body = (async function* () {
    try {
      for (; given < 10_000; given++) yield Buffer.alloc(64 * 1024);
    } finally {
      over = true;
    }
  })();
  const { client, log } = watched(t);
  const got = await client.request(server.url, { method: "POST", body });
  assert.equal(got.status, 413);
  assert.equal(await got.text(), "too large");
  while (!over) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(given < 10_000);
  assert.match(log.at(-1)!, /^closed by .*: the answer came before the request was sent$/);
});

for (const [what, body] of [
  ["in memory", () => Buffer.alloc(10_000_000)],
  ["from a stream", () => Array.from({ length: 200 }, () => Buffer.alloc(50_000))],
] as const) {
  test(`the answer of a server that closes with the rest of a body ${what} unread is not lost to the reset`, async (t) => {
    const { url } = await serverThread(
      t,
      `socket.once("data", () => {
        socket.pause();
        socket.write("HTTP/1.1 413 Content Too Large\\r\\nContent-Length: 2\\r\\n\\r\\nno", () => socket.destroy());
      });`,
    );
    const client = clientFor(t);
    for (let i = 0; i < 20; i++) {
      const got = await client.request(url, { method: "POST", body: body() });
      assert.deepEqual([got.status, await got.text()], [413, "no"]);
    }
  });
}

test("a connection that is reset during an upload without an answer says so", async (t) => {
  const { url } = await serverThread(t, `socket.once("data", () => socket.resetAndDestroy());`);
  const pending = clientFor(t).request(url, { method: "POST", body: Buffer.alloc(10_000_000) });
  await assert.rejects(pending, (error: ClientError) => {
    assert.match(error.code, /^(?:ECONNRESET|EPIPE)$/);
    assert.match(error.message, /before POST \/ was sent: its answer, if it gave one, is lost$/);
    return true;
  });
});

test("an answer that begins before the upload is done can be read while it goes on", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read())
      exchange.write(piece);
    exchange.end();
  });
  const heard = deferred();
  const body = (async function* () {
    yield "first";
    await heard.promise;
    yield "second";
  })();
  const got = await clientFor(t).request(server.url, { method: "POST", body });
  const reader = got.body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "first");
  heard.resolve();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "second");
  assert.ok((await reader.read()).done);
});

test("a server that takes nothing of the body is given up", async (t) => {
  const server = await scripted(t, (peer) => void peer.socket.pause());
  const body = Buffer.alloc(64 * 1024 * 1024);
  const client = clientFor(t, { timeouts: { response: 1 } });
  await assert.rejects(client.request(server.url, { method: "PUT", body }), { code: "RESPONSE_TIMEOUT" });
});

test("a body's source may take longer than a server may", async (t) => {
  const server = await start(t, async (exchange) => {
    let size = 0;
    for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read())
      size += piece.length;
    exchange.start(200);
    exchange.end(String(size));
  });
  const body = (async function* () {
    yield "a";
    await new Promise((resolve) => setTimeout(resolve, 700));
    yield "b";
  })();
  const client = clientFor(t, { timeouts: { response: 100 } });
  assert.equal(await (await client.request(server.url, { method: "POST", body })).text(), "2");
});

// Expect: 100-continue (RFC 9110 §10.1.1).

test("a body that waits for 100 (Continue) is sent when it comes", async (t) => {
  const order: string[] = [];
  const server = await scripted(t, async (peer) => {
    order.push(/\r\nexpect: 100-continue\r\n/i.test((await peer.head())!) ? "expects" : "does not");
    order.push(peer.received === "" ? "nothing else yet" : "a body already");
    peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    order.push((await peer.until("content"))!);
    peer.send(response("thanks"));
  });
  const client = clientFor(t, { timeouts: { continue: 60_000 } });
  const init = { method: "PUT", body: "content", expectContinue: true };
  assert.equal(await (await client.request(server.url, init)).text(), "thanks");
  assert.deepEqual(order, ["expects", "nothing else yet", "content"]);
});

test("a body that waits is never sent when the answer is a refusal, and the connection ends", async (t) => {
  const { client, log } = watched(t, { timeouts: { continue: 60_000 } });
  const rest = deferred<string>();
  const server = await scripted(t, async (peer) => {
    await peer.head();
    peer.send(response("no", "", "401 Unauthorized"));
    await peer.gone;
    rest.resolve(peer.received);
  });
  const init = { method: "PUT", body: "content", expectContinue: true };
  assert.equal((await client.request(server.url, init)).status, 401);
  assert.equal(await rest.promise, "");
  assert.deepEqual(log, ["open", "request 1", "closed by client: the answer came before the request was sent"]);
});

test("a server that says nothing to 100-continue gets the body after a while", async (t) => {
  const server = await scripted(t, async (peer) => {
    await peer.head();
    await peer.until("content");
    peer.send(response("thanks"));
  });
  const client = clientFor(t, { timeouts: { continue: 5 } });
  const init = { method: "PUT", body: "content", headers: { Expect: "100-continue" } };
  assert.equal(await (await client.request(server.url, init)).text(), "thanks");
});
