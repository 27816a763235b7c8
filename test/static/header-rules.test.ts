/** `_headers`: what a site says of its paths, on raw sockets. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { FilesOptions } from "../../src/static/index.ts";
import { ask, makeTree, settled, type Tree, visit } from "./support.ts";

const SITE = {
  "index.html": "home",
  "404.html": "lost",
  "app.js": "let a;",
  "photo.jpg": "jpg",
  "secure/page.html": "page",
  "blog/2004/post.html": "post",
  "well-known": "{}",
};

/** A client of a site with these rules; what was wrong with them is in `log`. */
async function visitRules(t: TestContext, headers: string, options: FilesOptions = {}, tree: Tree = SITE) {
  const root = makeTree(t, { ...tree, _headers: headers });
  const log: string[] = [];
  const client = await visit(t, root, { log: (line) => log.push(line.replace(root, "")), ...options });
  return { client, log, root };
}

test("the fields of all patterns that match are sent, values of one name as one list", async (t) => {
  const { client, log } = await visitRules(
    t,
    `
# A comment
/*
  X-Frame-Options: DENY
  Link: </a>; rel=preload
/app.js
  Link: </b>; rel=preload
  X-Robots-Tag: noindex
	Set-Cookie: a=1
  Set-Cookie: b=2
/secure/*
  X-Other: yes`,
  );
  const app = await client.get("/app.js");
  assert.equal(app.field("X-Frame-Options"), "DENY");
  assert.equal(app.field("Link"), "</a>; rel=preload, </b>; rel=preload");
  assert.equal(app.field("X-Robots-Tag"), "noindex");
  assert.equal(app.field("X-Other"), null);
  assert.deepEqual(
    app.fields.filter((line) => line.startsWith("Set-Cookie")),
    ["Set-Cookie: a=1", "Set-Cookie: b=2"],
  );
  const page = await client.get("/secure/page.html");
  assert.deepEqual([page.field("X-Other"), page.field("Link")], ["yes", "</a>; rel=preload"]);
  assert.deepEqual(log, []);
});

test("a rule takes the place of what is said by default, also on 206 and 304, and Vary is added to", async (t) => {
  const { client } = await visitRules(
    t,
    "/*\n Cache-Control: max-age=7\n Vary: Cookie\n/well-known\n Content-Type: application/json",
  );
  const whole = await client.get("/app.js");
  for (const fields of ["", "Range: bytes=0-0\r\n", `If-None-Match: ${whole.field("ETag")}\r\n`]) {
    const answer = await client.get("/app.js", fields);
    assert.equal(answer.field("Cache-Control"), "max-age=7", answer.statusLine);
    assert.equal(answer.field("Vary"), "Cookie", answer.statusLine);
  }
  const { field } = await client.get("/well-known");
  assert.deepEqual([field("Content-Type"), field("X-Content-Type-Options")], ["application/json", "nosniff"]);
});

test("! takes back a default, or what a rule above has said", async (t) => {
  const { client } = await visitRules(
    t,
    "/*\n X-A: 1\n X-B: 1\n! X-Content-Type-Options\n/app.js\n ! x-a\n X-B: 2\n/secure/*\n! X-B\n X-B: 3",
  );
  const app = await client.get("/app.js");
  assert.deepEqual([app.field("X-A"), app.field("X-B"), app.field("X-Content-Type-Options")], [null, "1, 2", null]);
  assert.equal((await client.get("/secure/page.html")).field("X-B"), "3");
});

test("what a pattern captures can be in a value, and cannot end it", async (t) => {
  const { client } = await visitRules(t, "/blog/:year/*\n X-At: :year and :splat of :nobody");
  assert.equal((await client.get("/blog/2004/post.html")).field("X-At"), "2004 and post.html of :nobody");
  const { client: other } = await visitRules(t, "/*\n X-At: :splat", {}, { "a\r\nX-Evil: 1": "x" });
  const answer = await other.get("/a%0D%0AX-Evil:%201");
  assert.deepEqual([answer.status, answer.field("X-At"), answer.field("X-Evil")], [200, "a%0D%0AX-Evil:%201", null]);
});

test("what the options say goes over what the file says; a missing page has its rules but is not kept", async (t) => {
  const { client } = await visitRules(t, "/*\n X-A: file\n X-B: file\n Cache-Control: max-age=7", {
    headers: { "x-a": "option" },
  });
  const app = await client.get("/app.js");
  assert.deepEqual([app.field("X-A"), app.field("X-B")], ["option", "file"]);
  const missing = await client.get("/none");
  assert.deepEqual([missing.status, missing.field("X-B"), missing.field("Cache-Control")], [404, "file", "no-cache"]);
});

test("patterns are of paths below the prefix, as they are asked for", async (t) => {
  const { client } = await visitRules(t, "/\n X-A: home\n/app.js\n X-A: app\n/site/app.js\n X-A: wrong", {
    prefix: "/site",
  });
  assert.equal((await client.get("/site/")).field("X-A"), "home");
  assert.equal((await client.get("/site/index.html")).field("X-A"), null);
  assert.equal((await client.get("/site//app.js?x")).field("X-A"), "app");
});

