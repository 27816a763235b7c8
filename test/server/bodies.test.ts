/** Request bodies: how they reach the application, and what becomes of those it does not want. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultError } from "../../src/core/faults.ts";
import type { BodySource, Exchange } from "../../src/gateway/contract.ts";
import { answer, type Client, connect, deferred, readAll, start, testEachWay } from "./support.ts";

const MiB = 1024 * 1024;

function post(length: number, fields = ""): string {
  return `POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${fields}\r\n`;
}

const CHUNKED_POST = "POST /post HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

function chunk(data: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), Buffer.from(data), Buffer.from("\r\n")]);
}

/** Sends pieces until the server stops taking them, for `goal` bytes at most; gives the number of bytes it took. */
async function pour(client: Client, piece: Buffer, goal: number): Promise<number> {
  let stopped = false;
  let taken = 0;
  client.closed.then(() => (stopped = true));
  while (taken < goal && !stopped) {
    const sent = client.send(piece).catch(() => (stopped = true));
    // Everything happens in this process: when a thousand turns of its loop bring nothing, nobody is reading.
    let turns = 0;
    let done = false;
    sent.then(() => (done = true));
    while (!done && turns++ < 1000) await new Promise(setImmediate);
    if (!done) return taken;
    taken += piece.length;
  }
  return taken;
}

testEachWay("a body by length and one in chunks arrive whole, with a length or without", async (t, start) => {
  const server = await start(async (exchange) => {
    const { length } = exchange.body;
    answer(exchange, `${length} ${await readAll(exchange.body)}`);
  });
  const client = await connect(t, server);
  await client.send(post(5) + "hello");
  assert.equal((await client.response()).text, "5 hello");
  await client.send(CHUNKED_POST + "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n");
  assert.equal((await client.response()).text, "null hello");
  await client.send(CHUNKED_POST + "0\r\n\r\n");
  assert.equal((await client.response()).text, "null ");
  await client.send(post(0));
  assert.equal((await client.response()).text, "0 ");
  assert.equal((await client.get("/")).text, "0 ");
});

/** What a body came to: the name of the error, or how long it was. */
function outcomeOf(body: Promise<{ length: number }>): Promise<string> {
  return body.then(
    ({ length }) => `${length} bytes`,
    (error) => error.name,
  );
}

for (const [way, read] of [
  ["in pieces", (body: BodySource) => readAll(body)],
  ["as text", (body: BodySource) => body.text!()],
] as const) {
  test(`a body that the response does not wait for is never taken for whole, read ${way}`, async (t) => {
    const outcomes: Promise<string>[] = [];
    const server = await start(t, (exchange) => {
      if (exchange.head.target === "/now") outcomes.push(outcomeOf(read(exchange.body)));
      answer(exchange, "early");
      if (exchange.head.target === "/late") outcomes.push(outcomeOf(read(exchange.body)));
    });
    const client = await connect(t, server);
    for (const target of ["/now", "/late"]) {
      await client.send(post(10).replace("/post", target) + "01234");
      assert.equal((await client.response()).text, "early");
      await client.send("56789");
    }
    assert.deepEqual(await Promise.all(outcomes), ["AbortError", "AbortError"]);
    assert.equal((await client.get("/")).text, "early");
  });
}

test("trailers can be read when the body is at its end", async (t) => {
  const server = await start(t, async (exchange) => {
    assert.equal(exchange.body.trailers.count, 0);
    await readAll(exchange.body);
    answer(exchange, `${exchange.body.trailers.get("x-sum")} ${exchange.body.trailers.count}`);
  });
  const client = await connect(t, server);
  await client.send(CHUNKED_POST + "5\r\nhello\r\n");
  await client.send("0\r\nX-Sum: 12\r\nX-More: y\r\n\r\n");
  assert.equal((await client.response()).text, "12 2");
  await client.send(CHUNKED_POST + "5\r\nhello\r\n0\r\n\r\n");
  assert.equal((await client.response()).text, "null 0");
});

test("a body can be read after the response has begun, and echoed as it comes", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) {
      if (!exchange.write(piece)) await exchange.drained();
    }
    exchange.end();
  });
  const client = await connect(t, server);
  await client.send(CHUNKED_POST);
  for (const word of ["one ", "two ", "three"]) {
    await client.send(chunk(word));
    while (!client.received.includes(word)) await new Promise((resolve) => client.socket.once("data", resolve));
  }
  await client.send("0\r\n\r\n");
  assert.equal((await client.response()).text, "one two three");
});

