/** The example site, as a browser sees it: a real one, without a window, against the real command. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page, Response } from "playwright-core";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit as visitUrl } from "./support.ts";

const SITE = fileURLToPath(new URL("../../examples/site", import.meta.url));

describe("the example site in a browser", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let browser: Browser;

  before(async () => {
    [portico, browser] = await Promise.all([startPortico([SITE]), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await portico?.stop();
  });

  const visit = (path: string, options?: BrowserContextOptions) =>
    visitUrl(browser, new URL(path, portico.url).href, options);

  test("the page, its stylesheet and its picture arrive with their types, and nothing is complained of", async () => {
    const { page, complaints, answers } = await visit("/");
    assert.deepEqual(typesOf(answers), {
      "/": "200 text/html; charset=utf-8",
      "/style.css": "200 text/css; charset=utf-8",
      "/porch-day.webp": "200 image/webp",
    });
    assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), "Portico");
    assert.equal(await page.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth), 1600);
    assert.deepEqual(complaints, []);
  });

  test("the favicon is an icon that the browser can show", async () => {
    const { page, complaints } = await visit("/");
    const [type, width] = await page.evaluate(async () => {
      const icon = new Image();
      icon.src = "/favicon.ico";
      await icon.decode();
      return [(await fetch("/favicon.ico")).headers.get("content-type"), icon.naturalWidth];
    });
    assert.match(type!, /^image\/(x-icon|vnd\.microsoft\.icon)$/);
    assert.ok(Number(width) >= 16);
    assert.deepEqual(complaints, []);
  });

  test("the link to a room that is not there leads to the site's own page, with status 404, and back", async () => {
    const { page, answers } = await visit("/");
    await page.getByRole("link", { name: "a room that is not there" }).click();
    await page.getByRole("heading", { name: "There is no such room." }).waitFor();
    assert.equal(answers.get("/a-room-that-is-not-there")!.status(), 404);
    await page.getByRole("link", { name: "Back to the porch" }).click();
    await page.getByRole("heading", { name: "Portico", exact: true }).waitFor();
  });

  for (const path of ["/", "/404.html"]) {
    for (const width of [320, 390, 900, 1280]) {
      test(`${path} is no wider than a window of ${width} pixels`, async () => {
        const { page } = await visit(path, { viewport: { width, height: 800 } });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      });
    }
  }

  test("whoever prefers dark gets a dark page and the porch by night", async () => {
    const { page, answers, complaints } = await visit("/", { colorScheme: "dark" });
    assert.ok((await brightness(page, "background-color")) < 0.2);
    assert.ok((await brightness(page, "color")) > 0.7);
    assert.ok(answers.has("/porch-night.webp") && !answers.has("/porch-day.webp"));
    assert.deepEqual(complaints, []);
  });

  test("whoever prefers light gets a light page", async () => {
    const { page } = await visit("/", { colorScheme: "light" });
    assert.ok((await brightness(page, "background-color")) > 0.7);
    assert.ok((await brightness(page, "color")) < 0.2);
  });

  test("a link that the keyboard reaches shows that it has the focus", async () => {
    const { page } = await visit("/");
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => {
      const focused = document.activeElement!;
      return `${focused.tagName} ${getComputedStyle(focused).outlineStyle}`;
    });
    assert.equal(outline, "A solid");
  });

  test("what the browser has already is answered with 304, without a body", async () => {
    const { page } = await visit("/");
    const seen = await page.evaluate(async () => {
      const { headers } = await fetch("/style.css", { cache: "no-store" });
      const conditional = { "if-none-match": headers.get("etag") ?? "" };
      const again = await fetch("/style.css", { cache: "no-store", headers: conditional });
      return [again.status, await again.text()];
    });
    assert.deepEqual(seen, [304, ""]);
  });
});

/** What was answered, by path: status and type. */
function typesOf(answers: ReadonlyMap<string, Response>): Record<string, string> {
  return Object.fromEntries(
    [...answers].map(([path, answer]) => [path, `${answer.status()} ${answer.headers()["content-type"]}`]),
  );
}

/** Of the body's colour: 0 is black, 1 white. */
async function brightness(page: Page, property: "color" | "background-color"): Promise<number> {
  const colour = await page.evaluate((name) => getComputedStyle(document.body).getPropertyValue(name), property);
  const [red, green, blue] = colour.match(/\d+/g)!.map(Number);
  return (red! * 0.299 + green! * 0.587 + blue! * 0.114) / 255;
}
