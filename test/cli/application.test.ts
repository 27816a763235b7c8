/** What a module may export, and what is said of one that cannot be served. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

async function answer(module: string, args: readonly string[] = [], name = "app.mjs"): Promise<string> {
  const portico = await startPortico([name, ...args], { cwd: folder({ [name]: module }) });
  const response = await fetch(`${portico.url}/path`);
  const text = await response.text();
  await portico.stop();
  return text;
}

describe("an application is", () => {
  test("a default export with fetch(), which is called as a method", async () => {
    const module = 'export default { name: "me", fetch() { return new Response(this.name) } }';
    assert.equal(await answer(module), "me");
  });

  test("a function with a fetch() of its own", async () => {
    const module = 'const app = (a, b) => {}; app.fetch = () => new Response("its fetch"); export default app';
    assert.equal(await answer(module), "its fetch");
  });

  test("a default function of the request", async () => {
    assert.equal(await answer("export default (request) => new Response(request.method)"), "GET");
  });

  test("an export named fetch", async () => {
    const module = "export async function fetch(request) { return new Response(new URL(request.url).pathname) }";
    assert.equal(await answer(module), "/path");
  });

  test("a CommonJS module's exports, those of a compiled default export too", async () => {
    const fetch = '{ fetch() { return new Response("cjs") } }';
    assert.equal(await answer(`module.exports = ${fetch}`, [], "app.js"), "cjs");
    assert.equal(await answer(`exports.__esModule = true; exports.default = ${fetch}`, [], "app.js"), "cjs");
  });
});

test("a proxy that answers to any name is asked only for what it says it has", async () => {
  const module = `
    const routes = new Proxy({}, { get: (target, name, receiver) => () => receiver });
    export default { __proto__: routes, fetch: () => new Response("routed") };`;
  assert.equal(await answer(module), "routed");
});

test("an application's error() answers for what its fetch() throws", async () => {
  const module = `export default {
    fetch() { throw new Error("oops") },
    error(error) { return new Response("error: " + error.message, { status: 500 }) },
  }`;
  assert.equal(await answer(module), "error: oops");
});

test("an application gets the light classes, and Node's own with --native-fetch", async () => {
  const module =
    "export default () => new Response(String(Function.prototype.toString.call(Response).includes('Light')))";
  assert.equal(await answer(module), "true");
  assert.equal(await answer(module, ["--native-fetch"]), "false");
});

test("port and hostname of the default export count, below environment and flags", async () => {
  const cwd = folder({ "app.mjs": 'export default { port: "0", hostname: "127.0.0.2", fetch: () => new Response() }' });
  const wished = await startPortico(["app.mjs"], { cwd, env: { PORT: "" } });
  assert.match(wished.url, /^http:\/\/127\.0\.0\.2:\d+$/);
  const told = await startPortico(["app.mjs", "--host", "127.0.0.3"], { cwd });
  assert.match(told.url, /^http:\/\/127\.0\.0\.3:\d+$/);
  const set = await startPortico(["app.mjs"], { cwd, env: { HOST: "127.0.0.4" } });
  assert.match(set.url, /^http:\/\/127\.0\.0\.4:\d+$/);
});

describe("what cannot be loaded is named in one line, with exit code 1", () => {
  const wanted = "Wanted: export default { fetch(request) { ... } }";
  const cases: Record<string, [files: Record<string, string>, message: string]> = {
    "no export": [{ "app.mjs": "const a = 1;" }, `app.mjs holds no application: it exports nothing. ${wanted}`],
    "other exports": [
      { "app.mjs": "export const a = 1, b = 2;" },
      `app.mjs holds no application: it exports only a, b. ${wanted}`,
    ],
    "a default export that is no application": [
      { "app.mjs": "export default 42;" },
      `app.mjs holds no application: its default export is 42. ${wanted}`,
    ],
    "an object without fetch, whose timers go on": [
      { "app.mjs": "setInterval(() => {}, 1000); export default {};" },
      `app.mjs holds no application: its default export has no fetch(request). ${wanted}`,
    ],
    "a port that is none": [
      { "app.mjs": "export default { port: 80_000, fetch() {} };" },
      'the port in app.mjs takes a number from 0 to 65535, not "80000"',
    ],
    "a module that throws": [
      { "app.ts": 'import "./lib/db.ts";', "lib/db.ts": "\nexport const x = (null as any).y;" },
      "app.ts threw while it was loaded, at lib/db.ts:2:32: TypeError: Cannot read properties of null (reading 'y')",
    ],
    "a module that throws from a transformed file": [
      { "app.ts": 'enum A { B }\n\n\nthrow new Error("no " + A.B);' },
      "app.ts threw while it was loaded, at app.ts:4:7: Error: no 0",
    ],
    "a module that throws in a dependency": [
      {
        "app.mjs": '\nimport { use } from "dependency";\nuse();',
        "node_modules/dependency/index.js": 'exports.use = () => { throw new RangeError("too far") }',
      },
      "app.mjs threw while it was loaded, at app.mjs:3:1: RangeError: too far",
    ],
    "a module that throws after it has waited, in a folder with a space in its name": [
      { "the app/app.mjs": 'await 1;\nthrow new Error("late");' },
      "the app/app.mjs threw while it was loaded, at the app/app.mjs:2:7: Error: late",
    ],
    "a module that throws what is no error": [
      { "app.mjs": 'throw "a fit";' },
      "app.mjs threw 'a fit' while it was loaded",
    ],
    "a module whose code throws a SyntaxError": [
      { "app.ts": 'import "./lib/a.ts";', "lib/a.ts": 'const a: string = "odd";\nthrow new SyntaxError(a);' },
      "app.ts threw while it was loaded, at lib/a.ts:2:7: SyntaxError: odd",
    ],
    "a missing package": [
      { "app.mjs": 'import { Hono } from "hono"; export default new Hono();' },
      'app.mjs imports "hono", which is not installed: npm install hono',
    ],
    "a missing file": [
      { "app.ts": 'import "./lib/a.ts";', "lib/a.ts": 'import "./b.ts";' },
      "lib/a.ts imports lib/b.ts, which does not exist",
    ],
    "a missing export": [
      { "app.ts": '\nimport { b } from "./a.ts";\nb();', "a.ts": "export type b = 1;" },
      "app.ts:2: The requested module './a.ts' does not provide an export named 'b'; if it is a type: import type",
    ],
    "a syntax error in TypeScript": [
      { "app.ts": 'import "./lib/a.ts";', "lib/a.ts": "let a: number;\nlet b: = 1;" },
      "lib/a.ts:2:8: Unexpected token `=`\n2 | let b: = 1;\n           ^",
    ],
    "a syntax error in JavaScript": [
      { "app.mjs": 'import { a } from "./lib/a.mjs";', "lib/a.mjs": "let a;\nlet b c;" },
      "lib/a.mjs:2:7: Expected a semicolon\n2 | let b c;\n          ^",
    ],
    "a decorator": [
      { "app.ts": "@entity class A {}\nexport default A;" },
      "app.ts or a module it imports does not parse: Invalid or unexpected token; if it is a decorator: Node runs none that is not compiled",
    ],
    "a module that waits for ever": [
      { "app.mjs": "await new Promise(() => {});" },
      "app.mjs never finishes loading: it awaits something that nothing will settle",
    ],
  };
  for (const [what, [files, message]] of Object.entries(cases)) {
    test(what, async () => {
      const { code, stdout, stderr } = await runPortico([Object.keys(files)[0]!], { cwd: folder(files) });
      assert.deepEqual([stderr, stdout, code], [`portico: ${message}\n`, "", 1]);
    });
  }
});

test("an ES module under a CommonJS package.json is told how to become one", async () => {
  const cwd = folder({ "app.js": "export default () => {};", "package.json": '{ "type": "commonjs" }' });
  const { code, stderr } = await runPortico(["app.js"], { cwd });
  assert.equal(code, 1);
  // Node itself warns before that.
  const advice = 'for an ES module, name it .mjs or set "type": "module" in its package.json';
  assert.ok(stderr.endsWith(`portico: app.js:1: Unexpected token 'export'; ${advice}\n`), stderr);
});

test("a rejected promise that nobody waits for is logged, and the server goes on", async () => {
  const module = 'export default () => { Promise.reject(new Error("forgotten")); return new Response("ok") }';
  const portico = await startPortico(["app.mjs"], { cwd: folder({ "app.mjs": module }) });
  assert.equal(await (await fetch(portico.url)).text(), "ok");
  await portico.written(/ error a promise of the application was rejected, .*Error: forgotten/);
  assert.equal(await (await fetch(portico.url)).text(), "ok");
  assert.equal((await portico.stop()).code, 0);
});

test("an application that listens for unhandled rejections itself is not spoken for", async () => {
  const module = `
    process.on("unhandledRejection", (reason) => console.error("seen: " + reason.message));
    export default () => { Promise.reject(new Error("forgotten")); return new Response("ok") }`;
  const portico = await startPortico(["app.mjs"], { cwd: folder({ "app.mjs": module }) });
  await (await fetch(portico.url)).text();
  await portico.written(/seen: forgotten/);
  await portico.stop();
  assert.doesNotMatch(portico.output, /a promise of the application/);
});

test("an uncaught exception is shown with its place and ends the process with code 1", async () => {
  const module =
    'export default () => { setImmediate(() => { throw new Error("out of reach") }); return new Response() }';
  const portico = await startPortico(["app.mjs"], { cwd: folder({ "app.mjs": module }) });
  await fetch(portico.url).catch(() => {});
  assert.deepEqual(await portico.exited, { code: 1, signal: null });
  assert.match(portico.output, /Error: out of reach\n +at .*app\.mjs:1:/);
});
