import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, closeSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Root, realPathByIdentity } from "../../src/static/root.ts";
import { makeTree } from "./support.ts";

/** What a root gives at a path: a file's content, "directory" or `null`. */
function read(root: Root, location: string): string | null {
  const found = root.open(location.split("/"));
  if (found === null || found === "directory") return found;
  try {
    return readFileSync(found.descriptor, "utf8");
  } finally {
    closeSync(found.descriptor);
  }
}

test("a root that is no directory is refused at once, by name", (t) => {
  const directory = makeTree(t, { file: "" });
  assert.throws(() => new Root(path.join(directory, "none"), false), {
    message: `files: there is no directory ${path.join(directory, "none")}`,
  });
  assert.throws(() => new Root(path.join(directory, "file"), false), {
    message: `files: ${path.join(directory, "file")} is not a directory`,
  });
  assert.throws(() => new Root(path.join(directory, "file", "deeper"), false), {
    message: /file\/deeper/,
  });
});

const isRoot = process.getuid?.() === 0 && "root may enter all";

test("a root that may not be entered is refused, one that may not be read is served", { skip: isRoot }, (t) => {
  const directory = makeTree(t, { "closed/a": "a", "unread/a": "a" });
  const closed = path.join(directory, "closed");
  chmodSync(closed, 0o600);
  chmodSync(path.join(directory, "unread"), 0o300);
  try {
    assert.throws(() => new Root(closed, false), { code: "EACCES", message: new RegExp(closed) });
    assert.equal(read(new Root(path.join(directory, "unread"), false), "a"), "a");
  } finally {
    // As they have to be for whoever clears them away.
    for (const name of ["closed", "unread"]) chmodSync(path.join(directory, name), 0o700);
  }
});

test("files and directories are told apart, and what is not there is not", (t) => {
  const root = new Root(makeTree(t, { "a.txt": "a", "sub/b.txt": "b" }), false);
  assert.equal(read(root, "a.txt"), "a");
  assert.equal(read(root, "sub/b.txt"), "b");
  assert.equal(read(root, "sub"), "directory");
  assert.equal(root.open([]), "directory");
  for (const location of ["none", "sub/none", "none/b.txt", "a.txt/b", "a.txt/b/c"]) {
    assert.equal(read(root, location), null, location);
  }
});

test("names that are too long, or too many, are not there", (t) => {
  const root = new Root(makeTree(t, {}), false);
  assert.equal(root.open(["x".repeat(256)]), null);
  assert.equal(root.open(["x".repeat(5000)]), null);
  assert.equal(root.open(Array.from({ length: 4000 }, () => "x")), null);
});

test("dot names are hidden, .well-known is not", (t) => {
  const tree = { ".env": "secret", ".git/config": "secret", "a/.b/c": "secret", ".well-known/security.txt": "open" };
  const directory = makeTree(t, { ...tree, ".well-known/.hidden": "secret", ".well-knowns": "secret" });
  const root = new Root(directory, false);
  assert.equal(read(root, ".well-known/security.txt"), "open");
  for (const location of [".env", ".git", ".git/config", "a/.b/c", ".well-known/.hidden", ".well-knowns"]) {
    assert.equal(read(root, location), null, location);
  }
  const open = new Root(directory, true);
  assert.equal(read(open, ".env"), "secret");
  assert.equal(read(open, ".git"), "directory");
});

test("a root below a dot name is served", (t) => {
  const root = new Root(path.join(makeTree(t, { ".cache/site/a": "a" }), ".cache/site"), false);
  assert.equal(read(root, "a"), "a");
});

