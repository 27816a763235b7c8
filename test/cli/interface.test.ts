/** Which interface an application is written for: what its exports say, and what `--interface` does. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

async function answer(t: TestContext, cwd: string, ...args: string[]): Promise<string> {
  const portico = await startPortico(args, { cwd });
  t.after(() => portico.stop());
  return (await fetch(new URL("/a.sh/path?a=b", portico.url))).text();
}

describe("--interface takes what could be an application for one", () => {
  test("fetch: a default function of more than the request", async (t) => {
    const cwd = folder({ "app.mjs": "export default (request, env) => new Response(request.method + typeof env)" });
    assert.equal(await answer(t, cwd, "app.mjs", "--interface", "fetch"), "GETundefined");
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
      '--interface takes fetch or cgi, not "asgi"',
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
