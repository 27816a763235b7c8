/** Sites for a test to serve: directories that go when the test ends. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { lint } from "../../src/gateway/lint.ts";
import { type FilesOptions, files } from "../../src/static/index.ts";
import { type Description, Representation } from "../../src/static/representation.ts";
import { type Answer, type Client, connect, start } from "../server/support.ts";

/** What stands under a path: a file's content, or where a symbolic link leads. */
export type Tree = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

/** Makes a directory of its own; the tree's paths are relative to it. */
export function makeTree(t: TestContext, tree: Tree): string {
  const directory = realpathSync(mkdtempSync(path.join(os.tmpdir(), "portico-static-")));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(tree)) {
    const location = path.join(directory, name);
    mkdirSync(path.dirname(location), { recursive: true });
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(location, content);
    else symlinkSync(content.link, location);
  }
  return directory;
}

/** A client connected to a server of these files. */
export async function visit(t: TestContext, root: string, options?: FilesOptions): Promise<Client> {
  return connect(t, await start(t, lint(files(root, options))));
}

/** Sends a request with any method, and reads its response. */
export async function ask(client: Client, method: string, target: string, fields = ""): Promise<Answer> {
  await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
  return client.response(method);
}

/** Where a redirect leads to from the path that was asked for: a path of the same site, with its query. */
export function placeOf(redirect: Answer, target: string): string {
  const site = "http://a";
  const { href } = new URL(redirect.field("Location")!, site + target);
  assert.ok(href.startsWith(`${site}/`), href);
  return href.slice(site.length);
}

/** Lets the event loop go round until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a file's times are old enough for it to be kept in memory. */
export function settled(location: string): Promise<void> {
  const { ctimeMs } = statSync(location);
  return until(() => Date.now() - ctimeMs > (ctimeMs % 1000 === 0 ? 2000 : 20) + 1);
}

/** What is said about these bytes, as plain text unless told otherwise. */
export function represent(bytes: Uint8Array, description: Partial<Description> = {}): Representation {
  return new Representation({
    content: bytes,
    size: bytes.length,
    type: "text/plain",
    etag: '"tag"',
    lastModified: 0,
    coding: null,
    varies: false,
    cacheControl: "no-cache",
    changes: null,
    ...description,
  });
}
