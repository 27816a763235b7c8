/** `_redirects`: paths that are elsewhere, or answered by another file, on raw sockets. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { readPath } from "../../src/http/path.ts";
import type { FilesOptions } from "../../src/static/index.ts";
import { readRedirectRules, redirectsFrom } from "../../src/static/redirect-rules.ts";
import { answer } from "../server/support.ts";
import { ask, makeTree, settled, visit } from "./support.ts";

const SITE = {
  "index.html": "home",
  "404.html": "lost",
  "closed.html": "closed",
  "about.html": "about",
  "app/index.html": "app",
  "blog/2004/post.html": "post",
  ".env": "SECRET",
  "photo.jpg": "jpg",
};

/** A client of a site with these rules; what was wrong with them is in `log`. */
async function visitRules(t: TestContext, redirects: string, options: FilesOptions = {}) {
  const root = makeTree(t, { ...SITE, _redirects: redirects });
  const log: string[] = [];
  const client = await visit(t, root, { log: (line) => log.push(line.replace(root, "")), ...options });
  const led = async (target: string, fields = "") => {
    const { status, text, field } = await client.get(target, fields);
    return [status, field("Location") ?? text];
  };
  return { client, log, root, led };
}

test("a path leads to another one, to another site, or to another file's answer", async (t) => {
  const { led, log } = await visitRules(
    t,
    `# A comment
/home                /
/old                 /new            302  # and one here
/google              https://www.google.com
/to/*                https://example.com/:splat?from=here#top 303
/news/:year/:slug    /blog/:year/:slug.html 308
/blog/:year/old      /blog/:year/post.html 200
/pass-through        /about.html     200
/directory           /app            200
/directory/*         /app/           200
/shop/*              /closed.html    404
`,
  );
  assert.deepEqual(await led("/home"), [301, "/"]);
  assert.deepEqual(await led("/home/"), [301, "/"]);
  assert.deepEqual(await led("/old"), [302, "/new"]);
  assert.deepEqual(await led("/google"), [301, "https://www.google.com/"]);
  assert.deepEqual(await led("/to/a/b%20c"), [303, "https://example.com/a/b%20c?from=here#top"]);
  assert.deepEqual(await led("/news/2004/x"), [308, "/blog/2004/x.html"]);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await led("/blog/2004/old"), [200, "post"]);
    assert.deepEqual(await led("/pass-through"), [200, "about"]);
    assert.deepEqual(await led("/directory"), [200, "app"]);
    assert.deepEqual(await led("/directory/a/b"), [200, "app"]);
    assert.deepEqual(await led("/shop/shoes"), [404, "closed"]);
    assert.deepEqual(await led("/nowhere"), [404, "lost"]);
  }
  assert.deepEqual(log, []);
});

test("the first rule that matches counts, and a file goes before all that are not forced", async (t) => {
  const { led } = await visitRules(t, "/a /1\n/a /2\n/about.html /3\n/photo.jpg /4 302!\n/* /index.html 200");
  assert.deepEqual(await led("/a"), [301, "/1"]);
  assert.deepEqual(await led("/about.html"), [200, "about"]);
  assert.deepEqual(await led("/photo.jpg"), [302, "/4"]);
  assert.deepEqual(await led("/anything/else.js"), [200, "home"]);
  assert.deepEqual(await led("/.env"), [200, "home"]);
});

test("a query is passed on, unless the rule has one of its own or has read it", async (t) => {
  const { led } = await visitRules(
    t,
    "/a /b\n/c /d?own=1#e\n/f /g#h\n/store id=:id kind=book /books/:id\n/store id=:id /items/:id?again=:id\n/store /all",
  );
  assert.deepEqual(await led("/a?x=1&y=%20"), [301, "/b?x=1&y=%20"]);
  assert.deepEqual(await led("/c?x=1"), [301, "/d?own=1#e"]);
  assert.deepEqual(await led("/f?x=1"), [301, "/g?x=1#h"]);
  assert.deepEqual(await led("/store?kind=book&id=7&more"), [301, "/books/7"]);
  assert.deepEqual(await led("/store?kind=film&id=7"), [301, "/items/7?again=7"]);
  assert.deepEqual(await led("/store?id="), [301, "/items/?again="]);
  assert.deepEqual(await led("/store"), [301, "/all"]);
});