test("a line that says nothing is named, and the others count", async (t) => {
  const { client, log } = await visitRules(
    t,
    [
      "X-Early: 1", // 1
      "/app.js",
      "  no field", // 3
      "  Content-Length: 5", // 4
      "  X-A: a\u0000b", // 5
      "  Basic-Auth: ada:secret", // 6
      "  a b: c", // 7
      "  X-Good: 1",
      "  ! Content-Type", // 9
      "  !Vary", // 10
      "https://example.com/*", // 11
      "  X-Host: 1", // 12
      "/:a/:a", // 13
      "  X-Twice: 1", // 14
      `  X-Long: ${"x".repeat(3000)}`, // 15
      "  X-Euro: \u20ac", // 16
    ].join("\r\n"),
  );
  const { field } = await client.get("/app.js");
  assert.equal(field("X-Good"), "1");
  for (const name of ["X-Early", "X-A", "Basic-Auth", "X-Host", "X-Twice", "X-Long"])
    assert.equal(field(name), null, name);
  assert.equal(field("Content-Length"), "6");
  assert.deepEqual(
    log.map((line) => Number(/^\/_headers:([0-9]+): .+; this line is ignored$/.exec(line)?.[1])),
    [1, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16],
  );
  assert.equal(log[4], "/_headers:6: Basic-Auth is not sent: the command has --auth; this line is ignored");
  assert.ok(log.every((line) => !line.includes("secret")));
});

test("a file of nonsense gives a bounded number of lines, and one that is too large is ignored", async (t) => {
  const { log } = await visitRules(t, "nonsense\n".repeat(5000));
  assert.equal(log.length, 21);
  assert.match(log[20]!, /4980 more lines are ignored/);
  const large = await visitRules(t, `/*\n X-A: 1\n${"# comment\n".repeat(110_000)}`);
  assert.match(large.log.join(), /larger than 1048576 bytes, and ignored/);
  assert.equal((await large.client.get("/app.js")).field("X-A"), null);
  const many = await visitRules(t, "/none\n X-A: 1\n".repeat(2100) + "/app.js\n X-A: 1\n");
  assert.match(many.log.join(), /of 2101 rules, the first 2100 count/);
  assert.equal((await many.client.get("/app.js")).field("X-A"), null);
});

test("a change of the file counts at once without an interval, and for files that are kept", async (t) => {
  const { client, root, log } = await visitRules(t, "/*\n X-A: 1", { checkInterval: 0 });
  const rules = path.join(root, "_headers");
  const said = async () => (await client.get("/app.js")).field("X-A");
  await settled(path.join(root, "app.js"));
  await settled(rules);
  for (let round = 0; round < 3; round++) assert.equal(await said(), "1");
  writeFileSync(rules, "/*\n X-A: 2\nnonsense");
  assert.equal(await said(), "2");
  await settled(rules);
  assert.equal(await said(), "2");
  rmSync(rules);
  assert.equal(await said(), null);
  writeFileSync(rules, "/*\n X-A: 3");
  assert.equal(await said(), "3");
  assert.equal(log.filter((line) => line.includes(":3:")).length, 1);
});

test("the files of rules and the configuration are never served, by no spelling, nor listed; others of the name are", async (t) => {
  const root = makeTree(t, {
    _headers: "/*\n X-A: 1",
    _redirects: "/a /b",
    "portico.config.json": "{}",
    "Portico.config.TS": "",
    "sub/_headers": "a file",
    "sub/portico.config.mjs": "",
    "config.txt": { link: "sub/portico.config.mjs" },
    "link.txt": { link: "_headers" },
    "index.txt": "x",
  });
  const client = await visit(t, root, { dotfiles: true, listing: true });
  for (const target of [
    "/_headers",
    "/_redirects",
    "/%5fheaders",
    "//_headers",
    "/_HEADERS",
    "/link.txt",
    "/_headers/",
    "/portico.config.json",
    "/portico%2econfig.json",
    "/Portico.config.TS",
    "/sub/portico.config.mjs",
    "/config.txt",
  ]) {
    assert.equal((await client.get(target)).status, 404, target);
    assert.equal((await ask(client, "HEAD", target)).status, 404, target);
  }
  assert.equal((await client.get("/sub/_headers")).text, "a file");
  const listed = JSON.parse((await client.get("/", "Accept: application/json\r\n")).text);
  assert.deepEqual(
    listed.entries.map(({ name }: { name: string }) => name),
    ["sub", "index.txt"],
  );
  const inner = JSON.parse((await client.get("/sub/", "Accept: application/json\r\n")).text);
  assert.deepEqual(
    inner.entries.map(({ name }: { name: string }) => name),
    ["_headers"],
  );
});

test("a directory, or a FIFO, of that name is no file of rules", async (t) => {
  const client = await visit(t, makeTree(t, { "_headers/a.txt": "a", "app.js": "x" }));
  assert.equal((await client.get("/app.js")).status, 200);
});
