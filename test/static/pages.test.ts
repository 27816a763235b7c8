/** Clean URLs: which path a page has, and that its relative links lead from there to where its file's would. */
import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { ask, makeTree, placeOf, settled, visit } from "./support.ts";

const SITE = {
  "index.html": "home",
  "about.html": "about",
  "404.html": "lost",
  "docs/index.html": "docs",
  "docs/guide.html": "guide",
  "both.html": "both, the page",
  "both/index.html": "both, the directory",
  "both/inner.html": "inner",
  plain: "plain, a file",
  "plain.html": "plain, a page",
  "bare/file.txt": "bare",
  "a b.html": "spaced",
  ".hidden.html": "hidden",
};

const clean = (t: TestContext, options = {}) => visit(t, makeTree(t, SITE), { cleanUrls: true, ...options });

test("a page is served without its extension, a directory's index behind a slash", async (t) => {
  const client = await clean(t);
  for (let round = 0; round < 2; round++) {
    for (const [target, text] of [
      ["/", "home"],
      ["/about", "about"],
      ["/about?a=1", "about"],
      ["/docs/", "docs"],
      ["/docs/guide", "guide"],
      ["/both", "both, the page"],
      ["/both/", "both, the directory"],
      ["/both/inner", "inner"],
      ["/plain", "plain, a file"],
      ["/plain.html", "plain, a page"],
      ["/a%20b", "spaced"],
      ["/bare/file.txt", "bare"],
    ]) {
      const answer = await client.get(target!);
      assert.deepEqual([answer.status, answer.text], [200, text], target);
    }
  }
  assert.equal((await client.get("/about")).field("Content-Type"), "text/html; charset=utf-8");
});

test("every other spelling of a page leads to that one, with its query", async (t) => {
  const client = await clean(t);
  for (const [target, location] of [
    ["/about.html", "/about"],
    ["/about.html?a=1&b=//evil.com", "/about?a=1&b=//evil.com"],
    ["/about/", "/about"],
    ["/index.html", "/"],
    ["/index", "/"],
    ["/docs", "/docs/"],
    ["/docs/index.html", "/docs/"],
    ["/docs/index", "/docs/"],
    ["/docs/guide.html", "/docs/guide"],
    ["/docs/guide/", "/docs/guide"],
    ["/both.html", "/both"],
    ["/both/index.html", "/both/"],
    ["/a%20b.html", "/a%20b"],
    ["//about.html", "/about"],
  ]) {
    const answer = await client.get(target!);
    assert.deepEqual([answer.status, placeOf(answer, target!)], [308, location], target);
    assert.equal(answer.field("Cache-Control"), "no-cache");
  }
});

test("from where a page is served, its relative links lead to where they led from its file", async (t) => {
  const client = await clean(t);
  for (const file of [
    "/index.html",
    "/about.html",
    "/docs/index.html",
    "/docs/guide.html",
    "/both.html",
    "/both/index.html",
  ]) {
    const { field } = await client.get(file);
    const served = new URL(field("Location") ?? file, `http://a${file}`);
    for (const link of ["style.css", "../up.css", "./a/b.css", "?q", "#f"]) {
      if (link.startsWith("?") || link.startsWith("#")) continue;
      assert.equal(new URL(link, served).href, new URL(link, `http://a${file}`).href, `${link} in ${file}`);
    }
  }
});

test("what is not there is a 404, and other methods are refused as on any file", async (t) => {
  const client = await clean(t);
  for (const target of [
    "/none",
    "/none/",
    "/none.html",
    "/bare",
    "/bare/",
    "/.hidden",
    "/.html",
    "/plain/",
    "/about.html/",
  ]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
  for (const target of ["/about", "/about.html", "/about/"]) {
    const answer = await ask(client, "DELETE", target);
    assert.deepEqual([answer.status, answer.field("Allow")], [405, "GET, HEAD, OPTIONS"], target);
  }
});

test("a redirect keeps the prefix, and a doubled slash cannot make it lead elsewhere", async (t) => {
  const client = await clean(t, { prefix: "/site" });
  assert.equal((await client.get("/site")).field("Location"), "./site/");
  assert.equal((await client.get("/site/")).text, "home");
  assert.equal((await client.get("/site/about")).text, "about");
  assert.equal((await client.get("/site/about.html")).field("Location"), "./about");
  assert.equal((await client.get("/site/index.html")).field("Location"), "./");
  assert.equal((await client.get("//site//docs/guide/")).field("Location"), "/site/docs/guide");
  assert.equal((await client.get("/about")).status, 404);
});

test("a page that is kept gives way to a file of its name, and comes back", async (t) => {
  const root = makeTree(t, { "about.html": "page" });
  await settled(path.join(root, "about.html"));
  const client = await visit(t, root, { cleanUrls: true, checkInterval: 0 });
  for (let round = 0; round < 2; round++) assert.equal((await client.get("/about")).text, "page");
  writeFileSync(path.join(root, "about"), "file");
  assert.equal((await client.get("/about")).text, "file");
  assert.equal((await client.get("/about.html")).text, "page");
  rmSync(path.join(root, "about"));
  assert.equal((await client.get("/about")).text, "page");
  renameSync(path.join(root, "about.html"), path.join(root, "other.html"));
  assert.equal((await client.get("/about")).status, 404);
  assert.equal((await client.get("/other")).text, "page");
});