for (const [framing, head, piece] of [
  ["by length", post(100 * MiB), Buffer.alloc(64 * 1024, "a")],
  ["in chunks", CHUNKED_POST, chunk(Buffer.alloc(64 * 1024, "a"))],
] as const) {
  testEachWay(`a client of an application that does not read its body ${framing} has to wait`, async (t, start) => {
    const reading = deferred();
    let total = 0;
    const server = await start(async (exchange) => {
      if (exchange.head.method === "GET") return answer(exchange, "get");
      await reading.promise;
      for (let some = await exchange.body.read(); some !== null; some = await exchange.body.read())
        total += some.length;
      answer(exchange, String(total));
    });
    const client = await connect(t, server);
    await client.send(head);
    const held = await pour(client, piece, 50 * MiB);
    // What the system's own buffers take is the larger part of it: some MB each way over TCP.
    assert.ok(held < 20 * MiB, `${held} bytes were taken for an application that reads none`);
    assert.equal((await (await connect(t, server)).get("/")).text, "get", "others are served meanwhile");
    reading.resolve();
    if (framing === "by length") {
      const left = 100 * MiB - held - piece.length;
      for (let sent = 0; sent < left; sent += piece.length) await client.send(piece);
      assert.equal((await client.response()).text, String(100 * MiB));
    } else {
      await client.send("0\r\n\r\n");
      assert.equal((await client.response()).text, String((held / piece.length + 1) * 64 * 1024));
    }
  });
}

for (const [framing, request] of [
  ["by length", post(10_000) + "x".repeat(10_000)],
  ["in chunks", CHUNKED_POST + chunk("x".repeat(10_000)) + "0\r\n\r\n"],
] as const) {
  testEachWay(`a small body ${framing} that nobody reads is thrown away, and the connection kept`, async (t, start) => {
    const server = await start((exchange) => answer(exchange, exchange.head.target));
    const client = await connect(t, server);
    for (let i = 0; i < 3; i++) {
      await client.send(request);
      const response = await client.response();
      assert.equal(response.text, "/post");
      assert.equal(response.field("Connection"), null);
    }
    assert.equal((await client.get("/after")).text, "/after");
  });

  test(`a small body ${framing} that comes after the response is thrown away, and the connection kept`, async (t) => {
    const server = await start(t, (exchange) => answer(exchange, exchange.head.target));
    const client = await connect(t, server);
    const end = request.indexOf("\r\n\r\n") + 4;
    await client.send(request.slice(0, end));
    assert.equal((await client.response()).text, "/post");
    await client.send(request.slice(end, end + 5000));
    await client.send(request.slice(end + 5000));
    assert.equal((await client.get("/after")).text, "/after");
  });
}

testEachWay("a large body that nobody reads closes the connection, and the response survives it", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "no, thanks", 403));
  const client = await connect(t, server, { staysOpen: true });
  await client.send(post(3 * MiB));
  for (let i = 0; i < 48; i++) await client.send(Buffer.alloc(64 * 1024));
  const response = await client.response();
  assert.equal(response.status, 403);
  assert.equal(response.text, "no, thanks");
  assert.equal(response.field("Connection"), "close");
  assert.equal(await client.closed, "end");
});

testEachWay(
  "a body in chunks that turns out large closes the connection, and the response survives it",
  async (t, start) => {
    const server = await start((exchange) => answer(exchange, "no, thanks", 403));
    const client = await connect(t, server, { staysOpen: true });
    await client.send(CHUNKED_POST);
    const piece = chunk(Buffer.alloc(64 * 1024));
    for (let i = 0; i < 48; i++) await client.send(piece);
    assert.equal((await client.response()).text, "no, thanks");
    assert.equal((await client.rest()).length, 0);
  },
);

