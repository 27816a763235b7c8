/** Files of all kinds, as a browser that enforces their types takes them: modules, WebAssembly, fonts, a film. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Browser } from "playwright-core";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { launchBrowser, noBrowser, visit } from "./support.ts";
import { BAR, BARS, encodePictures, webm } from "./webm.ts";
import { anyTrueType, woff2 } from "./woff2.ts";

const FILES = {
  "index.html": `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Kinds</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<p>An <b>icon</b></p>
<script type="module" src="main.js"></script>
`,
  "style.css": `@font-face { font-family: icons; src: url("fonts/icons.woff2") format("woff2"); }
b { font-family: icons; }
`,
  "main.js": `import { greet } from "./lib/greet.mjs";
const { shout } = await import("./lib/shout.js");
const { instance } = await WebAssembly.instantiateStreaming(fetch("add.wasm"));
const worker = new Worker("worker.js", { type: "module" });
const answer = await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data)));
globalThis.result = [shout(greet("wörld")), instance.exports.add(40, 2), answer];
`,
  "lib/greet.mjs": "export const greet = (name) => 'Hello, ' + name;\n",
  "lib/shout.js": "export const shout = (text) => text.toUpperCase() + '!';\n",
  "worker.js": `import { greet } from "./lib/greet.mjs";\npostMessage(greet("worker"));\n`,
  "film.html": `<!doctype html>
<html lang="en">
<title>A film</title>
<link rel="icon" href="data:,">
<video src="film.webm" preload="metadata" muted></video>
`,
};

/** (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)) */
const ADD = Buffer.from("0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b", "hex");

const SECONDS = 60;

describe("files in a browser", { skip: noBrowser, timeout: 240_000 }, () => {
  let portico: Portico;
  let browser: Browser;
  const root = folder({ ...FILES, "fonts/icons.woff2": "" });
  writeFileSync(join(root, "add.wasm"), ADD);
  writeFileSync(join(root, "fonts/icons.woff2"), woff2(anyTrueType()));

  before(async () => {
    [portico, browser] = await Promise.all([startPortico([root]), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await portico?.stop();
  });

  test("modules, WebAssembly, a worker and a web font arrive as what they are", async () => {
    const { page, complaints, answers } = await visit(browser, portico.url);
    const result = await page.waitForFunction(() => (globalThis as { result?: unknown }).result);
    assert.deepEqual(await result.jsonValue(), ["HELLO, WÖRLD!", 42, "Hello, worker"]);
    const fonts = await page.evaluate(async () => {
      await document.fonts.ready;
      return [...document.fonts].map(({ family, status }) => `${family} ${status}`);
    });
    assert.deepEqual(fonts, ["icons loaded"]);
    assert.deepEqual(complaints, []);
    const types = Object.fromEntries([...answers].map(([path, answer]) => [path, answer.headers()["content-type"]]));
    assert.deepEqual(types, {
      "/": "text/html; charset=utf-8",
      "/style.css": "text/css; charset=utf-8",
      "/fonts/icons.woff2": "font/woff2",
      "/main.js": "text/javascript; charset=utf-8",
      "/lib/greet.mjs": "text/javascript; charset=utf-8",
      "/lib/shout.js": "text/javascript; charset=utf-8",
      "/add.wasm": "application/wasm",
      "/worker.js": "text/javascript; charset=utf-8",
    });
    await page.close();
  });

  test("a film is shown from where one seeks to, without the bytes before", async () => {
    const maker = await visit(browser, new URL("/lib/greet.mjs", portico.url).href);
    const film = webm(await encodePictures(maker.page, SECONDS), 500_000);
    await maker.page.close();
    writeFileSync(join(root, "film.webm"), film);

    const { page, complaints } = await visit(browser, "about:blank");
    const parts: { start: number; size: number }[] = [];
    page.on("response", async (answer) => {
      if (!answer.url().endsWith(".webm")) return;
      const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(answer.headers()["content-range"] ?? "")!;
      parts.push({ start: Number(start), size: Number(size) });
    });
    await page.goto(new URL("/film.html", portico.url).href);
    await page.waitForFunction((seconds) => document.querySelector("video")!.duration === seconds, SECONDS);
    for (const second of [55, 5, 30]) {
      await page.evaluate((second) => {
        document.querySelector("video")!.currentTime = second + 0.5;
      }, second);
      // Until it does: a picture is there a moment after the end of the seeking.
      await page.waitForFunction(shows, [second, BARS, BAR] as const);
    }
    assert.ok(parts.every(({ size }) => size === film.length));
    assert.ok(
      parts.some(({ start }) => start > film.length / 2),
      JSON.stringify(parts),
    );
    // Whoever seeks gives up what was on its way; the server has nothing to complain of in that.
    assert.deepEqual(
      complaints.filter((complaint) => !complaint.endsWith("film.webm: net::ERR_ABORTED")),
      [],
    );
    assert.equal(portico.output.trimEnd().split("\n").length, 1, portico.output);
    await page.close();
  });
});

/** Whether the film shows the picture of this second. */
function shows([second, bars, bar]: readonly [second: number, bars: number, bar: number]): boolean {
  const context = new OffscreenCanvas(bars * bar, bar).getContext("2d", { willReadFrequently: true })!;
  context.drawImage(document.querySelector("video")!, 0, 0);
  let shown = 0;
  for (let bit = 0; bit < bars; bit++) {
    const [red] = context.getImageData((bit + 0.5) * bar, bar / 2, 1, 1).data;
    if (red! > 127) shown += 1 << bit;
  }
  return shown === second;
}
