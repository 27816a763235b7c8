/** One page for all places of an application that runs in the browser, and a 404 for a script that is not there. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { files } from "../../src/static/index.ts";
import { answer } from "../server/support.ts";
import { ask, makeTree, visit } from "./support.ts";

const SITE = { "index.html": "shell", "app.js": "let a;", "404.html": "lost", "docs/index.html": "docs" };
const NAVIGATION = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nSec-Fetch-Mode: navigate\r\n";

const app = (t: TestContext, options = {}) => visit(t, makeTree(t, SITE), { spa: true, ...options });

test("a navigation that finds no file gets the page, with 200", async (t) => {
  const client = await app(t);
  for (let round = 0; round < 2; round++) {
    for (const target of ["/dashboard", "/users/7", "/users/7/", "/users/jane.doe", "/release/v1.2", "/a?b=c.js"]) {
      for (const fields of [NAVIGATION, "Accept: text/html\r\n", "accept: image/webp, TEXT/HTML;q=0.5\r\n"]) {
        const response = await client.get(target, fields);
        assert.deepEqual([response.status, response.text], [200, "shell"], target);
        assert.equal(response.field("Vary"), "Accept, Sec-Fetch-Mode");
        assert.equal(response.field("Cache-Control"), "no-cache");
      }
    }
  }
  const { status, body } = await ask(client, "HEAD", "/dashboard", NAVIGATION);
  assert.deepEqual([status, body.length], [200, 0]);
});

test("what a page asks for and is not there is a 404, not HTML", async (t) => {
  const client = await app(t);
  const missing: [target: string, fields: string][] = [
    ["/gone.js", "Accept: */*\r\n"],
    ["/gone.js", NAVIGATION],
    ["/gone.css", NAVIGATION],
    ["/gone.tsx", NAVIGATION],
    ["/assets/gone.woff2", NAVIGATION],
    ["/gone.html", NAVIGATION],
    ["/module", "Accept: */*\r\n"],
    ["/module", ""],
    ["/api/users", "Accept: application/json\r\n"],
    ["/picture", "Accept: image/avif,image/webp,*/*;q=0.8\r\n"],
    ["/fetched", "Accept: text/html\r\nSec-Fetch-Mode: cors\r\n"],
    ["/script", "Accept: text/html\r\nSec-Fetch-Mode: no-cors\r\n"],
    ["/refused", "Accept: text/html;q=0, */*\r\n"],
    ["/refused", "Accept: text/html; q=0.000\r\n"],
  ];
  for (const [target, fields] of missing) {
    const response = await client.get(target, fields);
    assert.deepEqual([response.status, response.text], [404, "lost"], `${target} ${fields}`);
  }
  assert.equal((await ask(client, "POST", "/dashboard", `${NAVIGATION}Content-Length: 0\r\n`)).status, 404);
  for (const target of ["/%00", "/%zz"]) assert.equal((await client.get(target, NAVIGATION)).status, 400);
});

test("files go before the page, which is itself one of them", async (t) => {
  const client = await app(t);
  assert.equal((await client.get("/app.js", NAVIGATION)).text, "let a;");
  assert.equal((await client.get("/docs/", NAVIGATION)).text, "docs");
  const home = await client.get("/", NAVIGATION);
  assert.deepEqual([home.text, home.field("Vary")], ["shell", null]);
  const fallback = await client.get("/x", NAVIGATION);
  assert.equal(fallback.field("ETag"), home.field("ETag"));
  assert.equal((await client.get("/x", `${NAVIGATION}If-None-Match: ${home.field("ETag")}\r\n`)).status, 304);
});

test("another file can be the page; one that is not there, or is no file to be served, leaves a 404", async (t) => {
  const root = makeTree(t, { "app/shell.html": "other", "a%20b#.html": "odd", ".env": "SECRET", "404.html": "lost" });
  assert.equal((await (await visit(t, root, { spa: "a%20b#.html" })).get("/x", NAVIGATION)).text, "odd");
  for (const spa of ["app/shell.html", "/app/shell.html", "./app/shell.html"]) {
    assert.equal((await (await visit(t, root, { spa })).get("/x", NAVIGATION)).text, "other");
  }
  for (const spa of ["none.html", ".env", "app"]) {
    assert.equal((await (await visit(t, root, { spa })).get("/x", NAVIGATION)).status, 404, spa);
  }
  for (const spa of ["", "/", "a\0", "a\\b", "../x.html", "a/../../x"]) {
    assert.throws(() => files(root, { spa }), TypeError, spa);
  }
});

test("with an application behind it, navigations get the page and everything else the application", async (t) => {
  const client = await app(t, {
    prefix: "/app",
    next: (exchange: Parameters<typeof answer>[0]) => answer(exchange, "next"),
  });
  assert.equal((await client.get("/app/users", NAVIGATION)).text, "shell");
  assert.equal((await client.get("/app/users", "Accept: application/json\r\n")).text, "next");
  assert.equal((await client.get("/elsewhere", NAVIGATION)).text, "next");
  assert.equal((await ask(client, "POST", "/app/users", `${NAVIGATION}Content-Length: 0\r\n`)).text, "next");
});