test("a body that the application gives up half read is thrown away", async (t) => {
  const server = await start(t, async (exchange) => {
    if (exchange.head.method === "GET") return answer(exchange, "get");
    const first = await exchange.body.read();
    exchange.body.discard();
    assert.equal(await exchange.body.read(), null);
    answer(exchange, `${first!.length > 0}`);
  });
  const client = await connect(t, server);
  await client.send(post(100_000) + "x".repeat(10));
  assert.equal((await client.response()).text, "true");
  await client.send("x".repeat(99_990));
  assert.equal((await client.get("/")).text, "get");
});

test("discard ends a read that waits, and takes on what comes later", async (t) => {
  const discarded = deferred<Uint8Array | null>();
  const server = await start(t, async (exchange) => {
    const waiting = exchange.body.read();
    exchange.body.discard();
    exchange.body.discard();
    discarded.resolve(await waiting);
    await new Promise(setImmediate);
    answer(exchange, "ok");
  });
  const client = await connect(t, server);
  await client.send(post(4));
  assert.equal(await discarded.promise, null);
  await client.send("body");
  assert.equal((await client.response()).text, "ok");
});

test("a client of an application that discards the body does not have to wait", async (t) => {
  const all = deferred();
  const server = await start(t, async (exchange) => {
    exchange.body.discard();
    await all.promise;
    answer(exchange, "ok");
  });
  const client = await connect(t, server);
  await client.send(post(50 * MiB));
  assert.equal(await pour(client, Buffer.alloc(MiB), 50 * MiB), 50 * MiB);
  all.resolve();
  assert.equal((await client.response()).text, "ok");
});

test("reads of one body at the same time are refused, but for the first", async (t) => {
  const refused = deferred<unknown>();
  const server = await start(t, async (exchange) => {
    const first = exchange.body.read();
    await exchange.body.read().catch(refused.resolve);
    answer(exchange, String(Buffer.from((await first)!)));
  });
  const client = await connect(t, server);
  await client.send(post(4));
  assert.ok((await refused.promise) instanceof TypeError);
  await client.send("body");
  assert.equal((await client.response()).text, "body");
});

test("a body that was read gives null again and again, also when the response is over", async (t) => {
  const over = deferred<Exchange>();
  const server = await start(t, async (exchange) => {
    await readAll(exchange.body);
    assert.equal(await exchange.body.read(), null);
    answer(exchange, "ok");
    over.resolve(exchange);
  });
  const client = await connect(t, server);
  await client.send(post(4) + "body");
  await client.response();
  assert.equal(await (await over.promise).body.read(), null);
});

for (const [what, rest, code] of [
  ["a chunk size that is none", "xyz\r\n", "BAD_CHUNK_SIZE"],
  ["a chunk longer than it said", "3\r\nabcd\r\n", "BAD_CHUNK_END"],
  ["Content-Length in the trailers", "0\r\nContent-Length: 3\r\n\r\n", "BAD_TRAILER"],
] as const) {
  test(`${what} rejects the read, and the client is told`, async (t) => {
    const seen = deferred<unknown>();
    const server = await start(t, async (exchange) => {
      try {
        await readAll(exchange.body);
      } catch (error) {
        seen.resolve(error);
        throw error;
      }
    });
    const client = await connect(t, server);
    await client.send(CHUNKED_POST + "2\r\nab\r\n" + rest);
    const response = await client.response();
    assert.equal(response.status, 400);
    assert.match(response.text, new RegExp(`^${code}: `));
    assert.equal(response.field("Connection"), "close");
    assert.equal(await client.closed, "end");
    const error = await seen.promise;
    assert.ok(error instanceof FaultError);
    assert.equal(error.code, code);
  });

  test(`${what} in a body that nobody reads closes the connection after the response`, async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "ok"));
    const client = await connect(t, server);
    await client.send(CHUNKED_POST + "2\r\nab\r\n" + rest + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.response()).text, "ok");
    assert.equal((await client.rest()).length, 0);
  });
}

test("an application may answer a malformed body in its own way", async (t) => {
  const server = await start(t, (exchange) =>
    readAll(exchange.body).then(
      () => assert.fail("the body is malformed"),
      () => answer(exchange, "what was that?", 422),
    ),
  );
  const client = await connect(t, server);
  await client.send(CHUNKED_POST + "nonsense\r\n");
  const response = await client.response();
  assert.equal(response.status, 422);
  assert.equal(response.field("Connection"), "close");
  assert.equal(await client.closed, "end");
});
