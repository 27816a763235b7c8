/** Programs that download: curl and wget, as people use them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { files } from "../../src/static/index.ts";
import { start } from "../server/support.ts";
import { run } from "./programs.ts";
import { makeTree, settled } from "./support.ts";

const without = (tool: string) =>
  spawnSync(tool, ["--version"]).error === undefined ? false : `${tool} is not installed`;
const [noCurl, noWget] = [without("curl"), without("wget")];

const LARGE = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251));
const TEXT = "<p>All the way through.</p>\n".repeat(1000);
const SITE = {
  "index.html": `<link rel="stylesheet" href="style.css"><img src="img/a.png"><a href="sub/">sub</a>`,
  "style.css": `body { background: url("img/b.png") }`,
  "img/a.png": Buffer.alloc(1000, "a"),
  "img/b.png": Buffer.alloc(400_000, "b"),
  "sub/index.html": `<a href="../text.html">text</a>`,
  "text.html": TEXT,
  "large.bin": LARGE,
};
const OLD = new Date("2024-02-29T12:34:56Z");

/** Serves the site; gives its URL and an empty directory to download into. */
async function serve(t: TestContext): Promise<{ url: string; into: string }> {
  const root = makeTree(t, SITE);
  for (const name of Object.keys(SITE)) utimesSync(path.join(root, name), OLD, OLD);
  await settled(path.join(root, "large.bin"));
  const { url } = await start(t, files(root));
  return { url, into: makeTree(t, {}) };
}

const curl = (cwd: string, ...words: string[]) => run("curl", cwd, ["-sS", "--fail-early", ...words]);
const wget = (cwd: string, ...words: string[]) => run("wget", cwd, ["--no-config", ...words]);

test("curl resumes a download", { skip: noCurl }, async (t) => {
  const { url, into } = await serve(t);
  for (const at of [0, 1, 1_000_000, LARGE.length - 1]) {
    writeFileSync(path.join(into, "large.bin"), LARGE.subarray(0, at));
    const { code, output } = await curl(
      into,
      "-C",
      "-",
      "-O",
      "-w",
      "%{http_code} %{size_download}",
      `${url}large.bin`,
    );
    assert.equal(code, 0, output);
    assert.equal(output, `${at === 0 ? 200 : 206} ${LARGE.length - at}`);
    assert.ok(readFileSync(path.join(into, "large.bin")).equals(LARGE));
  }
});

test("curl takes ranges, one or several", { skip: noCurl }, async (t) => {
  const { url, into } = await serve(t);
  const range = (spec: string) => curl(into, "-r", spec, `${url}text.html`);
  assert.equal((await range("0-2")).output, "<p>");
  assert.equal((await range("-5")).output, "/p>\n".padStart(5, "<"));
  assert.equal((await range(`${TEXT.length - 2}-`)).output, ">\n");
  assert.match(
    (await range("0-2,10-12")).output,
    /^--\S+\r\nContent-Type: text\/html; charset=utf-8\r\n(?:.|\s)*<p>\r\n--/,
  );
});

test("curl --compressed gives the plain file, also from the middle of it", { skip: noCurl }, async (t) => {
  const { url, into } = await serve(t);
  // The first makes it, the second finds it made.
  for (let round = 0; round < 2; round++) {
    const { output } = await curl(into, "--compressed", "-o", "text", "-w", "%{size_download}", `${url}text.html`);
    assert.equal(readFileSync(path.join(into, "text"), "utf8"), TEXT);
    assert.ok(Number(output) < TEXT.length / 10, output);
  }
  writeFileSync(path.join(into, "text"), TEXT.slice(0, 100));
  await curl(into, "--compressed", "-C", "-", "-o", "text", `${url}text.html`);
  assert.equal(readFileSync(path.join(into, "text"), "utf8"), TEXT);
});

test("curl asks by time and by tag whether it has the current file", { skip: noCurl }, async (t) => {
  const { url, into } = await serve(t);
  const status = async (...words: string[]) =>
    (await curl(into, "-o", "out", "-w", "%{http_code}", ...words, `${url}text.html`)).output;
  assert.equal(await status("-z", "Thu, 29 Feb 2024 12:34:56 GMT"), "304");
  assert.equal(await status("-z", "Fri, 01 Mar 2024 00:00:00 GMT"), "304");
  assert.equal(await status("-z", "Thu, 29 Feb 2024 12:34:55 GMT"), "200");
  assert.equal(await status("-z", "-Thu, 29 Feb 2024 12:34:55 GMT"), "412");
  assert.equal(await status("--etag-save", "tag"), "200");
  assert.equal(await status("--etag-compare", "tag"), "304");
  // By the time of the file that it has.
  await curl(into, "-R", "-o", "copy", `${url}text.html`);
  assert.equal(await status("-z", "copy"), "304");
});