test("nothing that a client sends makes a redirect lead to another host, or ends the field", async (t) => {
  const { led } = await visitRules(
    t,
    "/go/* /:splat\n/x/:a/* /:splat/:a\n/q to=:to /:to\n/p to=:to /see?url=:to\n/ext/* https://example.com/:splat\n/h/:name /:name",
  );
  const evil: [target: string, location: string][] = [
    ["/go//evil.com", "/evil.com"],
    ["/go/%0d%0aSet-Cookie:%20a=1", "/%0D%0ASet-Cookie:%20a=1"],
    ["/x/evil.com", "/evil.com"],
    ["/x/evil.com/", "/evil.com"],
    ["/q?to=/evil.com", "/%2Fevil.com"],
    ["/q?to=%2F%2Fevil.com", "/%2F%2Fevil.com"],
    ["/q?to=%5Cevil.com", "/%5Cevil.com"],
    ["/q?to=a%0D%0AX:y", "/a%0D%0AX%3Ay"],
    ["/p?to=a%26b%3Dc%23d", "/see?url=a%26b%3Dc%23d"],
    ["/ext/@evil.com", "https://example.com/@evil.com"],
    ["/ext/.evil.com", "https://example.com/.evil.com"],
    ["/h/javascript:alert(1)", "/javascript:alert(1)"],
    ["/h/%3Fa%23b", "/%3Fa%23b"],
  ];
  for (const [target, location] of evil) {
    assert.deepEqual(await led(target), [301, location], target);
    const { host } = new URL(location, "http://site/");
    assert.ok(host === "site" || host === "example.com", location);
  }
  for (const target of ["/go/%5Cevil.com", "/go/..%2f..", "/go/../x"])
    assert.equal((await led(target))[0], 404, target);
});

test("whatever is asked, a redirect on this site stays on it, and one to another site goes to that one", () => {
  const targets = [
    "/:splat",
    "/:a/:splat",
    "/:splat:a",
    "/:splat/:q",
    "/:a:q",
    "/:q",
    "/:q/:splat",
    "/:q/x",
    "/x?y=:q&z=:splat#w",
  ];
  const lines = targets.flatMap((to) => [`/:a/* q=:q ${to}`, `/:a/* q=:q https://example.com${to}`]);
  const rules = readRedirectRules(
    lines.map((line, at) => [at + 1, line]),
    assert.fail,
  );
  const character = fc.constantFrom(..."/\\.:@?#&=%a\t\r\n\0é ", "%2f", "%5C", "%0d%0a", "//", "\ud83d\ude00");
  const text = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, text, (path, query) => {
      const site = readPath(`/a/${path}`);
      if (typeof site === "number") return;
      const found = [...redirectsFrom(rules, site, `?q=${encodeURIComponent(query)}`, "")];
      assert.equal(found.length, lines.length);
      for (const [at, { location }] of found.entries()) {
        assert.match(location, /^[\x21-\x7e]+$/);
        assert.equal(new URL(location, "http://site").host, at % 2 === 0 ? "site" : "example.com", location);
      }
    }),
    { numRuns: 2000 },
  );
});

test("a file that answers is one that would be served: inside the root, and nothing hidden", async (t) => {
  const { led } = await visitRules(
    t,
    "/a /.env 200\n/b/* /:splat 200\n/c/* /../:splat 200\n/d file=:f /:f 200\n/e /_redirects 200\n/f /none 200\n/g/:x/* /:x:splat 200",
  );
  for (const target of [
    "/a",
    "/b/.env",
    "/b/%2e%2e/secret",
    "/c/etc/passwd",
    "/d?file=..%2F..%2Fetc%2Fpasswd",
    "/d?file=.env",
    "/e",
    "/b/_redirects",
    "/f",
    "/g/./.",
    "/g/.e/nv",
  ]) {
    assert.deepEqual(await led(target), [404, "lost"], target);
  }
  assert.deepEqual(await led("/d?file=about.html"), [200, "about"]);
  assert.deepEqual(await led("/b/blog/2004/post.html"), [200, "post"]);
});

test("a rule that leads to where it is asked is passed over", async (t) => {
  const { led } = await visitRules(
    t,
    "/loop/* /loop/:splat\n/slash /slash/\n/same /same 302!\n/about.html /about.html?a=1 302!",
  );
  assert.deepEqual(await led("/loop/a?b"), [404, "lost"]);
  assert.deepEqual(await led("/slash"), [301, "/slash/"]);
  assert.deepEqual(await led("/slash/"), [404, "lost"]);
  assert.deepEqual(await led("/same"), [404, "lost"]);
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await led("/about.html"), [302, "/about.html?a=1"]);
    assert.deepEqual(await led("/about.html?a=1"), [200, "about"]);
  }
});

test("a forced rule is asked before a file that is kept, whatever it was kept for", async (t) => {
  const root = makeTree(t, {
    ...SITE,
    _redirects: "/about.html secret=1 /closed.html 200!\n/other /about.html 200\n/closed.html / 302!",
  });
  for (const name of ["about.html", "closed.html", "_redirects"]) await settled(path.join(root, name));
  const client = await visit(t, root);
  for (let round = 0; round < 3; round++) {
    assert.equal((await client.get("/other")).text, "about");
    assert.equal((await client.get("/about.html")).text, "about");
    assert.equal((await client.get("/about.html?secret=1")).text, "closed");
    assert.equal((await client.get("/closed.html")).field("Location"), "/");
  }
});

