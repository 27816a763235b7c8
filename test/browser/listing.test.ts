/** A listing as people use it: seen, sorted, filtered, walked through, by day and by night, on a phone, without JavaScript. */
import assert from "node:assert/strict";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit as visitUrl } from "./support.ts";

const FILES = {
  "photos/2024/porch.jpg": "x",
  "photos/2024/columns by night.jpg": "x".repeat(1_500_000),
  "photos/plan.svg": "<svg/>",
  "notes/a.txt": "a",
  "an-archive-whose-name-is-much-longer-than-a-telephone-is-wide-and-has-no-place-to-break.tar.gz": "x".repeat(12_345),
  "file10.txt": "xx",
  "file9.txt": "xxx",
  "<img src=x onerror=alert(1)>": "",
  '"><script>alert(2)<': "",
};

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

describe("a listing in a browser", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let browser: Browser;
  const root = folder(FILES);
  for (const [at, name] of ["file9.txt", "photos", "file10.txt", "notes"].entries()) {
    utimesSync(join(root, name), 0, Date.UTC(2024, 1, 29, 22, at) / 1000);
  }

  before(async () => {
    [portico, browser] = await Promise.all([startPortico([root]), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await portico?.stop();
  });

  const visit = (path: string, options?: BrowserContextOptions) =>
    visitUrl(browser, new URL(path, portico.url).href, options);

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [device, options] of [
      ["a desk", { viewport: { width: 1100, height: 800 } }],
      ["a phone", PHONE],
      ["a small phone", { ...PHONE, viewport: { width: 320, height: 568 } }],
    ] as const) {
      test(`on ${device}, ${colorScheme}, it fits, can be read, and asks for nothing but itself`, async () => {
        const { page, complaints, answers } = await visit("/", { colorScheme, ...options });
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), options.viewport.width);
        for (const part of ["h1", "thead button", "th a", "td", "time", "[role=status]", "input"]) {
          assert.ok((await contrast(page, part)) >= 4.5, `${part}: ${await contrast(page, part)}`);
        }
        const isDark = (await luminance(page, "body", "backgroundColor")) < 0.05;
        assert.equal(isDark, colorScheme === "dark");
        if (device !== "a desk") {
          for (const row of await page.locator("tbody a").all()) assert.ok((await row.boundingBox())!.height >= 42);
        }
        assert.deepEqual([...answers.keys()], ["/"]);
        assert.deepEqual(complaints, []);
        await page.close();
      });
    }
  }

  test("it is a table with headings for its columns and rows, below the way that leads to it", async () => {
    const { page } = await visit("/photos/2024/");
    const host = new URL(portico.url).host;
    assert.equal(await page.getByRole("navigation", { name: "Path" }).textContent(), `${host}/photos/2024`);
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
    const columns = await page.getByRole("columnheader").allTextContents();
    assert.deepEqual(
      columns.map((column) => column.trim()),
      ["Name", "Size", "Modified"],
    );
    assert.deepEqual(await page.getByRole("rowheader").allTextContents(), ["..", "columns by night.jpg", "porch.jpg"]);
    assert.equal(
      await page.getByRole("row", { name: "columns by night.jpg" }).getByRole("cell").first().textContent(),
      "1.50 MB",
    );
    assert.equal(await page.getByRole("status").textContent(), "2 files, 1.50 MB");
    await page.getByRole("link", { name: "photos" }).click();
    assert.deepEqual(await names(page), ["2024/", "plan.svg"]);
    await page.close();
  });

  test("times are those of the reader's zone", async () => {
    const { page } = await visit("/", { timezoneId: "Asia/Tokyo" });
    assert.equal(await page.getByRole("row", { name: "file9.txt" }).locator("time").textContent(), "2024-03-01 07:00");
    await page.close();
  });

  test("a column's heading sorts by it, without a request, and again the other way round", async () => {
    const { page, answers } = await visit("/", { viewport: { width: 1100, height: 800 } });
    const sortBy = (name: string) => page.getByRole("button", { name, exact: true }).click();
    const files = async () => (await names(page)).filter((name) => /^file/.test(name));
    assert.deepEqual(await files(), ["file9.txt", "file10.txt"]);
    assert.equal(await ariaSort(page), "Name ascending");
    await sortBy("Name");
    assert.deepEqual(await files(), ["file10.txt", "file9.txt"]);
    assert.equal(await ariaSort(page), "Name descending");
    await sortBy("Size");
    assert.match((await names(page))[2]!, /^an-archive/);
    assert.equal(await ariaSort(page), "Size descending");
    await sortBy("Size");
    assert.deepEqual(await files(), ["file10.txt", "file9.txt"]);
    await sortBy("Modified");
    assert.deepEqual(await names(page).then((all) => all.slice(0, 2)), ["notes/", "photos/"]);
    assert.equal(new URL(page.url()).search, "?sort=-date");
    const sorted = await names(page);
    assert.deepEqual([...answers.keys()], ["/"]);
    await page.reload();
    assert.deepEqual(await names(page), sorted);
    await sortBy("Modified");
    assert.deepEqual(await ariaSort(page), "Modified ascending");
    assert.deepEqual(await files(), ["file9.txt", "file10.txt"]);
    await sortBy("Name");
    assert.equal(new URL(page.url()).search, "");
    await page.close();
  });

  test("without JavaScript the headings load the page anew, and times are UTC", async () => {
    const { page, complaints } = await visit("/", { javaScriptEnabled: false });
    await page.getByRole("button", { name: "Size" }).click();
    assert.equal(new URL(page.url()).search, "?sort=-size");
    assert.equal(await page.getByRole("row", { name: "file9.txt" }).locator("time").textContent(), "2024-02-29 22:00");
    assert.equal(await page.getByRole("columnheader").last().textContent(), "Modified UTC");
    assert.equal(await page.locator("input").isVisible(), false);
    await page.getByRole("link", { name: "photos/" }).click();
    await page.getByRole("link", { name: "Parent directory" }).click();
    assert.equal(new URL(page.url()).pathname, "/");
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test("the keyboard walks through it: arrows, Enter, Backspace, Home and End", async () => {
    const { page } = await visit("/");
    const press = (key: string) => page.keyboard.press(key);
    const walk = async (...keys: string[]) => {
      for (const key of keys) await press(key);
      return focused(page);
    };
    assert.equal(await walk("ArrowDown"), "notes/");
    assert.equal(await walk("ArrowDown"), "photos/");
    const outline = () => getComputedStyle(document.activeElement!.closest("tr")!).outline;
    assert.match(await page.evaluate(outline), /^rgb\(\d+, \d+, \d+\) solid 2px$/);
    await press("Enter");
    await page.waitForURL("**/photos/");
    assert.equal(await walk("ArrowDown", "ArrowDown"), "2024/");
    await press("Enter");
    await page.waitForURL("**/photos/2024/");
    assert.equal(await walk("End"), "porch.jpg");
    assert.equal(await walk("ArrowDown"), "porch.jpg");
    assert.equal(await walk("ArrowUp"), "columns by night.jpg");
    assert.equal(await walk("Home"), "..");
    await press("Backspace");
    await page.waitForURL("**/photos/");
    // Where one came from is where one goes on.
    assert.equal(await focused(page), "2024/");
    assert.equal(await walk("ArrowUp"), "..");
    await press("Enter");
    await page.waitForURL(new URL("/", portico.url).href);
    assert.equal(await focused(page), "photos/");
    // There is nothing above.
    assert.equal(await walk("Backspace"), "photos/");
    assert.equal(new URL(page.url()).pathname, "/");
    await page.close();
  });

  test("what is left by a filter is where an arrow leads, and not the way up", async () => {
    const { page } = await visit("/photos/");
    for (const key of ["/", "p", "l", "ArrowDown"]) await page.keyboard.press(key);
    assert.equal(await focused(page), "plan.svg");
    await page.close();
  });

  test("/ filters, Enter opens the first that is left, Escape shows all again", async () => {
    const { page } = await visit("/");
    await page.keyboard.press("/");
    assert.equal(
      await page
        .getByRole("searchbox", { name: "Filter by name" })
        .evaluate((input) => input === document.activeElement),
      true,
    );
    await page.keyboard.type("FILE");
    assert.deepEqual(await names(page), ["file9.txt", "file10.txt"]);
    assert.equal(await page.getByRole("status").textContent(), `2 of ${Object.keys(FILES).length - 2}`);
    await page.keyboard.press("ArrowDown");
    assert.equal(await focused(page), "file9.txt");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Escape");
    assert.equal((await names(page)).length, Object.keys(FILES).length - 2);
    await page.keyboard.press("/");
    await page.keyboard.type("phot");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/photos/");
    await page.goBack();
    // The browser remembers what was typed, or not: what is shown goes with it.
    const typed = await page.locator("input").inputValue();
    assert.ok((await names(page)).every((name) => name.includes(typed)));
    await page.close();
  });

  test("names run nothing", async () => {
    const { page, complaints } = await visit("/");
    page.on("dialog", () => assert.fail("a name was run"));
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.ok((await names(page)).includes("<img src=x onerror=alert(1)>"));
    assert.deepEqual(complaints, []);
    await page.close();
  });
});

/** Of what is shown, but for the way up. */
async function names(page: Page): Promise<string[]> {
  return page.locator("tbody:last-of-type tr:visible bdi").allTextContents();
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => (document.activeElement as HTMLElement).textContent!.trim());
}

async function ariaSort(page: Page): Promise<string> {
  const heading = page.locator("[aria-sort]");
  return `${(await heading.textContent())!.trim()} ${await heading.getAttribute("aria-sort")}`;
}

/** Between an element's text and the page (WCAG 2.2 §1.4.3). */
async function contrast(page: Page, selector: string): Promise<number> {
  const pair = [await luminance(page, selector, "color"), await luminance(page, "body", "backgroundColor")];
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}

async function luminance(page: Page, selector: string, property: "color" | "backgroundColor"): Promise<number> {
  const colour = await page
    .locator(selector)
    .last()
    .evaluate((element, name) => getComputedStyle(element)[name], property);
  const [red, green, blue] = colour.match(/[\d.]+/g)!.map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
