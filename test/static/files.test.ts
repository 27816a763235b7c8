import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { utimesSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Handler } from "../../src/gateway/contract.ts";
import { files } from "../../src/static/index.ts";
import { tagOfBytes } from "../../src/static/representation.ts";
import { answer, connect, start } from "../server/support.ts";
import { ask, makeTree, placeOf, visit } from "./support.ts";

const SITE = {
  "index.html": "<h1>Home</h1>",
  "404.html": "<h1>Lost</h1>",
  "style.css": "body {}",
  "data.json": "{}",
  "empty.txt": "",
  "a b é.txt": "spaced",
  "100%.txt": "per cent",
  "sub/index.html": "<h1>Sub</h1>",
  "sub/page.html": "<h1>Page</h1>",
  "bare/file.txt": "file",
  "index-is-a-directory/index.html/file.txt": "file",
  "large.bin": Buffer.alloc(300_000, "0123456789"),
};

const home = (t: TestContext, options = {}) => visit(t, makeTree(t, SITE), options);

test("a file comes byte for byte, with its type, length and validators, and nosniff", async (t) => {
  const root = makeTree(t, SITE);
  utimesSync(path.join(root, "style.css"), new Date(), new Date("2024-02-29T12:34:56.789Z"));
  const client = await visit(t, root);
  const response = await client.get("/style.css");
  assert.equal(response.statusLine, "HTTP/1.1 200 OK");
  assert.deepEqual(response.fields, [
    `Date: ${response.field("Date")}`,
    "Content-Type: text/css; charset=utf-8",
    "X-Content-Type-Options: nosniff",
    "Cache-Control: no-cache",
    `ETag: ${tagOfBytes(Buffer.from("body {}"))}`,
    "Last-Modified: Thu, 29 Feb 2024 12:34:56 GMT",
    "Accept-Ranges: bytes",
    "Content-Length: 7",
  ]);
  assert.equal(response.text, "body {}");

  const large = await client.get("/large.bin");
  assert.equal(large.field("Content-Type"), "application/octet-stream");
  assert.ok(large.body.equals(SITE["large.bin"]));
  assert.equal((await client.get("/empty.txt")).field("Content-Length"), "0");
});

test("a root can be a URL, such as one beside a module", async (t) => {
  const root = makeTree(t, { "a b/a.txt": "a" });
  const beside = pathToFileURL(`${root}/module.ts`);
  const client = await connect(t, await start(t, files(new URL("./a%20b", beside))));
  assert.equal((await client.get("/a.txt")).text, "a");
  assert.throws(() => files(new URL("http://a/b")), TypeError);
});

test("a second request gives the same bytes as the first", async (t) => {
  const client = await home(t);
  for (const target of ["/", "/style.css", "/large.bin", "/a%20b%20%C3%A9.txt", "/none"]) {
    const [first, second] = [await client.get(target), await client.get(target)];
    const fields = (lines: readonly string[]) => lines.filter((line) => !line.startsWith("Date:"));
    assert.deepEqual(fields(second.fields), fields(first.fields), target);
    assert.ok(second.body.equals(first.body), target);
  }
});

test("a name is found in every spelling of it, with or without a query", async (t) => {
  const client = await home(t);
  for (let round = 0; round < 2; round++) {
    for (const target of ["/style.css", "/style.css?v=2", "//style.css", "/%73tyle.css", "http://a/style.css?x"]) {
      assert.equal((await client.get(target)).text, "body {}", target);
    }
    assert.equal((await client.get("/a%20b%20%c3%a9.txt")).text, "spaced");
    assert.equal((await client.get("/100%25.txt")).text, "per cent");
    assert.equal((await client.get("/100%2525.txt")).status, 404);
    assert.equal((await client.get("/100%.txt")).status, 400);
  }
});

