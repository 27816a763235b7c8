/** What the ideal server of files does, point by point, on raw sockets. The details are in the tests beside this one. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, truncateSync, utimesSync, writeSync } from "node:fs";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { files } from "../../src/static/index.ts";
import { connect, INCOMPLETE, start } from "../server/support.ts";
import { ask, makeTree, placeOf, settled, until, visit } from "./support.ts";

const TEXT = "<p>All the way through.</p>\n".repeat(100);
const TREE = {
  "site/index.html": TEXT,
  "site/app.js": TEXT,
  "site/404.html": "lost",
  "site/empty.txt": "",
  "site/sub/index.html": "sub",
  "site/.env": "SECRET",
  "site/.well-known/security.txt": "contact",
  "site/link": { link: ".env" },
  "site/out": { link: "../outside" },
  "outside/secret.txt": "SECRET",
};

async function visitSite(t: TestContext) {
  const root = path.join(makeTree(t, TREE), "site");
  await settled(path.join(root, "app.js"));
  return { root, client: await visit(t, root) };
}

test("1. GET and HEAD alike, OPTIONS answered, everything else refused with what is allowed", async (t) => {
  const { client } = await visitSite(t);
  const [get, head] = [await client.get("/app.js"), await ask(client, "HEAD", "/app.js")];
  assert.deepEqual(head.fields.slice(1), get.fields.slice(1));
  const refused = await ask(client, "POST", "/app.js", "Content-Length: 0\r\n");
  assert.deepEqual([refused.status, refused.field("Allow")], [405, "GET, HEAD, OPTIONS"]);
  const options = await ask(client, "OPTIONS", "/app.js");
  assert.deepEqual([options.status, options.field("Allow")], [204, "GET, HEAD, OPTIONS"]);
});

test("2. preconditions in their order, strict dates, and only where the answer would be 2xx", async (t) => {
  const { client } = await visitSite(t);
  const etag = (await client.get("/app.js")).field("ETag");
  const statusOf = async (target: string, ...fields: string[]) =>
    (await client.get(target, fields.map((field) => `${field}\r\n`).join(""))).status;
  assert.equal(await statusOf("/app.js", 'If-Match: "a"', `If-None-Match: ${etag}`), 412);
  assert.equal(await statusOf("/app.js", `If-Match: ${etag}`, `If-None-Match: ${etag}`), 304);
  assert.equal(
    await statusOf("/app.js", 'If-None-Match: "a"', "If-Modified-Since: Fri, 31 Dec 2100 00:00:00 GMT"),
    200,
  );
  assert.equal(await statusOf("/app.js", "If-Modified-Since: 2100-12-31"), 200);
  assert.equal(await statusOf("/none", "If-None-Match: *"), 404);
  assert.equal(await statusOf("/none", "If-Match: *"), 404);
  assert.equal(await statusOf("/sub", 'If-Match: "a"'), 308);
});

test("3. a tag of the content, or one that shows a nanosecond; no time in the future", async (t) => {
  const { client, root } = await visitSite(t);
  const tag = (await client.get("/app.js")).field("ETag")!;
  assert.match(tag, /^"/);
  assert.notEqual((await client.get("/app.js", "Accept-Encoding: gzip\r\n")).field("ETag"), tag);
  const large = path.join(root, "large.bin");
  closeSync(openSync(large, "w"));
  truncateSync(large, 3_000_000);
  await settled(large);
  const first = (await client.get("/large.bin")).field("ETag")!;
  assert.match(first, /^"/);
  const descriptor = openSync(large, "r+");
  writeSync(descriptor, "changed");
  closeSync(descriptor);
  assert.notEqual((await client.get("/large.bin")).field("ETag"), first);
  utimesSync(large, new Date(), new Date("2100-01-01"));
  const { field } = await ask(client, "HEAD", "/large.bin");
  assert.ok(Date.parse(field("Last-Modified")!) <= Date.parse(field("Date")!));
});

test("4. 304 carries ETag, Vary and Cache-Control", async (t) => {
  const { client } = await visitSite(t);
  const whole = await client.get("/app.js");
  const answer = await client.get("/app.js", `If-None-Match: ${whole.field("ETag")}\r\n`);
  assert.equal(answer.status, 304);
  for (const field of ["ETag", "Vary", "Cache-Control"]) {
    assert.notEqual(answer.field(field), null);
    assert.equal(answer.field(field), whole.field(field));
  }
});

test("5. ranges on GET only, in any case, several at a time; 416 with the size; an empty file is whole", async (t) => {
  const { client } = await visitSite(t);
  const range = (spec: string, target = "/app.js") => client.get(target, `Range: ${spec}\r\n`);
  assert.equal((await range("Bytes=3-5")).text, "All");
  assert.match((await range("bytes=0-2,10-11")).field("Content-Type")!, /^multipart\/byteranges; boundary=/);
  assert.equal((await range("bytes=99999-")).field("Content-Range"), `bytes */${TEXT.length}`);
  assert.equal((await range("bytes=0-", "/empty.txt")).status, 200);
  assert.equal((await ask(client, "HEAD", "/app.js", "Range: bytes=0-1\r\n")).status, 200);
  const many = Array.from({ length: 200 }, (_, at) => `${2 * at}-${2 * at}`).join(",");
  assert.equal((await range(`bytes=${many}`)).status, 200);
});

test("6. codings by weight, br before gzip; Vary; no stale sibling; parts of the plain bytes", async (t) => {
  const root = makeTree(t, { "app.js": TEXT, "old.css": TEXT, "old.css.gz": gzipSync("stale") });
  utimesSync(path.join(root, "old.css.gz"), new Date(), new Date("2020-01-01"));
  for (const name of ["app.js", "old.css", "old.css.gz"]) await settled(path.join(root, name));
  const client = await visit(t, root);
  const get = (target: string, accepted: string) => client.get(target, `Accept-Encoding: ${accepted}\r\n`);
  assert.equal((await get("/app.js", "gzip, br")).field("Content-Encoding"), "br");
  assert.equal((await get("/app.js", "x-gzip, br;q=0.9")).field("Content-Encoding"), "gzip");
  assert.equal((await get("/app.js", "*;q=0")).field("Vary"), "Accept-Encoding");
  assert.ok((await get("/old.css", "gzip")).body.length > gzipSync("stale").length);
  const part = await client.get("/app.js", "Accept-Encoding: br\r\nRange: bytes=3-5\r\n");
  assert.deepEqual([part.text, part.field("Content-Encoding")], ["All", null]);
});

test("7. a path is decoded once: 400 for what is none, 404 for what is too long, and nothing else separates", async (t) => {
  const { client } = await visitSite(t);
  for (const target of ["/%00", "/%", "/%zz", "/%c0%ae%c0%ae/"]) {
    assert.equal((await client.get(target)).status, 400, target);
  }
  for (const target of ["/sub%2findex.html", "/sub%5cindex.html", "/%2561pp.js", `/${"x".repeat(4000)}`]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
  assert.equal((await client.get("/%61pp.js")).status, 200);
});

test("8. dot names hidden but .well-known, also behind a link; regular files only, and no open that waits", async (t) => {
  const { client, root } = await visitSite(t);
  for (const target of ["/.env", "/%2eenv", "/link", "/out/secret.txt"]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
  assert.equal((await client.get("/.well-known/security.txt")).text, "contact");
  if (spawnSync("mkfifo", [path.join(root, "fifo")]).status !== 0) return t.skip("there is no mkfifo");
  for (let count = 0; count < 8; count++) assert.equal((await client.get("/fifo")).status, 404);
});

test("9. a directory redirects on this site, with its query; a file has no slash behind it", async (t) => {
  const { client } = await visitSite(t);
  for (const target of ["/sub?a=1", "//sub?a=1", "////sub?a=1"]) {
    const answer = await client.get(target);
    assert.deepEqual([answer.status, placeOf(answer, target)], [308, "/sub/?a=1"], target);
  }
  assert.equal((await client.get("//evil.com//..//sub")).status, 404);
  assert.equal((await client.get("/app.js/")).status, 404);
});

test("10. a file that shrinks or grows while it is sent never corrupts the connection", async (t) => {
  const root = makeTree(t, { "large.bin": "", "small.txt": "small" });
  const location = path.join(root, "large.bin");
  const size = 64 * 1024 * 1024;
  const server = await start(t, files(root), { onError: () => {} });
  for (const [length, isWhole] of [
    [size * 2, true],
    [size / 2, false],
  ] as const) {
    truncateSync(location, size);
    const client = await connect(t, server);
    await client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => client.received.length > 0);
    client.pause();
    truncateSync(location, length);
    client.resume();
    if (!isWhole) {
      await assert.rejects(client.response(), INCOMPLETE);
      continue;
    }
    assert.equal((await client.response()).body.length, size);
    assert.equal((await client.get("/small.txt")).text, "small");
  }
});

test("11. text has its charset, nothing is sniffed, and caches ask before they use what they have", async (t) => {
  const { client } = await visitSite(t);
  const answer = await client.get("/app.js");
  assert.equal(answer.field("Content-Type"), "text/javascript; charset=utf-8");
  assert.equal(answer.field("X-Content-Type-Options"), "nosniff");
  assert.equal(answer.field("Cache-Control"), "no-cache");
});

test("12. the site's 404.html stays a 404, and knows no ranges and no preconditions", async (t) => {
  const { client } = await visitSite(t);
  for (const fields of ["", "Range: bytes=0-1\r\n", "If-None-Match: *\r\n"]) {
    const answer = await client.get("/none", fields);
    assert.deepEqual([answer.status, answer.text], [404, "lost"], fields);
  }
});

test("14. without being told otherwise it listens on loopback", async (t) => {
  const server = await start(t, files(makeTree(t, {})));
  assert.equal((server.address as AddressInfo).address, "127.0.0.1");
});