test("wget continues a download, and leaves a whole one alone", { skip: noWget }, async (t) => {
  const { url, into } = await serve(t);
  writeFileSync(path.join(into, "large.bin"), LARGE.subarray(0, 1_234_567));
  const { code, output } = await wget(into, "-c", `${url}large.bin`);
  assert.equal(code, 0, output);
  assert.match(output, /206 Partial Content/);
  assert.ok(readFileSync(path.join(into, "large.bin")).equals(LARGE));
  const again = await wget(into, "-c", `${url}large.bin`);
  assert.equal(again.code, 0, again.output);
  assert.match(again.output, /416 Range Not Satisfiable\s+The file is already fully retrieved/);
});

test("wget mirrors a site, and the second time only what has changed", { skip: noWget }, async (t) => {
  const { url, into } = await serve(t);
  const mirror = (...words: string[]) =>
    wget(into, "--mirror", "--no-host-directories", "--page-requisites", ...words, url);
  const first = await mirror();
  const mirrored = Object.keys(SITE).filter((name) => name !== "large.bin");
  for (const name of mirrored) {
    const content = SITE[name as keyof typeof SITE];
    assert.ok(readFileSync(path.join(into, name)).equals(Buffer.from(content)), `${name}\n${first.output}`);
  }
  // By If-Modified-Since, wget goes no further than the page that has not changed; by HEAD it does.
  assert.match((await mirror()).output, /304 Not Modified/);
  const second = await mirror("--no-if-modified-since");
  assert.equal(second.output.match(/Server file no newer than local file/g)?.length, mirrored.length, second.output);
});

test("wget mirrors what is listed, and the second time only what has changed", { skip: noWget }, async (t) => {
  const listed = {
    "a b/100%?#.html": "first",
    "a b/deep/er/file.txt": "second",
    "a:b.txt": "third",
    "ünï 'quoted' \"twice\".md": "fourth",
    "empty/.hidden": "",
  };
  const root = makeTree(t, listed);
  for (const name of Object.keys(listed)) utimesSync(path.join(root, name), OLD, OLD);
  const { url } = await start(t, files(root, { listing: true, checkInterval: 0 }));
  const into = makeTree(t, {});
  const mirror = () =>
    wget(into, "--mirror", "--no-host-directories", "--reject", "index.html*", "--restrict-file-names=nocontrol", url);
  const first = await mirror();
  assert.equal(first.code, 0, first.output);
  const { "empty/.hidden": _, ...shown } = listed;
  const names = readdirSync(into, { recursive: true, encoding: "utf8" });
  const mirrored = names.filter((name) => statSync(path.join(into, name)).isFile());
  assert.deepEqual(mirrored.sort(), Object.keys(shown).sort());
  for (const [name, content] of Object.entries(shown))
    assert.equal(readFileSync(path.join(into, name), "utf8"), content);
  writeFileSync(path.join(root, "a b/deep/er/file.txt"), "changed, deep inside");
  const second = await mirror();
  assert.equal(second.code, 0, second.output);
  assert.equal(readFileSync(path.join(into, "a b/deep/er/file.txt"), "utf8"), "changed, deep inside");
  assert.equal(second.output.match(/304 Not Modified/g)?.length, Object.keys(shown).length - 1, second.output);
});

test("curl and wget get what somebody compressed before", { skip: noCurl || noWget }, async (t) => {
  const root = makeTree(t, { "a.js": TEXT, "a.js.gz": gzipSync(TEXT), "a.js.br": brotliCompressSync(TEXT) });
  const { url } = await start(t, files(root, { compress: false }));
  const into = makeTree(t, {});
  await curl(into, "--compressed", "-o", "curled", `${url}a.js`);
  const { output } = await wget(into, "--compression=gzip", "-O", "got", "-S", `${url}a.js`);
  for (const name of ["curled", "got"]) assert.equal(readFileSync(path.join(into, name), "utf8"), TEXT, output);
  assert.match(output, /Content-Encoding: gzip/);
});
