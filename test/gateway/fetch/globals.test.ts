import assert from "node:assert/strict";
import { test } from "node:test";
import { installFetchGlobals } from "../../../src/gateway/fetch/globals.ts";
import { fetchHandler } from "../../../src/gateway/fetch/handler.ts";
import { LightHeaders } from "../../../src/gateway/fetch/headers.ts";
import { LightRequest } from "../../../src/gateway/fetch/request.ts";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { answer, connect, start } from "../../server/support.ts";

const NATIVE = { Headers, Request, Response, fetch };

test("the light classes stand in for the globals until that is undone", () => {
  const undo = installFetchGlobals();
  assert.deepEqual(
    { Headers, Request, Response },
    { Headers: LightHeaders, Request: LightRequest, Response: LightResponse },
  );
  assert.equal(new Request("http://a/").constructor, Request);
  assert.equal(installFetchGlobals(), undo, "a second time changes nothing");
  undo();
  assert.deepEqual({ Headers, Request, Response, fetch }, NATIVE);
  assert.equal(new Request("http://a/").constructor, Request);
  undo();
  assert.deepEqual({ Headers, Request, Response, fetch }, NATIVE);
});

test("what somebody else has put in their place stays", (t) => {
  const undo = installFetchGlobals();
  class Theirs {}
  globalThis.Response = Theirs as never;
  t.after(() => {
    globalThis.Response = NATIVE.Response;
  });
  undo();
  assert.equal(globalThis.Response, Theirs);
  assert.equal(globalThis.Request, NATIVE.Request);
});

test("the platform's fetch gives responses that are instances of the global Response", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "x"));
  t.after(installFetchGlobals());
  const response = await fetch(server.url);
  assert.ok(response instanceof Response);
  assert.ok(response.headers instanceof Headers);
  assert.equal(await new Response(response.body, response).text(), "x");
});

test("fetch takes a received request, and leaves out what was the connection's", async (t) => {
  const upstream = await start(t, async (exchange) => {
    const fields = [...exchange.head.fields].map(([name]) => name.toLowerCase());
    const piece = await exchange.body.read();
    answer(
      exchange,
      JSON.stringify({ method: exchange.head.method, fields, body: piece && Buffer.from(piece).toString() }),
    );
  });
  t.after(installFetchGlobals());
  const { port } = new URL(upstream.url);
  const proxy = await start(
    t,
    fetchHandler((request) => fetch(new Request(`http://127.0.0.1:${port}/`, request))),
  );
  const direct = await start(
    t,
    fetchHandler((request) => fetch(request)),
  );
  for (const [server, host] of [
    [proxy, "a"],
    [direct, `127.0.0.1:${port}`],
  ] as const) {
    const client = await connect(t, server);
    await client.send(
      `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: keep-alive, x\r\nKeep-Alive: 5\r\nX: 1\r\nContent-Length: 5\r\n\r\nhello`,
    );
    const { method, body } = JSON.parse((await client.response()).text);
    assert.deepEqual([method, body], ["POST", "hello"]);
  }
});