test("HEAD gives what GET gives, without the body", async (t) => {
  const client = await home(t);
  for (const target of ["/", "/style.css", "/large.bin", "/empty.txt", "/sub", "/none", "/%zz"]) {
    const get = await client.get(target);
    const head = await ask(client, "HEAD", target);
    assert.equal(head.status, get.status, target);
    const fields = (lines: readonly string[]) => lines.filter((line) => !line.startsWith("Date:"));
    assert.deepEqual(fields(head.fields), fields(get.fields), target);
  }
});

test("a directory with a slash is its index.html, without one it redirects", async (t) => {
  const client = await home(t);
  assert.equal((await client.get("/")).text, "<h1>Home</h1>");
  assert.equal((await client.get("/?q")).text, "<h1>Home</h1>");
  assert.equal((await client.get("/sub/")).text, "<h1>Sub</h1>");
  assert.equal((await client.get("/sub/")).field("Content-Type"), "text/html; charset=utf-8");

  const redirect = await client.get("/sub");
  assert.equal(redirect.status, 308);
  assert.equal(redirect.field("Location"), "./sub/");
  assert.equal(redirect.field("Cache-Control"), "no-cache");
  assert.equal(redirect.text, "");
});

test("a redirect keeps the query and stays on this site", async (t) => {
  const client = await visit(t, makeTree(t, { "sub/evil.com/index.html": "", "evil.com/sub/index.html": "" }));
  const locations = {
    "/evil.com/sub?a=1&b=//c": "/evil.com/sub/?a=1&b=//c",
    "/evil.com/sub?": "/evil.com/sub/?",
    "//evil.com/sub": "/evil.com/sub/",
    "////evil.com//sub": "/evil.com/sub/",
    "/%65vil.com/sub": "/%65vil.com/sub/",
  };
  for (const [target, location] of Object.entries(locations)) {
    const response = await client.get(target);
    assert.equal(response.status, 308, target);
    assert.equal(placeOf(response, target), location);
  }
  assert.equal((await client.get("http://evil.com//evil.com/sub")).field("Location"), "/evil.com/sub/");
  for (const target of ["//evil.com/..//sub", "//evil.com//..//sub", "/%5cevil.com/sub"]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
});

test("a file is no directory, and a directory without an index is not there", async (t) => {
  const client = await home(t);
  for (const target of [
    "/style.css/",
    "/style.css/x",
    "/sub/page.html/",
    "/bare",
    "/bare/",
    "/index-is-a-directory/",
  ]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
  assert.equal((await client.get("/index-is-a-directory/index.html")).status, 404);
  assert.equal((await client.get("/bare/file.txt")).text, "file");
});

test("what is missing is a 404 with the site's own page, whatever was asked of it", async (t) => {
  const client = await home(t);
  for (const fields of ["", "Range: bytes=0-1\r\n", "If-None-Match: *\r\n", "If-Match: *\r\n"]) {
    const response = await client.get("/none", fields);
    assert.equal(response.status, 404);
    assert.equal(response.text, "<h1>Lost</h1>");
    assert.deepEqual(response.fields.slice(1), [
      "Content-Type: text/html; charset=utf-8",
      "X-Content-Type-Options: nosniff",
      "Cache-Control: no-cache",
      "Content-Length: 13",
    ]);
  }
  assert.equal((await client.get("/404.html")).status, 200);
});

test("without a page of its own the site gets one, in a few words", async (t) => {
  const client = await visit(t, makeTree(t, { "404.html/x": "" }));
  const response = await client.get("/none");
  assert.equal(response.status, 404);
  assert.equal(response.field("Content-Type"), "text/html; charset=utf-8");
  assert.match(response.text, /<h1>404 Not Found<\/h1>/);
});

test("a refusal is a page that runs nothing, and text for who wants no HTML", async (t) => {
  const headers = { "Content-Security-Policy": "script-src *", "Content-Type": "image/png", "X-Site": "a" };
  for (const options of [{}, { headers }]) {
    const client = await visit(t, makeTree(t, { "a.txt": "a" }), options);
    const cases: [status: number, target: string, fields: string][] = [
      [404, "/none", ""],
      [400, "/%ff", ""],
      [412, "/a.txt", "If-Match: none\r\n"],
      [416, "/a.txt", "Range: bytes=5-\r\n"],
    ];
    for (const [status, target, fields] of cases) {
      const page = await client.get(target, `Accept: text/html,*/*;q=0.8\r\n${fields}`);
      const text = await client.get(target, `Accept: application/json, text/plain;q=0.5\r\n${fields}`);
      assert.deepEqual([page.status, text.status], [status, status]);
      assert.equal(page.field("Content-Type"), "text/html; charset=utf-8");
      assert.equal(text.field("Content-Type"), "text/plain; charset=utf-8");
      assert.match(text.text, new RegExp(`^${status} [A-Z][A-Za-z ]+\n[A-Z][a-z ,]+\\.\n$`));
      const [, style] = /<style>(.*)<\/style>/s.exec(page.text)!;
      const hash = createHash("sha256").update(style!).digest("base64");
      assert.match(
        page.field("Content-Security-Policy")!,
        /^default-src 'none'; style-src 'sha256-[^ ]+'; img-src data:;/,
      );
      assert.ok(page.field("Content-Security-Policy")!.includes(hash));
      assert.equal(page.field("Vary"), "Accept");
      assert.equal(page.field("X-Site"), options.headers === undefined ? null : "a");
    }
  }
});

test("a large 404.html is sent in pieces, with its status", async (t) => {
  const client = await visit(t, makeTree(t, { "404.html": Buffer.alloc(300_000, "x") }));
  const response = await client.get("/none");
  assert.equal(response.status, 404);
  assert.equal(response.body.length, 300_000);
  assert.equal(response.field("ETag"), null);
});

test("a path that is malformed is a 400, a name that is too long a 404", async (t) => {
  const client = await home(t);
  for (const target of ["/%00", "/style.css%00", "/%", "/%c0%ae", "/style%"]) {
    assert.equal((await client.get(target)).status, 400, target);
  }
  for (const target of [`/${"x".repeat(256)}`, `/${"x".repeat(6000)}`, `/${"x/".repeat(3000)}`, "/%ef%bf%bf"]) {
    assert.equal((await client.get(target)).status, 404);
  }
});

for (const target of ["/style.css", "/large.bin"]) {
  test(`a client that has ${target} is told so`, async (t) => {
    const client = await home(t);
    const first = await client.get(target);
    const etag = first.field("ETag");
    const fresh = await client.get(target, `If-None-Match: ${etag}\r\n`);
    assert.equal(fresh.statusLine, "HTTP/1.1 304 Not Modified");
    assert.deepEqual(fresh.fields.slice(1), ["Cache-Control: no-cache", `ETag: ${etag}`]);
    const conditions: Record<string, number> = {
      [`If-None-Match: "other", ${etag}`]: 304,
      "If-None-Match: *": 304,
      [`If-Modified-Since: ${first.field("Last-Modified")}`]: 304,
      [`If-None-Match: "other"\r\nIf-Modified-Since: ${first.field("Last-Modified")}`]: 200,
      "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT": 200,
      "If-Modified-Since: 2999-01-01": 200,
      [`If-Unmodified-Since: ${first.field("Last-Modified")}`]: 200,
      "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT": 412,
      "If-Match: *": 200,
      [`If-Match: ${etag}`]: 200,
      'If-Match: "other"': 412,
    };
    for (const [fields, status] of Object.entries(conditions)) {
      const head = await ask(client, "HEAD", target, `${fields}\r\n`);
      const get = await client.get(target, `${fields}\r\n`);
      assert.deepEqual([get.status, head.status], [status, status], fields);
      if (status === 200) assert.ok(get.body.equals(first.body));
    }
  });
}

test("other methods are refused on a file with what it allows, and OPTIONS tells", async (t) => {
  const client = await home(t);
  for (const target of ["/style.css", "/large.bin", "/", "/sub", "/sub/"]) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "get"]) {
      const response = await ask(client, method, target, "Content-Length: 0\r\n");
      assert.equal(response.status, 405, `${method} ${target}`);
      assert.equal(response.field("Allow"), "GET, HEAD, OPTIONS");
    }
    const options = await ask(client, "OPTIONS", target);
    assert.equal(options.status, 204);
    assert.equal(options.field("Allow"), "GET, HEAD, OPTIONS");
  }
  assert.equal((await ask(client, "OPTIONS", "*")).status, 204);
  assert.equal((await ask(client, "POST", "/none", "Content-Length: 0\r\n")).status, 404);
  assert.equal((await ask(client, "OPTIONS", "/none")).status, 404);
});

