/** docs/gateway-wsgi.md: its programs run, and its table names what there is. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Environ } from "../../../src/gateway/wsgi/interface.ts";
import { deferred } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";
import { startPortico } from "../../support/portico.ts";
import { install, TYPESCRIPT } from "../../support/program.ts";
import { ok, serve } from "./support.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/gateway-wsgi.md"), "utf8");

const programs = Object.fromEntries(
  [...PAGE.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name, text]) => [name!, text!]),
);

test("the application answers as the page says, and so does the middleware around it", async (t) => {
  const cwd = folder(programs);
  const portico = await startPortico(["application.ts"], { cwd });
  t.after(() => portico.stop());
  const [, path, output] = /^\$ curl http:\/\/127\.0\.0\.1:8000(\S+)\n(.*\n)/m.exec(PAGE)!;
  assert.equal(await (await fetch(new URL(path!, portico.url))).text(), output);

  const wrapped = await startPortico(["middleware.ts"], { cwd });
  t.after(() => wrapped.stop());
  assert.equal((await fetch(wrapped.url)).status, 403);
  const response = await fetch(wrapped.url, { headers: { "X-Key": "porch" } });
  assert.deepEqual([await response.text(), response.headers.get("x-house")], ["Hello from /!\n", "ours"]);
});

test("the validator's example passes", () => {
  const cwd = folder(programs);
  install(cwd);
  const { status, stderr } = spawnSync(process.execPath, ["--import", TYPESCRIPT, "application.test.ts"], { cwd });
  assert.equal(status, 0, String(stderr));
});

test("the table of environ has every variable that there is, and no other", async (t) => {
  const seen = deferred<Environ>();
  const { client } = await serve(t, (environ, startResponse) => {
    seen.resolve(environ);
    ok(startResponse);
    return [];
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Length: 1\r\n\r\n1");
  const given = Object.keys(await seen.promise).filter((name) => !name.startsWith("HTTP_"));
  const named = [...PAGE.matchAll(/^\| (`(?:[A-Z]|wsgi\.).*?) +\|/gm)].flatMap(
    ([, cell]) => cell!.match(/[\w.]+(?=`)/g) ?? [],
  );
  assert.deepEqual(named.sort(), given.sort());
});
