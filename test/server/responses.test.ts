/** How response bodies go out: streamed, in all kinds of pieces, and to clients that take their time. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Chunk, Exchange } from "../../src/gateway/contract.ts";
import { answer, connect, deferred, start, testEachWay } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 8) * 13) & 0xff;
  return bytes;
}

function hash(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

/** Pieces of a body, each kind of them next to each other kind. */
const PIECES: readonly Chunk[] = [
  "ascii",
  "",
  "Grüße, 世界 🏛",
  Buffer.alloc(0),
  Buffer.from([0, 0x0d, 0x0a, 0x80, 0xff]),
  new Uint8Array(pattern(300)),
  "x".repeat(20_000),
  "ü".repeat(20_000),
  pattern(16 * 1024),
  pattern(16 * 1024 + 1),
  pattern(200_000),
  "",
  "\r\n0\r\n\r\n",
  "last",
];
const WHOLE = Buffer.concat(PIECES.map((piece) => Buffer.from(piece as string)));

for (const [framing, request, fields] of [
  ["in chunks to HTTP/1.1", GET, []],
  ["until the connection closes to HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", []],
  ["with its declared length", GET, ["Content-Length", String(WHOLE.length)]],
] as const) {
  testEachWay(`text, bytes and empty pieces stream ${framing}`, async (t, start) => {
    const server = await start(async (exchange) => {
      exchange.start(200, fields);
      for (const piece of PIECES) if (!exchange.write(piece)) await exchange.drained();
      exchange.end();
    });
    const client = await connect(t, server);
    await client.send(request);
    assert.equal(hash((await client.response()).body), hash(WHOLE));
  });

  test(`text, bytes and empty pieces written in one go stream ${framing}`, async (t) => {
    const server = await start(t, (exchange) => {
      exchange.start(200, fields);
      for (const piece of PIECES) exchange.write(piece);
      exchange.end();
    });
    const client = await connect(t, server);
    await client.send(request);
    assert.equal(hash((await client.response()).body), hash(WHOLE));
  });
}

test("each kind of piece is right as a whole response", async (t) => {
  const server = await start(t, (exchange) => {
    const piece = PIECES[Number(exchange.head.target.slice(1))]!;
    exchange.start(200);
    exchange.end(piece);
  });
  const client = await connect(t, server);
  for (const [i, piece] of PIECES.entries()) {
    const response = await client.get(`/${i}`);
    assert.equal(hash(response.body), hash(Buffer.from(piece as string)));
    assert.equal(response.field("Content-Length"), String(response.body.length));
  }
});

test("a piece reaches the client when it is written, not when the response ends", async (t) => {
  const more = deferred();
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    exchange.write("first");
    await more.promise;
    exchange.end("second");
  });
  const client = await connect(t, server);
  await client.send(GET);
  while (!client.received.includes("first")) await new Promise((resolve) => client.socket.once("data", resolve));
  more.resolve();
  assert.equal((await client.response()).text, "firstsecond");
});

test("a streamed response begun by a pipelined request is not held back", async (t) => {
  const more = deferred();
  const server = await start(t, (exchange) => {
    if (exchange.head.target === "/1") return answer(exchange, "one");
    exchange.start(200);
    exchange.write("two");
    return more.promise.then(() => exchange.end());
  });
  const client = await connect(t, server);
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!client.received.includes("two")) await new Promise((resolve) => client.socket.once("data", resolve));
  more.resolve();
  assert.equal((await client.response()).text, "one");
  assert.equal((await client.response()).text, "two");
});

