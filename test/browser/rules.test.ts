/** What a site can say of itself, as a browser takes it: clean addresses, one page for all paths, isolation, redirects, a password. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit } from "./support.ts";

const page = (title: string, body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title>${body}`;

const SITE = {
  "index.html": page("home", '<script type="module" src="/main.js"></script><p>shell</p>'),
  "main.js": "document.title = location.pathname;",
  "docs/index.html": page("docs", '<link rel="stylesheet" href="style.css"><a href="guide.html">guide</a>'),
  "docs/guide.html": page("guide", '<link rel="stylesheet" href="style.css"><a href="./">up</a>'),
  "docs/style.css": "a { color: rgb(1, 2, 3) }",
  _redirects: "/old/* /docs/:splat 302\n",
  _headers: "/docs/*\n  X-Section: docs\n",
};

describe("the rules of a site in a browser", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let other: Portico;
  let browser: Browser;

  before(async () => {
    const cwd = folder(SITE);
    [portico, other, browser] = await Promise.all([
      startPortico([cwd, "--spa", "--clean-urls", "--isolate"]),
      startPortico([cwd, "--cors", "--auth", "ada:secret"]),
      launchBrowser(),
    ]);
  });

  after(async () => {
    await browser?.close();
    await Promise.all([portico?.stop(), other?.stop()]);
  });

  const go = (path: string) => visit(browser, portico.url + path);

  test("from a page without .html, relative links lead where they led from its file", async () => {
    const { page, complaints, answers } = await go("/docs/guide.html");
    assert.equal(new URL(page.url()).pathname, "/docs/guide");
    const colour = () => page.evaluate(() => getComputedStyle(document.querySelector("a")!).color);
    assert.equal(await colour(), "rgb(1, 2, 3)");
    await page.getByRole("link", { name: "up" }).click();
    await page.waitForURL("**/docs/");
    assert.equal(await colour(), "rgb(1, 2, 3)");
    await page.getByRole("link", { name: "guide" }).click();
    await page.waitForURL("**/docs/guide");
    assert.equal(answers.get("/docs/guide")!.headers()["x-section"], "docs");
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("any path is the application's, and a module that is missing fails as one", async () => {
    const { page } = await go("/users/7");
    await page.waitForFunction(() => document.title === "/users/7");
    const failed = await page.evaluate(() => import("/gone.js" as string).then(String, ({ name }) => name));
    assert.equal(failed, "TypeError");
    assert.deepEqual(
      await page.evaluate(async () => [(await fetch("/api/users")).status, (await fetch("/users/7")).status]),
      [404, 404],
    );
    await page.close();
  });

  test("an old address leads to the new one, and its page shows", async () => {
    const { page } = await go("/old/guide");
    assert.equal(new URL(page.url()).pathname, "/docs/guide");
    assert.equal(await page.title(), "guide");
    await page.close();
  });

  test("an isolated page has shared memory", async () => {
    const { page } = await go("/");
    assert.equal(await page.evaluate(() => crossOriginIsolated && new SharedArrayBuffer(8).byteLength), 8);
    await page.close();
  });

  test("scripts of another origin read with a password that they send, after a preflight", async () => {
    const { page } = await go("/");
    const read = await page.evaluate(async (url) => {
      const authorization = `Basic ${btoa("ada:secret")}`;
      const allowed = await fetch(`${url}/main.js`, { headers: { authorization } });
      const refused = await fetch(`${url}/main.js`, { headers: { authorization: "Basic x" } });
      return [allowed.status, allowed.headers.get("etag") !== null, refused.status];
    }, other.url);
    assert.deepEqual(read, [200, true, 401]);
    await page.close();
  });

  test("whoever has the password gets in", async () => {
    const httpCredentials = { username: "ada", password: "secret" };
    const { page, answers } = await visit(browser, `${other.url}/docs/guide.html`, { httpCredentials });
    assert.equal(await page.title(), "guide");
    assert.equal(answers.get("/docs/style.css")!.status(), 200);
    await page.close();
  });
});
