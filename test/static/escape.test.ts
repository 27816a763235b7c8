import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { files } from "../../src/static/index.ts";
import { connect, start } from "../server/support.ts";
import { makeTree, visit } from "./support.ts";

/** Beside the site, and in it behind a dot, there is what must never be seen. */
const TREE = {
  "site/index.html": "home",
  "site/sub/page.html": "page",
  "site/.env": "SECRET",
  "site/.git/config": "SECRET",
  "site/.well-known/security.txt": "contact",
  "site/out": { link: "../outside" },
  "site/out.txt": { link: "../outside/secret.txt" },
  "site/sibling": { link: "../site-secret" },
  "site/etc": { link: "/etc" },
  "site/hidden": { link: ".git" },
  "outside/secret.txt": "SECRET",
  "outside/index.html": "SECRET",
  "site-secret/secret.txt": "SECRET",
  "site-secret/index.html": "SECRET",
  "secret.txt": "SECRET",
};

/** Every way up that somebody once overlooked, before a name that is there. */
const UP = [
  "..",
  ".%2e",
  "%2e.",
  "%2e%2e",
  "%2E%2E",
  "%252e%252e",
  "%25252e%25252e",
  "%c0%ae%c0%ae",
  "%e0%80%ae%e0%80%ae",
  "%f0%80%80%ae%f0%80%80%ae",
  "%uff0e%uff0e",
  "%u002e%u002e",
  "%ef%bc%8e%ef%bc%8e",
  "..%00",
  "..;",
  "..%20",
  "..%09",
  "...",
  "....",
  ".%00.",
  "..%0d",
  "..\\",
  "..%5c",
];

const SLASH = [
  "/",
  "//",
  "%2f",
  "%2F",
  "%252f",
  "\\",
  "%5c",
  "%5C",
  "%255c",
  "%c0%af",
  "%e0%80%af",
  "/./",
  "/sub/../../",
];

const TARGETS = [
  ...UP.flatMap((up) => SLASH.map((slash) => `/${up}${slash}secret.txt`)),
  ...UP.flatMap((up) => SLASH.map((slash) => `/sub${slash}${up}${slash}${up}${slash}secret.txt`)),
  ...UP.map((up) => `http://a/${up}/secret.txt`),
  ...UP.map((up) => `/${up}`),
  ...UP.map((up) => `/${up}/`),
  "http://a/../../../../etc/passwd",
  "http://a//etc/passwd",
  "//etc/passwd",
  "/%2fetc/passwd",
  "/%2f%2fetc%2fpasswd",
  "/C:/secret.txt",
  "/../site-secret/secret.txt",
  "/..%2fsite-secret/secret.txt",
  "/-secret/secret.txt",
  "-secret/secret.txt",
  "%2dsecret/secret.txt",
  "/sub/page.html/../../../secret.txt",
  "/secret.txt%00.html",
  // By a link.
  "/out",
  "/out/",
  "/out/index.html",
  "/out/secret.txt",
  "/out.txt",
  "/sibling",
  "/sibling/",
  "/sibling/secret.txt",
  "/etc/passwd",
  "/out/../secret.txt",
  // Behind a dot.
  "/.env",
  "/%2eenv",
  "/%2Eenv",
  "//.env",
  "/.env/",
  "/.env?x",
  "/.git",
  "/.git/",
  "/.git/config",
  "/%2egit/config",
  "/sub/../.git/config",
  "/hidden",
  "/hidden/config",
  "/.well-known/../.env",
  "/.well-known/..%2f.env",
];

test("by no spelling of a target does anything outside the root, or hidden in it, come out", async (t) => {
  const server = await start(t, files(path.join(makeTree(t, TREE), "site")));
  for (const target of new Set(TARGETS)) {
    for (const method of ["GET", "HEAD", "OPTIONS"]) {
      // A connection each: some of them the server refuses to read on after.
      const client = await connect(t, server);
      await client.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const { status, text } = await client.response(method);
      assert.ok(status === 404 || status === 400, `${status} ${method} ${target}`);
      assert.doesNotMatch(text, /SECRET|root:/, target);
      client.socket.destroy();
    }
  }
});

test("what the site does show is there all the same", async (t) => {
  const client = await visit(t, path.join(makeTree(t, TREE), "site"));
  assert.equal((await client.get("/")).text, "home");
  assert.equal((await client.get("/sub/page.html")).text, "page");
  assert.equal((await client.get("/.well-known/security.txt")).text, "contact");
});

test("FIFOs in the tree hold up nobody", async (t) => {
  const root = makeTree(t, { "a.txt": "a" });
  if (spawnSync("mkfifo", [path.join(root, "fifo")]).status !== 0) return t.skip("there is no mkfifo");
  const client = await visit(t, root);
  // More of them than libuv has threads: blocked in an open, they would stop every read that follows.
  for (let count = 0; count < 6; count++) await client.send("GET /fifo HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let count = 0; count < 6; count++) assert.equal((await client.response()).status, 404);
  assert.equal((await client.get("/a.txt")).text, "a");
});
