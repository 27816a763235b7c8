/** The async context of requests: `AsyncLocalStorage` follows each one, and never reaches the next on its connection. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { connect, readAll, start, testEachWay } from "./support.ts";

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** Answers with what the storage held before, and with what it holds after waiting. */
async function tell(exchange: Exchange, storage: AsyncLocalStorage<string>, before: string | undefined) {
  await new Promise(setImmediate);
  exchange.start(200);
  exchange.write(`${before} `);
  await new Promise(setImmediate);
  exchange.end(storage.getStore());
}

function tellAtOnce(exchange: Exchange, storage: AsyncLocalStorage<string>, before: string | undefined): void {
  exchange.start(200);
  exchange.end(`${before} ${storage.getStore()}`);
}

testEachWay("a request's context is not that of the one before, on one connection or pipelined", async (t, start) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await start((exchange) => {
    const before = storage.getStore();
    return storage.run(exchange.head.target, () => tell(exchange, storage, before));
  });
  const client = await connect(t, server);
  for (const path of ["/1", "/2"]) assert.equal((await client.get(path)).text, `undefined ${path}`);
  const paths = ["/3", "/4", "/5"];
  await client.send(paths.map(request).join(""));
  for (const path of paths) assert.equal((await client.response()).text, `undefined ${path}`);
});

testEachWay("what enterWith() leaves behind is left behind", async (t, start) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await start((exchange) => {
    const before = storage.getStore();
    storage.enterWith(exchange.head.target);
    return exchange.head.target.startsWith("/at-once")
      ? tellAtOnce(exchange, storage, before)
      : tell(exchange, storage, before);
  });
  const client = await connect(t, server);
  for (const path of ["/1", "/at-once/2", "/3"]) assert.equal((await client.get(path)).text, `undefined ${path}`);
  const paths = ["/at-once/4", "/5", "/at-once/6", "/7"];
  await client.send(paths.map(request).join(""));
  for (const path of paths) assert.equal((await client.response()).text, `undefined ${path}`);
});

testEachWay(
  "a request that waited until the client had taken the last response has a context of its own",
  async (t, start) => {
    const storage = new AsyncLocalStorage<string>();
    const large = Buffer.alloc(16 * 1024 * 1024);
    const server = await start((exchange) => {
      if (exchange.head.target !== "/large") return tell(exchange, storage, storage.getStore());
      return storage.run("large", async () => {
        await new Promise(setImmediate);
        exchange.start(200);
        exchange.end(large);
      });
    });
    const client = await connect(t, server);
    client.pause();
    await client.send(request("/large") + request("/next"));
    client.resume();
    assert.equal((await client.response()).body.length, large.length);
    assert.equal((await client.response()).text, "undefined ");
  },
);

testEachWay("the context is there while a body comes, and gone with it", async (t, start) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await start((exchange) =>
    storage.run(exchange.head.target, async () => {
      const { length } = await readAll(exchange.body);
      exchange.start(200);
      exchange.end(`${length} ${storage.getStore()}`);
    }),
  );
  const client = await connect(t, server);
  for (const path of ["/1", "/2"]) {
    await client.send(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n`);
    for (let piece = 0; piece < 3; piece++) await client.send(Buffer.alloc(100_000));
    assert.equal((await client.response()).text, `300000 ${path}`);
  }
});

test("a request's context begins as the server's was when it was made", async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const server = await storage.run("home", () => start(t, (exchange) => tell(exchange, storage, storage.getStore())));
  const client = await connect(t, server);
  await client.send(request("/1") + request("/2"));
  for (const _ of "12") assert.equal((await client.response()).text, "home home");
});
