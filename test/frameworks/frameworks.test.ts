/** Frameworks as they are published: the same five things of each, under lint and by the command. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exportsOf } from "../../src/cli/exports.ts";
import { findApplication } from "../../src/cli/interfaces.ts";
import { lint } from "../../src/gateway/lint.ts";
import { start } from "../server/support.ts";
import { startPortico } from "../support/portico.ts";

const APPS = new URL("apps/", import.meta.url);
const NAMES = readdirSync(APPS).filter((name) => name !== "lines.js");

/** Serves an application in this process, under lint. */
async function underLint(t: TestContext, name: string): Promise<string> {
  const module = await import(new URL(name, APPS).href);
  const handler = await findApplication(name, exportsOf(module, false), undefined).open("event-loop");
  return (await start(t, lint(handler))).url;
}

async function byCommand(t: TestContext, name: string): Promise<string> {
  const portico = await startPortico([fileURLToPath(new URL(name, APPS))]);
  t.after(() => portico.stop());
  return portico.url;
}

for (const [how, serve] of [
  ["under lint", underLint],
  ["by the command", byCommand],
] as const) {
  for (const name of NAMES) {
    test(`${name.slice(0, -3)} serves routes, JSON, an upload, a stream and an error (${how})`, async (t) => {
      const url = await serve(t, name);
      await exercise((path, init) => fetch(new URL(path, url), init));
    });
  }
}

async function exercise(ask: (path: string, init?: RequestInit) => Promise<Response>): Promise<void> {
  const hello = await ask("/hello/Ada");
  assert.equal(hello.headers.get("x-secure"), "false");
  assert.match(await hello.text(), /^Hello, Ada(, of 127\.0\.0\.1)?!$/);
  const head = await ask("/hello/Ada", { method: "HEAD" });
  assert.equal(await head.text(), "");

  const object = { name: "Søn", list: [1, 2, 3] };
  const headers = { "content-type": "application/json" };
  const posted = await ask("/json", { method: "POST", headers, body: JSON.stringify(object) });
  assert.equal(posted.status, 201);
  assert.match(posted.headers.get("content-type")!, /^application\/json/);
  assert.deepEqual(await posted.json(), { got: object });

  const bytes = Buffer.alloc(1_000_000, "upload ");
  const uploaded = await ask("/upload", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: bytes,
  });
  assert.equal(await uploaded.text(), createHash("sha1").update(bytes).digest("hex"));

  const streamed = await ask("/stream");
  assert.equal(await streamed.text(), Array.from({ length: 100 }, (_, at) => `line ${at + 1}\n`).join(""));

  const failed = await ask("/error");
  assert.deepEqual([failed.status, await failed.text()], [500, "caught: expected"]);
  assert.equal((await ask("/missing")).status, 404);
}
