/** What ENTRY may be, and that it is served: each with the command as a process of its own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

const APPLICATION = 'export default { fetch() { return new Response("the application") } };';
const TYPED = APPLICATION.replace("fetch()", "fetch(_request: Request): Response");

async function get(url: string): Promise<string> {
  const response = await fetch(url);
  const text = await response.text();
  return response.status === 200 ? text : String(response.status);
}

async function served(args: readonly string[], cwd: string, path = "/"): Promise<string> {
  const portico = await startPortico(args, { cwd });
  const text = await get(portico.url + path);
  assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  return text;
}

test("a directory is served as files, and the address line says so", async () => {
  const cwd = folder({ "html/index.html": "<h1>Hello</h1>", "html/a.txt": "a" });
  const portico = await startPortico(["./html"], { cwd });
  assert.equal(await get(`${portico.url}/`), "<h1>Hello</h1>");
  assert.equal(await get(`${portico.url}/a.txt`), "a");
  assert.equal(await get(`${portico.url}/b.txt`), "404");
  assert.match(portico.output, /^portico \d+\.\d+\.\d+ {2}http:\/\/127\.0\.0\.1:\d+ {2}files from \.\/html\n$/);
});

test("without ENTRY and without an application, this directory's files are served", async () => {
  assert.equal(await served([], folder({ "index.html": "home" })), "home");
});

describe("without ENTRY, an application in this directory is found", () => {
  for (const name of [
    "server.ts",
    "server.mts",
    "server.mjs",
    "server/index.ts",
    "src/server.ts",
    "src/server/index.ts",
  ]) {
    test(name, async () => {
      const cwd = folder({ [name]: name.endsWith(".mjs") ? APPLICATION : TYPED, "index.html": "home" });
      assert.equal(await served([], cwd), "the application");
    });
  }
});

test("a directory that is named is served as files, even if it holds an application", async () => {
  const cwd = folder({ "server.ts": TYPED, "index.html": "home" });
  assert.equal(await served(["."], cwd), "home");
});

describe("a module is served as an application", () => {
  const cwd = folder({ "app.ts": TYPED, "app2.mts": TYPED, "app3.mjs": APPLICATION, "es/app.js": APPLICATION });
  for (const name of ["app.ts", "./app.ts", "app2.mts", "app3.mjs", "app", "es/app.js"]) {
    test(name, async () => assert.equal(await served([name], cwd), "the application"));
  }
});

test("files of --static come first, then the application", async () => {
  const cwd = folder({ "app.ts": TYPED, "public/a.txt": "a file" });
  const args = ["app.ts", "--static", "public"];
  assert.equal(await served(args, cwd, "/a.txt"), "a file");
  assert.equal(await served(args, cwd, "/b.txt"), "the application");
});

test("with --prefix the files stand under that path only", async () => {
  const cwd = folder({ "app.ts": TYPED, "public/a.txt": "a file" });
  const args = ["app.ts", "--static=public", "--prefix=/assets"];
  assert.equal(await served(args, cwd, "/assets/a.txt"), "a file");
  assert.equal(await served(args, cwd, "/a.txt"), "the application");
});

describe("what cannot be served is named in one line, with exit code 1", () => {
  const cwd = folder({ "page.html": "", "app.ts": TYPED });
  const cases: [string[], string][] = [
    [["missing"], "there is no file or directory missing"],
    [["app.tsx"], "there is no file or directory app.tsx"],
    [["7890"], "there is no file or directory 7890; if it is the port: --port 7890"],
    [["page.html/x"], "there is no file or directory page.html/x"],
    [
      ["page.html"],
      "page.html is not a module (.mjs, .js, .mts, .ts); to serve it as a file, name its directory: portico .",
    ],
    [["app.ts", "--static", "gone"], "there is no directory gone (--static)"],
    [["app.ts", "--static", "page.html"], "page.html is not a directory (--static)"],
  ];
  for (const [args, message] of cases) {
    test(`portico ${args.join(" ")}: ${message}`, async () => {
      const { code, stdout, stderr } = await runPortico(args, { cwd });
      assert.deepEqual([code, stdout, stderr], [1, "", `portico: ${message}\n`]);
    });
  }
});
