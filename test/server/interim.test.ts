/** Interim responses that the application sends (RFC 9110 §15.2, RFC 8297). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, connect, deferred, start, testEachWay } from "./support.ts";

testEachWay("103 (Early Hints) reaches the client before the response", async (t, start) => {
  const hinted = deferred();
  const server = await start(async (exchange) => {
    exchange.inform(103, ["Link", "</style.css>; rel=preload", "Link", "</app.js>; rel=preload"]);
    await hinted.promise;
    answer(exchange, "page");
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const hints = await client.response();
  assert.equal(hints.statusLine, "HTTP/1.1 103 Early Hints");
  assert.deepEqual(hints.fields, ["Link: </style.css>; rel=preload", "Link: </app.js>; rel=preload"]);
  hinted.resolve();
  assert.equal((await client.response()).text, "page");
});

test("several interim responses come in order, in front of their own response", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.inform(102);
    exchange.inform(103, ["X", exchange.head.target]);
    answer(exchange, exchange.head.target);
  });
  const client = await connect(t, server);
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const target of ["/1", "/2"]) {
    assert.equal((await client.response()).status, 102);
    assert.equal((await client.response()).field("X"), target);
    assert.equal((await client.response()).text, target);
  }
});

test("an HTTP/1.0 client gets no interim response", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.inform(103, ["X", "y"]);
    answer(exchange, "page");
  });
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.0\r\n\r\n");
  assert.equal((await client.response()).text, "page");
});

test("what is no interim response is refused, and nothing of it sent", async (t) => {
  const server = await start(t, (exchange) => {
    for (const status of [99, 101, 200, 600, 103.5, Number.NaN]) {
      assert.throws(() => exchange.inform(status), TypeError, String(status));
    }
    assert.throws(() => exchange.inform(103, ["X", "a\r\nb"]), TypeError);
    assert.throws(() => exchange.inform(103, ["X"]), TypeError);
    answer(exchange, "page");
  });
  assert.equal((await (await connect(t, server)).get("/")).text, "page");
});