for (const [kind, request] of [
  ["kept", GET],
  ["closed after it", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"],
] as const) {
  testEachWay(`50 MB given at once arrive whole on a connection that is ${kind}`, async (t, start) => {
    const body = pattern(50_000_000);
    const server = await start((exchange) => answer(exchange, body));
    const client = await connect(t, server);
    await client.send(request);
    const response = await client.response();
    assert.equal(response.body.length, body.length);
    assert.equal(hash(response.body), hash(body));
  });
}

test("a client that is slower than timeouts.linger still gets all of a response that closes", async (t) => {
  const body = pattern(20_000_000);
  const server = await start(t, (exchange) => answer(exchange, exchange.head.target === "/" ? body : ""), {
    timeouts: { linger: 1 },
  });
  const client = await connect(t, server);
  client.pause();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  // Another connection began to linger later, and is closed by now.
  const other = await connect(t, server, { staysOpen: true });
  await other.get("/small", "Connection: close\r\n");
  await other.bounce();
  client.resume();
  assert.equal(hash((await client.response()).body), hash(body));
});

test("trailers follow a chunked body, and reach nobody else", async (t) => {
  const server = await start(t, (exchange) => {
    const [, how] = exchange.head.target.split("/");
    exchange.start(200, how === "declared" ? ["Content-Length", "4"] : []);
    if (how !== "whole") exchange.write("bo");
    exchange.end(how === "whole" ? "body" : "dy", ["X-Sum", "12", "X-Time", "3"]);
  });
  const client = await connect(t, server);
  for (const how of ["streamed", "whole"]) {
    const response = await client.get(`/${how}`);
    assert.equal(response.text, "body");
    assert.deepEqual(response.trailers, ["X-Sum: 12", "X-Time: 3"]);
  }
  const declared = await client.get("/declared");
  assert.equal(declared.text, "body");
  assert.deepEqual(declared.trailers, []);
  await client.send("HEAD /streamed HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.response("HEAD");
  await client.send("GET /streamed HTTP/1.0\r\n\r\n");
  assert.equal((await client.response()).text, "body");
});

test("a trailer that decides framing is refused where the application gives it, and the response can still end", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200);
    exchange.write("body");
    assert.throws(() => exchange.end("", ["Content-Length", "4"]), TypeError);
    assert.throws(() => exchange.end("", ["X", "a\r\nb"]), TypeError);
    exchange.end();
  });
  const response = await (await connect(t, server)).get("/");
  assert.equal(response.text, "body");
  assert.deepEqual(response.trailers, []);
});

testEachWay("write asks to wait while a client takes nothing, and drained says when it has", async (t, start) => {
  const piece = pattern(64 * 1024);
  const clogged = deferred<number>();
  let waits = 0;
  const TOTAL = 400;
  const server = await start(async (exchange) => {
    exchange.start(200);
    for (let i = 0; i < TOTAL; i++) {
      if (exchange.write(piece)) continue;
      waits++;
      clogged.resolve(i + 1);
      await exchange.drained();
    }
    exchange.end();
  });
  const client = await connect(t, server);
  client.pause();
  await client.send(GET);
  const written = await clogged.promise;
  // What was taken is what the system holds for a client that does not read; the application was told to stop there.
  assert.ok(written < TOTAL, `${written} of ${TOTAL} pieces were written before write() said to wait`);
  client.resume();
  const { body } = await client.response();
  assert.equal(body.length, TOTAL * piece.length);
  assert.equal(hash(body), hash(Buffer.concat(Array<Buffer>(TOTAL).fill(piece))));
  assert.ok(waits > 0);
});

test("drained resolves at once when nothing waits to be sent", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    assert.equal(exchange.write("a"), true);
    await exchange.drained();
    exchange.end("b");
  });
  assert.equal((await (await connect(t, server)).get("/")).text, "ab");
});

test("several who wait for drained are all told", async (t) => {
  const clogged = deferred();
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    while (exchange.write(pattern(256 * 1024)));
    clogged.resolve();
    await Promise.all([exchange.drained(), exchange.drained(), exchange.drained()]);
    exchange.end("told");
  });
  const client = await connect(t, server);
  client.pause();
  await client.send(GET);
  await clogged.promise;
  client.resume();
  assert.match((await client.response()).body.subarray(-4).toString(), /told/);
});

testEachWay("a client that pipelines and takes no answer is not answered on and on", async (t, start) => {
  let answered = 0;
  const body = pattern(100_000);
  const server = await start((exchange: Exchange) => {
    answered++;
    answer(exchange, body);
  });
  const client = await connect(t, server);
  client.pause();
  const REQUESTS = 1000;
  await client.send(GET.repeat(REQUESTS));
  await (await connect(t, server)).get("/");
  await (await connect(t, server)).get("/");
  const before = answered - 2;
  assert.ok(before < REQUESTS / 2, `${before} answers of 100 kB wait for a client that takes none`);
  client.resume();
  for (let i = 0; i < REQUESTS; i++) assert.equal((await client.response()).body.length, body.length);
});
