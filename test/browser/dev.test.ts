/** `portico dev` as it is lived with: a browser beside an editor. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit as visitUrl } from "./support.ts";

const PAGE = (heading: string) => `<!doctype html>
<html lang="en"><head><title>A page</title><link rel="icon" href="data:,"><link rel="stylesheet" href="/a.css"></head>
<body><h1>${heading}</h1><input></body></html>`;

const SERVER = (heading: string) => `
interface Order { customer?: { discount: number } }
const order: Order = {};

function discount({ customer }: Order): number {
  return customer!.discount;
}

export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/broken") {
      try {
        discount(order);
      } catch (cause) {
        throw new Error("The order cannot be shown", { cause });
      }
    }
    const headers = { "content-type": "text/html" };
    return new Response(\`${PAGE(heading).replace("A page", "An application's")}\`, { headers });
  },
};
`;

describe("in a browser, while files are saved", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let browser: Browser;
  const cwd = folder({
    "server.ts": SERVER("zero"),
    "public/page.html": PAGE("zero"),
    "public/a.css": "h1 { color: rgb(1, 2, 3) }",
  });
  const save = (name: string, content: string) => writeFileSync(join(cwd, name), content);

  before(async () => {
    [portico, browser] = await Promise.all([startPortico(["dev", "--static", "public"], { cwd }), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await portico?.stop("SIGKILL");
  });

  const visit = (path: string, options?: BrowserContextOptions) => visitUrl(browser, portico.url + path, options);
  const headed = (page: Page, text: string) => page.locator("h1", { hasText: text }).waitFor();

  test("a page from a file shows what was saved, by itself, time after time", async () => {
    const { page, complaints } = await visit("/page.html");
    await headed(page, "zero");
    for (const word of ["one", "two", "three"]) {
      save("public/page.html", PAGE(word));
      await headed(page, word);
    }
    await portico.written(/(?:GET \/page\.html HTTP\/1\.1 {2}200 [\s\S]*){3}/);
    assert.doesNotMatch(portico.output, /live\.js/, "what a page asks for to follow is not logged");
    assert.deepEqual(
      // What was being loaded when the page was loaded again is given up.
      complaints.filter((line) => !line.includes("ERR_ABORTED")),
      [],
    );
    await page.close();
  });

  test("a stylesheet is swapped under a page that stays", async () => {
    const { page } = await visit("/page.html");
    await page.locator("input").fill("half a word");
    for (const colour of ["rgb(4, 5, 6)", "rgb(7, 8, 9)"]) {
      save("public/a.css", `h1 { color: ${colour} }`);
      await page.waitForFunction((wanted) => getComputedStyle(document.querySelector("h1")!).color === wanted, colour);
    }
    assert.equal(await page.locator("input").inputValue(), "half a word");
    assert.equal(await page.locator("link[rel=stylesheet]").count(), 1);
    await page.close();
  });

  test("an application's page follows its code, through an error and out of it again", async () => {
    const { page } = await visit("/");
    await headed(page, "zero");
    let loads = 0;
    page.on("request", (request) => (loads += request.isNavigationRequest() ? 1 : 0));
    save("server.ts", SERVER("one"));
    await headed(page, "one");
    save("server.ts", SERVER("two").replace("fetch(request: Request)", "fetch(request: Request"));
    await headed(page, "SyntaxError");
    assert.match((await page.locator("mark").textContent())!, /^10 {2}fetch\(request: Request: Response \{$/);
    save("server.ts", SERVER("three"));
    await headed(page, "three");
    assert.equal(loads, 3, "one for each save");
    await page.close();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [320, 390, 1100]) {
      test(`an error's page fits into ${width} pixels and can be read, ${colorScheme}`, async () => {
        const { page } = await visit("/broken", { colorScheme, viewport: { width, height: 800 } });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
        for (const part of [
          "h1",
          "h1 span",
          "header span",
          "summary code",
          ".keyword",
          ".source a",
          "dt",
          "dd",
          "button",
        ]) {
          assert.ok((await contrast(page, part)) >= 4.5, `${part}: ${await contrast(page, part)}`);
        }
        await page.close();
      });
    }
  }

  test("an error's page shows the error, its cause, the sources and the request, and gives them as text", async () => {
    const { page, answers } = await visit("/broken?page=2&token=abc");
    assert.equal(answers.get("/broken")!.status(), 500);
    assert.equal(await page.title(), "Error: The order cannot be shown");
    assert.equal(await page.locator("h1").textContent(), "ErrorThe order cannot be shown");
    assert.match(
      (await page.locator("h2").first().textContent())!,
      /^caused byTypeErrorCannot read properties of undefined/,
    );
    assert.deepEqual(await page.locator("details[open] mark").allTextContents(), [
      '16        throw new Error("The order cannot be shown", { cause });',
      "6  return customer!.discount;",
    ]);
    assert.equal(await page.locator(".line").textContent(), "GET /broken?page=2&token=•••••• HTTP/1.1");
    const link = await page.locator(".source a").first().getAttribute("href");
    assert.equal(link, `vscode://file${encodeURI(join(cwd, "server.ts"))}:16:15`);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy as text" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(
      text,
      /^GET failed\n\nError: The order cannot be shown\n {4}at .*fetch \(server\.ts:16:15\)\n\ncaused by: TypeError/,
    );
    await page.close();
  });

  test("an error's page can be walked through by keyboard", async () => {
    const { page } = await visit("/broken");
    const focused = () =>
      page.evaluate(
        () => `${document.activeElement!.tagName} ${getComputedStyle(document.activeElement!).outlineStyle}`,
      );
    const reached: string[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press("Tab");
      reached.push(await focused());
    }
    assert.deepEqual(reached, ["BUTTON solid", "SUMMARY solid", "PRE solid", "A solid"]);
    await page.close();
  });

  test("a page that was open before the server was started anew follows the new one", async () => {
    const first = await startPortico(["dev", "public"], { cwd });
    const { page } = await visitUrl(browser, `${first.url}/page.html`);
    await first.stop();
    save("public/page.html", PAGE("after"));
    const second = await startPortico(["dev", "public", new URL(first.url).port], { cwd });
    await headed(page, "after");
    await page.close();
    await second.stop();
  });
});

/** Of a part's text against what it stands on (WCAG 2.2 §1.4.3). */
async function contrast(page: Page, selector: string): Promise<number> {
  const [text, ground] = await page
    .locator(selector)
    .first()
    .evaluate((element) => {
      let ground: Element = element;
      while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement!;
      return [getComputedStyle(element).color, getComputedStyle(ground).backgroundColor];
    });
  const pair = [luminance(text!), luminance(ground!)];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = colour.match(/[\d.]+/g)!.map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
