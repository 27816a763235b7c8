/** How requests come in: whole, in pieces, one behind the other, on many connections at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Handler } from "../../src/gateway/contract.ts";
import { answer, connect, deferred, readAll, start, testEachWay } from "./support.ts";

const echoTarget: Handler = (exchange) => answer(exchange, exchange.head.target);

const echoBody: Handler = async (exchange) => answer(exchange, await readAll(exchange.body));

testEachWay("a request that comes whole is answered", async (t, start) => {
  const server = await start((exchange) => {
    const { head } = exchange;
    answer(exchange, `${head.method} ${head.target} 1.${head.minor} ${head.fields.get("x-case")}`);
  });
  const client = await connect(t, server);
  await client.send("GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-Case: Kept\r\n\r\n");
  const { statusLine, text } = await client.response();
  assert.equal(statusLine, "HTTP/1.1 200 OK");
  assert.equal(text, "GET /a?b=c 1.1 Kept");
});

testEachWay("a request that comes one byte a segment is answered as if it came whole", async (t, start) => {
  const server = await start(echoBody);
  const client = await connect(t, server);
  const request = "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  for (const byte of request) await client.send(byte);
  assert.equal((await client.response()).text, "hello");
  const chunked =
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nA: b\r\n\r\n";
  for (const byte of chunked) await client.send(byte);
  assert.equal((await client.response()).text, "abcde");
});

const PIPELINED = 200;

for (const [kind, handler] of [
  ["synchronous", echoTarget],
  [
    "asynchronous",
    async (exchange) => {
      await new Promise(setImmediate);
      answer(exchange, exchange.head.target);
    },
  ],
  [
    "alternately synchronous and asynchronous",
    (exchange) => {
      const number = Number(exchange.head.target.slice(1));
      if (number % 3 === 0) return answer(exchange, exchange.head.target);
      if (number % 3 === 1) return Promise.resolve().then(() => answer(exchange, exchange.head.target));
      setImmediate(() => answer(exchange, exchange.head.target));
    },
  ],
] satisfies [string, Handler][]) {
  testEachWay(
    `200 pipelined requests in one segment are answered in order by a handler that is ${kind}`,
    async (t, start) => {
      const server = await start(handler);
      const client = await connect(t, server);
      const requests = Array.from({ length: PIPELINED }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await client.send(requests.join(""));
      for (let i = 0; i < PIPELINED; i++) assert.equal((await client.response()).text, `/${i}`);
    },
  );
}

test("a pipelined request waits until the response before it is complete", async (t) => {
  const first = deferred();
  const seen: string[] = [];
  const server = await start(t, async (exchange) => {
    seen.push(exchange.head.target);
    if (exchange.head.target === "/1") {
      exchange.start(200);
      exchange.write("begun, ");
      await first.promise;
      return exchange.end("done");
    }
    answer(exchange, "second");
  });
  const client = await connect(t, server);
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  // A request on another connection comes and goes meanwhile: the second here had its chance.
  assert.equal((await (await connect(t, server)).get("/other")).text, "second");
  assert.deepEqual(seen, ["/1", "/other"]);
  first.resolve();
  assert.equal((await client.response()).text, "begun, done");
  assert.equal((await client.response()).text, "second");
});

testEachWay("pipelined bodies, by length and chunked, each reach the request they belong to", async (t, start) => {
  const server = await start(echoBody);
  const client = await connect(t, server);
  let requests = "";
  const bodies: string[] = [];
  for (let i = 0; i < 50; i++) {
    const body = `body ${i} ${"x".repeat(i * 37)}`;
    bodies.push(body);
    requests +=
      i % 2 === 0
        ? `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
        : `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n${body.slice(0, 4)}\r\n${(body.length - 4).toString(16)}\r\n${body.slice(4)}\r\n0\r\n\r\n`;
  }
  await client.send(requests);
  for (const body of bodies) assert.equal((await client.response()).text, body);
});

testEachWay(
  "connections never see each other's bytes, though their heads and bodies come interleaved",
  async (t, start) => {
    const server = await start(async (exchange) => {
      const body = await readAll(exchange.body);
      answer(exchange, `${exchange.head.target} ${exchange.head.fields.get("x-who")} ${body}`);
    });
    const clients = await Promise.all(Array.from({ length: 50 }, () => connect(t, server)));
    const requests = clients.map((_, i) => {
      const body = `body of ${i} `.repeat(40 + i);
      return `POST /${i} HTTP/1.1\r\nHost: a\r\nX-Who: client ${i}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    });
    // In 20 rounds, every client sends its next piece; pieces differ in size, so that no two end at the same place.
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        clients.map((client, i) => {
          const size = Math.ceil(requests[i]!.length / 20);
          return client.send(requests[i]!.slice(round * size, (round + 1) * size));
        }),
      );
    }
    for (const [i, client] of clients.entries()) {
      assert.equal((await client.response()).text, `/${i} client ${i} ${`body of ${i} `.repeat(40 + i)}`);
    }
  },
);

test("what an application keeps of a body is not overwritten by what comes later", async (t) => {
  const kept: Uint8Array[] = [];
  const server = await start(t, async (exchange) => {
    for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) kept.push(piece);
    answer(exchange, "kept");
  });
  const client = await connect(t, server);
  for (const letter of "abcdefgh") {
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${letter.repeat(1000)}`);
    await client.response();
  }
  const expected = [..."abcdefgh"].map((letter) => letter.repeat(1000)).join("");
  assert.equal(Buffer.concat(kept).toString(), expected);
});

test("an empty line before a request is skipped", async (t) => {
  const server = await start(t, echoTarget);
  const client = await connect(t, server);
  for (const target of ["/1", "/2"]) {
    await client.send("\r\n");
    assert.equal((await client.get(target)).text, target);
  }
});

testEachWay(
  "the application learns the addresses of the connection, which a unix socket has none of",
  async (t, start, way) => {
    const server = await start((exchange) => {
      const { remoteAddress, remotePort, localAddress, localPort, encrypted } = exchange.connection;
      answer(exchange, JSON.stringify({ remoteAddress, remotePort, localAddress, localPort, encrypted }));
    });
    const client = await connect(t, server);
    const { localAddress, localPort, remoteAddress, remotePort } = client.socket;
    const mirrored = {
      remoteAddress: localAddress,
      remotePort: localPort,
      localAddress: remoteAddress,
      localPort: remotePort,
    };
    const none = { remoteAddress: "", remotePort: 0, localAddress: "", localPort: 0 };
    assert.deepEqual(JSON.parse((await client.get("/")).text), { ...(way.unix ? none : mirrored), encrypted: false });
  },
);
