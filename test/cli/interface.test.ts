/** Which interface an application is written for: what its exports say, and what `--interface` does. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

async function answer(t: TestContext, cwd: string, ...args: string[]): Promise<string> {
  const portico = await startPortico(args, { cwd });
  t.after(() => portico.stop());
  return (await fetch(new URL("/a.sh/path?a=b", portico.url))).text();
}

test("an export named application, of two parameters, is wsgi", async (t) => {
  const module = "export function application(environ, start) { start('200 OK', []); return [environ.PATH_INFO] }";
  const cwd = folder({
    "app.mjs": module,
    "app.cjs.js": module.replace("export function", "exports.application = function"),
  });
  for (const name of ["app.mjs", "app.cjs.js"]) assert.equal(await answer(t, cwd, name), "/a.sh/path");
});

test("what is made for node:http is known by its methods", async (t) => {
  const cwd = folder({
    // A server that does not listen, with what Express and connect, Koa, and Nest have in common with their kind.
    "server.mjs":
      "import { createServer } from 'node:http'; export default createServer((_, res) => res.end('server'))",
    "express.js": "module.exports = Object.assign((_, res) => res.end('express'), { use() {}, listen() {} })",
    "koa.mjs": "export default { use() {}, listen() {}, callback: () => (_, res) => res.end('koa') }",
    "nest.mjs": `
      import { createServer } from "node:http";
      const said = [];
      export default {
        use() {},
        listen() {},
        init: async () => said.push("n", "e"),
        getHttpAdapter: () => ({ getInstance: () => ({ ready: async () => said.push("s", "t") }) }),
        getHttpServer: () => createServer((_, res) => res.end(said.join(""))),
      }`,
  });
  for (const name of ["server.mjs", "express.js", "koa.mjs", "nest.mjs"]) {
    assert.equal(await answer(t, cwd, name), name.split(".")[0]);
  }
});

test("a wsgi application is told the concurrency model", async (t) => {
  const module = `export function application(environ, start) {
    start("200 OK", []);
    return [environ["wsgi.multithread"] + " " + environ["wsgi.multiprocess"]];
  }`;
  const models: Record<string, string> = { serial: "false false", "event-loop": "true false", threads: "true true" };
  const cwd = folder({ "app.mjs": module });
  for (const [model, flags] of Object.entries(models)) {
    assert.equal(await answer(t, cwd, "app.mjs", "--model", model), flags);
  }
  assert.equal(await answer(t, cwd, "app.mjs", "--workers", "2"), "true true");
});

describe("a module with WinterTC's marker", () => {
  const MARKER = "[Symbol.for('wintertc.server.protocol')]";

  test("has fetch() called with a context, with --interface fetch as without", async (t) => {
    const module = `export default { ${MARKER}: 1, fetch: (ctx) => new Response(ctx.alpnProtocol + ctx.request.method) }`;
    const cwd = folder({ "app.mjs": module });
    for (const args of [[], ["--interface", "fetch"]]) {
      assert.equal(await answer(t, cwd, "app.mjs", ...args), "http/1.1GET");
    }
  });

  test("and connect() takes CONNECT, with several workers, too", async (t) => {
    const module = `export default {
      ${MARKER}: 1,
      fetch() {},
      connect: (ctx) => new Response("no tunnel to " + ctx.request.url, { status: 403 }),
    }`;
    const cwd = folder({ "app.mjs": module });
    for (const args of [[], ["--workers", "2"]]) {
      const portico = await startPortico(["app.mjs", ...args], { cwd });
      t.after(() => portico.stop());
      const request = http.request(portico.url, { method: "CONNECT", path: "a.example:443" }).end();
      const [{ statusCode }] = await once(request, "connect");
      assert.equal(statusCode, 403);
    }
  });

  test("of another version is refused", async () => {
    const cwd = folder({ "app.mjs": `export default { ${MARKER}: 2, fetch() {} }` });
    const { stderr, code } = await runPortico(["app.mjs"], { cwd });
    const why = "its wintertc.server.protocol is 2, and the version spoken here is 1";
    assert.deepEqual([stderr, code], [`portico: app.mjs cannot be served: ${why}\n`, 1]);
  });
});

describe("--interface takes what could be an application for one", () => {
  test("fetch: a default function of more than the request", async (t) => {
    const cwd = folder({ "app.mjs": "export default (request, env) => new Response(request.method + typeof env)" });
    assert.equal(await answer(t, cwd, "app.mjs", "--interface", "fetch"), "GETundefined");
  });

  test("wsgi: a default function, and an application of any parameters", async (t) => {
    const body = "{ args[1]('200 OK', []); return ['wsgi'] }";
    const cwd = folder({
      "main.mjs": `export default (...args) => ${body}`,
      "named.mjs": `export const application = (...args) => ${body}`,
    });
    for (const name of ["main.mjs", "named.mjs"]) {
      assert.equal(await answer(t, cwd, name, "--interface", "wsgi"), "wsgi");
    }
  });

  test("node: a default function of any parameters, and a handler, as frameworks build it", async (t) => {
    const cwd = folder({
      "main.mjs": "export default (...args) => args[1].end(args[0].url)",
      "named.mjs": "export const handler = (...args) => args[1].end(args[0].url); export const startServer = () => {}",
    });
    for (const name of ["main.mjs", "named.mjs"]) {
      assert.equal(await answer(t, cwd, name, "--interface", "node"), "/a.sh/path?a=b");
    }
  });

  test("cgi: a directory of programs", async (t) => {
    const cwd = folder({
      "programs/a.sh": '#!/bin/sh\nprintf "Status: 200\\n\\n$SCRIPT_NAME $PATH_INFO $QUERY_STRING"',
    });
    chmodSync(join(cwd, "programs/a.sh"), 0o755);
    assert.equal(await answer(t, cwd, "programs", "--interface", "cgi"), "/a.sh /path a=b");
  });
});

describe("what --interface cannot decide is told in one line", () => {
  const cases: Record<string, [module: string, args: readonly string[], message: string, code: 1 | 2]> = {
    "an interface that is none": [
      "",
      ["app.mjs", "--interface", "asgi"],
      '--interface takes fetch, node, wsgi or cgi, not "asgi"',
      2,
    ],
    "a directory for a module": [
      "",
      [".", "--interface", "fetch"],
      "--interface fetch takes a module, and . is a directory",
      2,
    ],
    "a module for a directory": [
      "",
      ["app.mjs", "--interface", "cgi"],
      "--interface cgi takes a directory of programs, and app.mjs is a file",
      2,
    ],
    "two applications": [
      "export default () => {}; export function application(environ, startResponse) {}",
      ["app.mjs"],
      "app.mjs holds more than one application: its default export is a function of the request (--interface fetch), and it exports application(environ, startResponse) (--interface wsgi). Give one of these flags",
      1,
    ],
    "a function that could be anything": [
      "export default (a, b) => {}",
      ["app.mjs"],
      "app.mjs does not say which interface it is written for: its default export is a function of 2 parameters. Give --interface fetch or --interface node or --interface wsgi",
      1,
    ],
    "a program that is its own server": [
      "import { createServer } from 'node:http'; createServer(() => {}).listen(0);",
      ["app.mjs"],
      "app.mjs holds no application: it exports nothing, and it listens by itself. Export what it listens with, and leave listen() out: export default app",
      1,
    ],
    "an application of Fastify that does not get ready": [
      "export default { routing() {}, async ready() { throw new Error('no database') } }",
      ["app.mjs"],
      "app.mjs threw while it was loaded, at app.mjs:1:54: Error: no database",
      1,
    ],
    "a server of node:https": [
      "import { createServer } from 'node:https'; export default createServer(() => {});",
      ["app.mjs"],
      "app.mjs cannot be served: its server is one of node:https, and portico speaks no TLS. Export one of node:http",
      1,
    ],
    "a server that listens": [
      "import { createServer } from 'node:http'; export default createServer(() => {}).listen(0);",
      ["app.mjs"],
      "app.mjs exports a server that listens already. Leave listen() out: portico listens",
      1,
    ],
    "node, and the module has none": [
      "export default { fetch() {} }",
      ["app.mjs", "--interface", "node"],
      "app.mjs holds no application for --interface node: its default export has fetch(). Wanted: export default (request, response) => { ... }",
      1,
    ],
    "wsgi, and the module has none": [
      "export default { fetch() {} }",
      ["app.mjs", "--interface", "wsgi"],
      "app.mjs holds no application for --interface wsgi: its default export has fetch(). Wanted: export function application(environ, startResponse) { ... }",
      1,
    ],
    "fetch, and the module has none": [
      "export default { handle() {} }",
      ["app.mjs", "--interface", "fetch"],
      "app.mjs holds no application for --interface fetch: its default export has no fetch(request). Wanted: export default { fetch(request) { ... } }",
      1,
    ],
  };
  for (const [what, [module, args, message, code]] of Object.entries(cases)) {
    test(what, async () => {
      const result = await runPortico(args, { cwd: folder({ "app.mjs": module }) });
      assert.deepEqual([result.stderr, result.stdout, result.code], [`portico: ${message}\n`, "", code]);
    });
  }
});
