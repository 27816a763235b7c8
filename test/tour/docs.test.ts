/** docs/tour.md and its Chinese edition, held to the truth: the code, the outputs and the table of lengths are what they say. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stops } from "../../scripts/tour.ts";
import { launchBrowser, noBrowser } from "../browser/support.ts";
import { run, serve } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EDITIONS = ["docs/tour.md", "docs/tour.zh.md"].map((path) => ({
  path,
  page: readFileSync(join(ROOT, path), "utf8"),
}));

function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text!);
}

/** What is quoted from the middle of a program stands at the margin. */
function withoutIndent(text: string): string {
  return text.replace(/^ +/gm, "");
}

/** Rows of the tables whose first column begins with one of these words, without that column. */
function rows(page: string, pattern: RegExp): string[][] {
  const lines = page.split("\n").filter((line) => /^\|/.test(line) && pattern.test(line.split("|")[1]!));
  return lines.map((line) =>
    line
      .split("|")
      .slice(2, -1)
      .map((cell) => cell.trim()),
  );
}

const ADDRESS = /127\.0\.0\.1:\d+/g;

for (const { path, page } of EDITIONS) {
  test(`the code that ${path} quotes is the programs'`, () => {
    const quoted = blocks(page, "ts");
    assert.ok(quoted.length >= 5);
    for (const block of quoted) {
      const [, file, code] = /^\/\/ (\S+)\n(.*)$/s.exec(block)!;
      const program = readFileSync(join(ROOT, file!), "utf8");
      assert.ok(withoutIndent(program).includes(withoutIndent(code!)), `${file}:\n${code}`);
    }
  });

  test(`${path} names programs and files that exist`, () => {
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, link]) => link!);
    assert.ok(links.length > 20);
    for (const link of links) assert.ok(existsSync(join(ROOT, dirname(path), link)), link);
    for (const { number, path: program } of stops()) {
      assert.ok(page.includes(`[${number}](../examples/tour/${program.split("/").at(-1)})`), `${number} is on the way`);
    }
  });
}

test("both editions quote the same code, outputs and numbers", () => {
  const [english, chinese] = EDITIONS.map(({ page }) => page);
  for (const language of ["ts", "console"]) assert.deepEqual(blocks(chinese!, language), blocks(english!, language));
  const numbers = (page: string) => rows(page, /\(\d\d\)/);
  assert.ok(numbers(english!).length === 5);
  assert.deepEqual(numbers(chinese!), numbers(english!));
});

const linux = process.platform === "linux" ? false : "one of them reads /proc/net/tcp";

test("the outputs that the tour quotes are what the programs print", { skip: linux }, async (t) => {
  const quoted = blocks(EDITIONS[0]!.page, "console");
  assert.ok(quoted.length >= 4);
  for (const block of quoted) {
    const [, number, output] = /^\$ npm run tour (\d\d)\n(.*)$/s.exec(block)!;
    const program = run(t, number!);
    await program.exited;
    const [printed, said] = [program.output, output!].map((text) => text.replace(ADDRESS, "HOST:PORT"));
    // The ACK of the server's end may not be back yet when it is looked at.
    assert.equal(printed!.replace("FIN_WAIT1", "FIN_WAIT2"), said);
  }
});

/** The table's cells: what a client read, and with what it ended if that was no end in order. */
const cell = (text: string, failure?: string | number) => {
  const parts = [text.trimEnd(), failure === undefined ? "" : String(failure)].filter((part) => part !== "");
  return parts.map((part) => `\`${part}\``).join(", then ");
};

const CLIENTS: Readonly<Record<string, (url: string) => Promise<string>>> = {
  async curl(url) {
    const child = spawn("curl", ["-s", url]);
    let text = "";
    child.stdout.on("data", (piece) => (text += piece));
    const [code] = await once(child, "close");
    return cell(text, code === 0 ? undefined : `exit ${code}`);
  },
  async http(url) {
    return new Promise((resolve) => {
      let text = "";
      const fail = (error: NodeJS.ErrnoException) => resolve(cell(text, error.code));
      const request = http.get(url, { agent: new http.Agent({ keepAlive: true }) }, (response) => {
        response.on("data", (piece) => (text += piece));
        response.on("end", () => resolve(cell(text)));
        response.on("error", fail);
      });
      request.on("error", fail);
    });
  },
  fetch: (url) =>
    fetch(url)
      .then((response) => response.text())
      .then(cell, (error) => cell("", error.cause.code)),
};

/** The table's rows, by the names of program 10. */
const LENGTHS = ["absent", "small", "equal", "large"];

function lengthRows(page: string): string[][] {
  const found = rows(page, /^ (absent|too small|equal|too large|没有|太小|正好|太大)/);
  assert.equal(found.length, 4);
  return found;
}

for (const [column, name] of [
  [0, "curl"],
  [2, "http"],
  [3, "fetch"],
] as const) {
  const skip = name === "curl" && spawnSync("curl", ["--version"]).error !== undefined ? "there is no curl" : false;

  test(`the four lengths do to ${name} what the tour says`, { skip }, async (t) => {
    const { url } = await serve(t, "10");
    for (const [row, length] of LENGTHS.entries()) {
      const found = await CLIENTS[name]!(`${url}/${length}`);
      for (const { path, page } of EDITIONS) {
        assert.equal(lengthRows(page)[row]![column]!.replaceAll("，然后 ", ", then "), found, `${path}, ${length}`);
      }
    }
  });
}

test("the four lengths do to Chromium what the tour says", { skip: noBrowser, timeout: 240_000 }, async (t) => {
  const { url } = await serve(t, "10");
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const failures: string[] = [];
  page.on("requestfailed", (request) => failures.push(request.failure()!.errorText.replace("net::", "")));
  await page.goto(`${url}/equal`);
  for (const [row, length] of LENGTHS.entries()) {
    failures.length = 0;
    const failed = page.waitForEvent("requestfailed", { timeout: 0 }).catch(() => {});
    const text = await page.evaluate(
      (path) =>
        fetch(path)
          .then((response) => response.text(), String)
          .catch(() => ""),
      length,
    );
    if (text === "") await failed;
    for (const { path, page } of EDITIONS) {
      assert.equal(lengthRows(page)[row]![1], cell(text, failures[0]), `${path}, ${length}`);
    }
  }
});
