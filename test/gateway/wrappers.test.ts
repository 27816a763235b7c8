/** What stands around any application: fields on its responses, answers to preflights, a password. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { basicAuth } from "../../src/gateway/basic-auth.ts";
import type { Exchange, Handler } from "../../src/gateway/contract.ts";
import { lint } from "../../src/gateway/lint.ts";
import { withPreflights } from "../../src/gateway/preflight.ts";
import { withFields } from "../../src/gateway/with-fields.ts";
import { connect, start } from "../server/support.ts";

const CONSTANT = Object.freeze(["X-A", "own", "X-Own", "own"]);

/** Streams, informs, and answers with constant fields, its own, or none at all. */
const application: Handler = (exchange: Exchange) => {
  const { target } = exchange.head;
  if (target === "/throw") throw new Error("oops");
  if (target === "/hint") exchange.inform(103, ["Link", "</a>"]);
  if (target === "/bare") exchange.start(204);
  else exchange.start(200, target === "/constant" ? CONSTANT : [...CONSTANT]);
  if (target === "/stream") exchange.write("a");
  exchange.end(target === "/bare" ? undefined : "b");
};

test("fields that are set are on every final response, whatever it was started with", async (t) => {
  const changes = { set: ["X-A", "set", "X-B", "set"], remove: new Set(["x-gone"]) };
  const server = await start(t, lint(withFields(application, changes)), { onError: () => {} });
  const client = await connect(t, server);
  for (const target of ["/constant", "/constant", "/list", "/stream", "/bare"]) {
    const { status, field } = await client.get(target);
    assert.deepEqual([field("X-A"), field("X-B")], ["set", "set"], target);
    assert.equal(field("X-Own"), status === 204 ? null : "own", target);
  }
  await client.send("GET /hint HTTP/1.1\r\nHost: a\r\n\r\n");
  const hint = await client.response();
  assert.deepEqual([hint.status, hint.field("X-B")], [103, null]);
  assert.equal((await client.response()).field("X-B"), "set");
  assert.deepEqual([(await client.get("/throw")).status, CONSTANT.length], [500, 4]);
});

test("a preflight is answered in front of the application, and nothing else is", async (t) => {
  const client = await connect(t, await start(t, lint(withPreflights(application))));
  const asking = "Origin: http://b\r\nAccess-Control-Request-Method: PUT\r\n";
  for (const [fields, status] of [
    [asking, 204],
    ["Origin: http://b\r\n", 200],
    ["Access-Control-Request-Method: PUT\r\n", 200],
  ] as const) {
    await client.send(`OPTIONS /list HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    assert.equal((await client.response()).status, status, fields);
  }
  assert.equal((await client.get("/list", asking)).status, 200);
});

test("who has no password does not reach the application", async (t) => {
  let reached = 0;
  const counted: Handler = (exchange) => {
    reached++;
    return application(exchange);
  };
  const client = await connect(t, await start(t, lint(basicAuth(counted, "ada:secret"))));
  const given = (text: string) => `Authorization: Basic ${Buffer.from(text).toString("base64")}\r\n`;
  for (const fields of [
    "",
    given("ada:secre"),
    given("ada:secrett"),
    given("adasecret"),
    "Authorization: Basic =\r\n",
  ]) {
    const { status, field } = await client.get("/list", fields);
    assert.deepEqual([status, field("WWW-Authenticate")], [401, 'Basic realm="portico", charset="UTF-8"']);
  }
  assert.equal(reached, 0);
  assert.equal((await client.get("/list", given("ada:secret"))).status, 200);
  assert.equal(reached, 1);
});
