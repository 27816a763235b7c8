/** Real saves to real files, in the ways that editors and other programs save. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { meaningOf } from "../../src/dev/changes.ts";
import { Watcher } from "../../src/dev/watch.ts";
import { folder } from "../support/folder.ts";

interface Watch {
  readonly root: string;
  readonly watcher: Watcher;
  readonly heard: Set<string>;
  /** Resolves with the next change. */
  changed(): Promise<void>;
  /** Resolves once a change of this file has been told since the last time. */
  told(name: string): Promise<void>;
}

function watchTree(t: TestContext, files: Record<string, string>): Watch {
  const root = folder(files);
  const heard = new Set<string>();
  let wake = () => {};
  const watcher = new Watcher(
    (path) => {
      heard.add(path);
      wake();
    },
    (error) => assert.fail(error.message),
  );
  t.after(() => watcher.close());
  watcher.watchTree(root);
  const changed = () => new Promise<void>((resolve) => (wake = resolve));
  const told = async (name: string) => {
    while (!heard.has(join(root, name))) await changed();
    heard.clear();
  };
  return { root, watcher, heard, changed, told };
}

test("a save in place, an append, and a removal are told", async (t) => {
  const { root, told } = watchTree(t, { "a.ts": "1" });
  writeFileSync(join(root, "a.ts"), "2");
  await told("a.ts");
  appendFileSync(join(root, "a.ts"), "3");
  await told("a.ts");
  rmSync(join(root, "a.ts"));
  await told("a.ts");
  writeFileSync(join(root, "a.ts"), "4");
  await told("a.ts");
});

test("a save by renaming is told, time after time", async (t) => {
  const { root, told } = watchTree(t, { "src/a.ts": "1" });
  for (let i = 0; i < 5; i++) {
    writeFileSync(join(root, "src/.a.ts.swp"), String(i));
    renameSync(join(root, "src/.a.ts.swp"), join(root, "src/a.ts"));
    await told("src/a.ts");
  }
});

test("a save that moves the old file away first is told", async (t) => {
  const { root, told } = watchTree(t, { "a.ts": "1" });
  for (let i = 0; i < 3; i++) {
    renameSync(join(root, "a.ts"), join(root, "a.ts~"));
    writeFileSync(join(root, "a.ts"), String(i));
    await told("a.ts");
  }
});

test("directories that are made, filled, moved and made again are watched", async (t) => {
  const { root, told } = watchTree(t, { "a.ts": "1" });
  mkdirSync(join(root, "b/c"), { recursive: true });
  writeFileSync(join(root, "b/c/d.ts"), "1");
  await told("b/c/d.ts");
  writeFileSync(join(root, "b/c/d.ts"), "2");
  await told("b/c/d.ts");
  renameSync(join(root, "b"), join(root, "e"));
  await told("e/c/d.ts");
  writeFileSync(join(root, "e/c/d.ts"), "3");
  await told("e/c/d.ts");
  rmSync(join(root, "e"), { recursive: true });
  await told("e");
  mkdirSync(join(root, "e"));
  writeFileSync(join(root, "e/f.ts"), "4");
  await told("e/f.ts");
});

test("what is hidden or installed is not told", async (t) => {
  const { root, heard, changed } = watchTree(t, { ".git/x": "", "node_modules/m/x.js": "", "a.ts": "" });
  writeFileSync(join(root, ".git/x"), "1");
  writeFileSync(join(root, "node_modules/m/x.js"), "1");
  writeFileSync(join(root, ".env"), "1");
  writeFileSync(join(root, "a.ts"), "1");
  await changed();
  assert.deepEqual([...heard], [join(root, "a.ts")]);
});

test("a link to a directory, which may lead anywhere, is not followed", (t) => {
  const { root, watcher } = watchTree(t, { "a/b.ts": "" });
  symlinkSync(root, join(root, "a/loop"), "junction");
  watcher.watchTree(root);
});

test("what a change means", () => {
  const loaded = new Set(["/lib/x.json", "/site/public/y.js"]);
  const interests = { served: ["/site/public"], application: "/site", loaded };
  const meanings: Record<string, string> = {
    "/site/server.ts": "application",
    "/site/views/page.ejs": "application",
    "/lib/x.json": "application",
    "/site/public/y.js": "application",
    "/site/public/z.js": "page",
    "/site/public/style.CSS": "styles",
    "/site/public/picture.png": "page",
    "/site/data.json": "nothing",
    "/site/data.db": "nothing",
    "/lib/y.ts": "nothing",
    "/sitemap.ts": "nothing",
  };
  for (const [path, meaning] of Object.entries(meanings)) assert.equal(meaningOf(path, interests), meaning, path);
});