test("under a prefix stands the site, and beside it nothing", async (t) => {
  for (const prefix of ["/assets/v%201", "/assets/v%201/"]) {
    const client = await home(t, { prefix });
    assert.equal((await client.get("/assets/v%201/style.css")).text, "body {}");
    assert.equal((await client.get("/assets/v%201/")).text, "<h1>Home</h1>");
    assert.equal((await client.get("/assets/v%201?x")).field("Location"), "./v%201/?x");
    assert.equal((await client.get("//assets/v%201/sub")).field("Location"), "/assets/v%201/sub/");
    assert.equal((await client.get("/assets/v%201/none")).text, "<h1>Lost</h1>");
    for (const target of ["/style.css", "/assets", "/assets/", "/assets/v%2010/style.css", "/assets/v%201style.css"]) {
      assert.equal((await client.get(target)).status, 404, target);
    }
  }
  assert.throws(() => files(makeTree(t, {}), { prefix: "assets" }), TypeError);
  assert.throws(() => files(makeTree(t, {}), { prefix: "/a/../b" }), TypeError);
});

test("what is no file is for the next application, with any method and as it came", async (t) => {
  const next: Handler = (exchange) => answer(exchange, `app: ${exchange.head.method} ${exchange.head.target}`);
  const client = await home(t, { next });
  assert.equal((await client.get("/style.css")).text, "body {}");
  assert.equal((await client.get("/sub")).status, 308);
  assert.equal((await ask(client, "POST", "/style.css", "Content-Length: 0\r\n")).status, 405);
  assert.equal((await ask(client, "OPTIONS", "/style.css")).status, 204);
  for (const target of ["/none?q", "/bare", "/bare/", "/.env", "/../a", "/100%", "/%00"]) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const response = await ask(client, method, target, "Content-Length: 0\r\n");
      assert.equal(response.text, `app: ${method} ${target}`);
    }
  }
  assert.equal((await ask(client, "OPTIONS", "*")).text, "app: OPTIONS *");
});

test("sites compose: each is asked in turn", async (t) => {
  const first = makeTree(t, { "a.txt": "first" });
  const second = makeTree(t, { "a.txt": "second", "b.txt": "second" });
  const client = await visit(t, first, { next: files(second, { prefix: "/" }) });
  assert.equal((await client.get("/a.txt")).text, "first");
  assert.equal((await client.get("/b.txt")).text, "second");
  assert.equal((await client.get("/c.txt")).status, 404);
});

test("Cache-Control is what the site says, on 200 and 304", async (t) => {
  const client = await home(t, { cacheControl: "public, max-age=60" });
  const first = await client.get("/style.css");
  assert.equal(first.field("Cache-Control"), "public, max-age=60");
  const second = await client.get("/style.css", `If-None-Match: ${first.field("ETag")}\r\n`);
  assert.equal(second.field("Cache-Control"), "public, max-age=60");
  assert.equal((await client.get("/none")).field("Cache-Control"), "no-cache");
});