test("links inside the root are followed, links out of it are not", (t) => {
  const directory = makeTree(t, {
    "site/sub/a": "a",
    "site/.hidden/secret": "secret",
    "site/file": { link: "sub/a" },
    "site/again": { link: "sub" },
    "site/self": { link: "." },
    "site/out": { link: "../outside" },
    "site/out-file": { link: "../outside/secret" },
    "site/sibling": { link: "../site-secret" },
    "site/chain": { link: "out" },
    "site/above": { link: ".." },
    "site/to-hidden": { link: ".hidden" },
    "site/to-hidden-file": { link: ".hidden/secret" },
    "site/broken": { link: "none" },
    "site/loop": { link: "loop" },
    "outside/secret": "secret",
    "outside/back": { link: "../site/sub" },
    "site-secret/secret": "secret",
  });
  symlinkSync(path.join(directory, "site/sub/a"), path.join(directory, "site/absolute"));
  symlinkSync("/etc/passwd", path.join(directory, "site/passwd"));
  const root = new Root(path.join(directory, "site"), false);

  assert.equal(read(root, "file"), "a");
  assert.equal(read(root, "absolute"), "a");
  assert.equal(read(root, "again"), "directory");
  assert.equal(read(root, "again/a"), "a");
  assert.equal(read(root, "self/self/again/a"), "a");
  // By a link out and a link back in, it is a file of the site after all.
  assert.equal(read(root, "out/back/a"), "a");
  assert.equal(read(root, "above/site/file"), "a");

  const absent = ["out", "out/secret", "out-file", "sibling", "sibling/secret", "chain", "chain/secret", "passwd"];
  absent.push("above", "above/outside/secret", "above/site-secret/secret", "broken", "loop", "loop/a");
  absent.push("to-hidden", "to-hidden/secret", "to-hidden-file");
  for (const location of absent) assert.equal(read(root, location), null, location);
});

test("a root that is a link is followed, also to where it is pointed later", (t) => {
  const directory = makeTree(t, { "one/a": "1", "two/a": "2", current: { link: "one" } });
  const root = new Root(path.join(directory, "current"), false);
  assert.equal(read(root, "a"), "1");
  symlinkSync("two", path.join(directory, "next"));
  renameSync(path.join(directory, "next"), path.join(directory, "current"));
  assert.equal(read(root, "a"), "2");
  rmSync(path.join(directory, "current"));
  assert.equal(read(root, "a"), null);
});

test("a FIFO is not opened, nor anything else that is no regular file", async (t) => {
  const directory = makeTree(t, { a: "a", null: { link: "/dev/null" }, zero: { link: "/dev/zero" } });
  if (spawnSync("mkfifo", [path.join(directory, "fifo")]).status !== 0) return t.skip("there is no mkfifo");
  const server = net.createServer().listen(path.join(directory, "socket"));
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));

  const root = new Root(directory, false);
  for (const name of ["fifo", "socket", "null", "zero"]) assert.equal(read(root, name), null, name);
});

test("where the system does not name a descriptor's file, the same file has to be at the path", (t) => {
  const directory = makeTree(t, { "sub/a": "a", "sub/b": "b", link: { link: "sub/a" } });
  const root = new Root(directory, false);
  const found = root.open(["link"]);
  assert.ok(found !== null && found !== "directory");
  t.after(() => closeSync(found.descriptor));
  assert.equal(realPathByIdentity(found), path.join(directory, "sub/a"));

  // What was opened by this path is not what it leads to now.
  renameSync(path.join(directory, "sub/b"), path.join(directory, "sub/a"));
  assert.equal(realPathByIdentity(found), null);
});

test("nothing outside is opened while a directory is swapped for a link again and again", async (t) => {
  const directory = makeTree(t, {
    "site/sub/file": "inside",
    "site/link": { link: "../outside" },
    "outside/file": "outside",
  });
  const root = new Root(path.join(directory, "site"), false);
  const swapper = new Worker(SWAP, { eval: true, workerData: path.join(directory, "site") });
  try {
    await new Promise((resolve) => swapper.once("message", resolve));
    let opened = 0;
    let refused = 0;
    while (opened < 500 || refused < 500) {
      const content = read(root, "sub/file");
      assert.notEqual(content, "outside");
      if (content === null) refused++;
      else opened++;
    }
  } finally {
    await swapper.terminate();
  }
});

/** Turns `sub` into the link and back, as fast as it can, until it is stopped. */
const SWAP = `
  const { renameSync } = require("node:fs");
  const { parentPort, workerData } = require("node:worker_threads");
  const [sub, link, kept] = ["sub", "link", "kept"].map((name) => workerData + "/" + name);
  parentPort.postMessage("swapping");
  for (;;) {
    renameSync(sub, kept);
    renameSync(link, sub);
    renameSync(sub, link);
    renameSync(kept, sub);
  }`;
