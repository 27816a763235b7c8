/** Fields of all responses, scripts of other origins, isolation, and a password: as options of files. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { files } from "../../src/static/index.ts";
import { answer } from "../server/support.ts";
import { ask, makeTree, visit } from "./support.ts";

const SITE = { "index.html": "home", "app.js": "let a;", "404.html": "lost", "sub/index.html": "sub" };
const site = (t: TestContext, options = {}) => visit(t, makeTree(t, SITE), options);

const PREFLIGHT = "Origin: http://b\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: range\r\n";

test("a field that is set is in every response, once, in the place of what would be said otherwise", async (t) => {
  const headers = {
    "X-Frame-Options": "DENY",
    "cache-control": "max-age=5",
    Vary: "Cookie",
    "Content-Type": "text/x-own",
  };
  const client = await site(t, { headers });
  const { field: etag } = await client.get("/app.js");
  for (let round = 0; round < 2; round++) {
    for (const [status, fields] of [
      [200, ""],
      [206, "Range: bytes=0-1\r\n"],
      [206, "Range: bytes=0-0,2-2\r\n"],
      [304, `If-None-Match: ${etag("ETag")}\r\n`],
    ] as const) {
      const response = await client.get("/app.js", fields);
      assert.equal(response.status, status);
      assert.equal(response.field("X-Frame-Options"), "DENY");
      assert.equal(response.field("Cache-Control"), "max-age=5");
      assert.equal(response.field("Vary"), "Cookie");
      if (fields.includes(",")) {
        assert.match(response.field("Content-Type")!, /^multipart\/byteranges; boundary=/);
        assert.match(response.text, /\r\nContent-Type: text\/x-own\r\n/);
      } else assert.equal(response.field("Content-Type"), status === 304 ? null : "text/x-own");
    }
  }
});

test("errors and redirects have it too, but are not kept for as long as a file", async (t) => {
  const client = await site(t, { headers: { "X-Frame-Options": "DENY", "Cache-Control": "max-age=5" } });
  const answers = [
    await client.get("/none"),
    await client.get("/%00"),
    await client.get("/sub"),
    await client.get("/app.js", 'If-Match: "a"\r\n'),
    await client.get("/app.js", "Range: bytes=99-\r\n"),
    await ask(client, "DELETE", "/app.js"),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [404, 400, 308, 412, 416, 405],
  );
  for (const response of answers) {
    assert.equal(response.field("X-Frame-Options"), "DENY", response.statusLine);
    assert.equal(response.field("Cache-Control"), "no-cache", response.statusLine);
  }
  assert.equal((await ask(client, "OPTIONS", "/app.js")).field("X-Frame-Options"), "DENY");
});

test("a field that cannot be set is refused when the site is made", (t) => {
  const root = makeTree(t, SITE);
  for (const headers of [{ "Content-Length": "5" }, { "X-A": "a\r\nSet-Cookie: b" }, { "a b": "c" }, { ETag: '"a"' }]) {
    assert.throws(() => files(root, { headers }), TypeError, JSON.stringify(headers));
  }
  assert.throws(() => files(root, { cacheControl: "no-cache\n" }), TypeError);
});

test("with cors, scripts of any origin may read a file and all its fields, and a preflight is answered", async (t) => {
  const client = await site(t, { cors: true });
  for (const target of ["/app.js", "/none", "/sub"]) {
    const { field } = await client.get(target, "Origin: http://b\r\n");
    assert.equal(field("Access-Control-Allow-Origin"), "*");
    assert.equal(field("Access-Control-Expose-Headers"), "*");
  }
  for (const target of ["/app.js", "/none"]) {
    const { status, field } = await ask(client, "OPTIONS", target, PREFLIGHT);
    assert.equal(status, 204);
    assert.equal(field("Access-Control-Allow-Headers"), "*, Authorization");
    assert.match(field("Access-Control-Allow-Methods")!, /^GET, /);
  }
  assert.equal((await ask(client, "OPTIONS", "/app.js")).field("Allow"), "GET, HEAD, OPTIONS");
  const plain = await site(t);
  assert.equal((await ask(plain, "OPTIONS", "/app.js", PREFLIGHT)).field("Access-Control-Allow-Origin"), null);
});

test("with isolate, pages and what workers load are isolated", async (t) => {
  const client = await site(t, { isolate: true });
  for (const target of ["/", "/app.js", "/none"]) {
    const { field } = await client.get(target);
    assert.equal(field("Cross-Origin-Opener-Policy"), "same-origin");
    assert.equal(field("Cross-Origin-Embedder-Policy"), "require-corp");
  }
});

const credentials = (text: string) => `Authorization: Basic ${Buffer.from(text).toString("base64")}\r\n`;

test("with auth, nothing is answered without the name and the password, not even that it is not there", async (t) => {
  const next = (exchange: Parameters<typeof answer>[0]) => answer(exchange, "next");
  const client = await site(t, { auth: "ada:pass:wörd", next, headers: { "X-A": "a" } });
  for (const fields of [
    "",
    credentials("ada:pass:word"),
    credentials("ada:pass:wörd "),
    credentials("eve:pass:wörd"),
    credentials("ada"),
    credentials(""),
    "Authorization: Basic\r\n",
    "Authorization: Basic !!!\r\n",
    `Authorization: Bearer ${Buffer.from("ada:pass:wörd").toString("base64")}\r\n`,
  ]) {
    for (const target of ["/app.js", "/none", "/%00", "/sub"]) {
      const response = await client.get(target, fields);
      assert.equal(response.status, 401, `${target} ${fields}`);
      assert.equal(response.field("WWW-Authenticate"), 'Basic realm="portico", charset="UTF-8"');
      assert.equal(response.field("Cache-Control"), "no-store");
      assert.equal(response.field("X-A"), "a");
      assert.equal(response.field("ETag"), null);
    }
  }
  for (const fields of [credentials("ada:pass:wörd"), credentials("ada:pass:wörd").replace("Basic", "bAsIc ")]) {
    assert.equal((await client.get("/app.js", fields)).text, "let a;");
    assert.equal((await client.get("/none", fields)).text, "next");
  }
  assert.equal((await client.get("/app.js")).status, 401);
});

test("credentials without a name or a colon are refused when the site is made, and not repeated", (t) => {
  const root = makeTree(t, SITE);
  for (const auth of ["", "ada", ":secret", "ada:sec\nret"]) {
    assert.throws(
      () => files(root, { auth }),
      (error: Error) => error instanceof TypeError && !error.message.includes("sec"),
    );
  }
});

test("a preflight, which has no credentials, passes a password with cors only", async (t) => {
  const open = await site(t, { auth: "ada:secret", cors: true });
  assert.equal((await ask(open, "OPTIONS", "/app.js", PREFLIGHT)).status, 204);
  assert.equal((await open.get("/app.js", "Origin: http://b\r\n")).field("Access-Control-Allow-Origin"), "*");
  const closed = await site(t, { auth: "ada:secret" });
  assert.equal((await ask(closed, "OPTIONS", "/app.js", PREFLIGHT)).status, 401);
});

test("one directory behind the other, each under its prefix with its own fields, and an application behind all", async (t) => {
  const assets = makeTree(t, { "a.txt": "asset", "same.txt": "first" });
  const pages = makeTree(t, { "index.html": "shell", "same.txt": "second", "only.html": "only" });
  const next = (exchange: Parameters<typeof answer>[0]) => answer(exchange, "next");
  const second = files(pages, { cleanUrls: true, headers: { "X-Site": "pages" }, next });
  const client = await visit(t, assets, {
    prefix: "/",
    headers: { "X-Site": "assets" },
    next: files(assets, { prefix: "/static", next: second }),
  });
  for (const [target, text, named] of [
    ["/a.txt", "asset", "assets"],
    ["/same.txt", "first", "assets"],
    ["/static/a.txt", "asset", null],
    ["/", "shell", "pages"],
    ["/only", "only", "pages"],
    ["/static/none", "next", null],
    ["/none", "next", null],
  ] as const) {
    const response = await client.get(target);
    assert.deepEqual([response.text, response.field("X-Site")], [text, named], target);
  }
  assert.equal((await ask(client, "POST", "/form", "Content-Length: 0\r\n")).text, "next");
});