test("rules are about GET and HEAD below the prefix; redirects keep it and are not kept themselves", async (t) => {
  const next = (exchange: Parameters<typeof answer>[0]) => answer(exchange, "next");
  const { client, led } = await visitRules(t, "/old /new\n/out https://example.com/\n/home / 200\n/site/old /wrong", {
    prefix: "/site",
    next,
    headers: { "X-A": "1" },
  });
  assert.deepEqual(await led("/site/old?a=1"), [301, "/site/new?a=1"]);
  assert.deepEqual(await led("//site//old"), [301, "/site/new"]);
  assert.deepEqual(await led("/site/out"), [301, "https://example.com/"]);
  assert.deepEqual(await led("/site/home"), [200, "home"]);
  assert.deepEqual(await led("/old"), [200, "next"]);
  assert.deepEqual(await led("/site/none"), [200, "next"]);
  const head = await ask(client, "HEAD", "/site/old");
  assert.deepEqual([head.status, head.field("Cache-Control"), head.field("X-A")], [301, "no-cache", "1"]);
  assert.equal((await ask(client, "POST", "/site/old", "Content-Length: 0\r\n")).text, "next");
});

test("they go before the page of --spa, and with clean URLs a page is named either way", async (t) => {
  const { led } = await visitRules(t, "/old /new\n/a /about 200\n/b /about.html 200", { spa: true, cleanUrls: true });
  const navigation = "Accept: text/html\r\n";
  assert.deepEqual(await led("/old", navigation), [301, "/new"]);
  assert.deepEqual(await led("/new", navigation), [200, "home"]);
  assert.deepEqual(await led("/a", navigation), [200, "about"]);
  assert.deepEqual(await led("/b", navigation), [200, "about"]);
});

test("an answer by another file has its validators, ranges and codings", async (t) => {
  const { client } = await visitRules(t, "/a /about.html 200");
  const whole = await client.get("/a");
  assert.equal(whole.field("ETag"), (await client.get("/about.html")).field("ETag"));
  assert.equal((await client.get("/a", `If-None-Match: ${whole.field("ETag")}\r\n`)).status, 304);
  assert.equal((await client.get("/a", "Range: bytes=0-1\r\n")).text, "ab");
});

test("a line that leads nowhere is named, and the others count", async (t) => {
  const lines: [line: string, why: RegExp | null][] = [
    ["/only", /names no place to lead to/],
    ["old /new", /old is not a path/],
    ["https://a.com/* /new", /is not a path/],
    ["/a /b 299", /299 is none of 200, 301/],
    ["/a /b 30x", /30x is not a status/],
    ["/a /b 301 Country=de", /condition such as Country=de is not supported/],
    ["/a /b Language=en", /Language=en is not a status/],
    ["/a x /b", /x is neither key=value nor a place/],
    ["/api/* https://api.example.com/:splat 200", /there is no proxy/],
    ["/to/* https://:splat", /the host is anybody's/],
    ["/to/* https://example.com:splat", /the host is anybody's/],
    ["/to/:lang/* https://:lang.example.com/:splat", /the host is anybody's/],
    ["/a //evil.com", /another host is named with https:/],
    ["/a /\\evil.com", /another host is named with https:/],
    ["/a https://", /is not an address/],
    ["/a mailto:a@b", /names no place/],
    ["/*/* /b", /stands there twice/],
    ["/%zz /b", /encodes nothing/],
    ["/good /caf\u00e9?a=\u20ac", null],
  ];
  const { log, led } = await visitRules(t, lines.map(([line]) => line).join("\n"));
  const wrong = lines.flatMap(([, why], at) => (why === null ? [] : [{ line: at + 1, why }]));
  assert.equal(log.length, wrong.length, log.join("\n"));
  for (const [at, { line, why }] of wrong.entries()) {
    assert.ok(log[at]!.startsWith(`/_redirects:${line}: `), log[at]);
    assert.match(log[at]!, why);
  }
  assert.deepEqual(await led("/good"), [301, "/caf%C3%A9?a=%E2%82%AC"]);
});

test("a change of the file counts at once without an interval, also for what is kept", async (t) => {
  const { led, root } = await visitRules(t, "", { checkInterval: 0 });
  const rules = path.join(root, "_redirects");
  await settled(path.join(root, "about.html"));
  await settled(rules);
  for (let round = 0; round < 2; round++) assert.deepEqual(await led("/about.html"), [200, "about"]);
  writeFileSync(rules, "/about.html / 302!");
  assert.deepEqual(await led("/about.html"), [302, "/"]);
  rmSync(rules);
  assert.deepEqual(await led("/about.html"), [200, "about"]);
});

test("many rules are bounded in number, and so is what a path that has none costs", async (t) => {
  const { log, led } = await visitRules(t, `${"/*/:a/x /y\n".repeat(2100)}/late /z\n`);
  assert.match(log.join(), /of 2101 rules, the first 2100 count/);
  assert.equal((await led(`/${"a/".repeat(2000)}`))[0], 404);
  assert.equal((await led("/late"))[0], 404);
});
