import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rawPath, rawQuery, readPath, relativePath, writePath } from "../../src/http/path.ts";

const TARGETS: readonly [target: string, path: string, query: string][] = [
  ["/", "/", ""],
  ["/a/b.html", "/a/b.html", ""],
  ["/a?b", "/a", "?b"],
  ["/a?b?c", "/a", "?b?c"],
  ["/a?", "/a", "?"],
  ["/?/../x", "/", "?/../x"],
  ["//b/c", "//b/c", ""],
  ["/http://b/c", "/http://b/c", ""],
  ["http://host/a/b?c", "/a/b", "?c"],
  ["http://host", "/", ""],
  ["http://host?c/d", "/", "?c/d"],
  ["HTTPS://host:1//a", "//a", ""],
  ["http://host/../a", "/../a", ""],
  ["*", "*", ""],
];

test("a target is its path and its query", () => {
  for (const [target, path, query] of TARGETS) assert.deepEqual([rawPath(target), rawQuery(target)], [path, query]);
});

const PATHS: readonly [raw: string, names: string[] | 400 | 404, directory?: boolean][] = [
  ["/", [], true],
  ["/a", ["a"], false],
  ["/a/", ["a"], true],
  ["/a/b.html", ["a", "b.html"], false],
  ["//a///b//", ["a", "b"], true],
  ["/a%20b/%C3%A9", ["a b", "é"], false],
  ["/%41", ["A"], false],
  ["/100%25", ["100%"], false],
  ["/a%3Fb%23c", ["a?b#c"], false],
  ["/.hidden", [".hidden"], false],
  ["/...", ["..."], false],
  ["/..a/a..", ["..a", "a.."], false],
  // Decoded once.
  ["/%2541", ["%41"], false],
  ["/%252e%252e/a", ["%2e%2e", "a"], false],
  ["/%252f", ["%2f"], false],

  ["/.", 404],
  ["/..", 404],
  ["/../a", 404],
  ["/a/./b", 404],
  ["/a/../b", 404],
  ["/%2e%2E/a", 404],
  ["/.%2e/a", 404],
  ["/a%2fb", 404],
  ["/a%2F", 404],
  ["/..%2f..%2fa", 404],
  ["/a\\b", 404],
  ["/..\\a", 404],
  ["/%5c..%5ca", 404],
  ["/..%5Ca", 404],

  ["/%00", 400],
  ["/a%00.html", 400],
  ["/%2e%2e/%00", 400],
  ["/%", 400],
  ["/%4", 400],
  ["/%zz", 400],
  ["/%u002e", 400],
  // Not UTF-8: overlong, a surrogate, past the last character, cut short, Latin-1.
  ["/%c0%ae%c0%ae/a", 400],
  ["/%c0%af", 400],
  ["/%e0%80%ae", 400],
  ["/%ed%a0%80", 400],
  ["/%f4%90%80%80", 400],
  ["/%c3", 400],
  ["/%e9", 400],
  ["/%ff", 400],

  ["*", 400],
  ["", 400],
  ["a", 400],
  ["host:80", 400],
];

test("a path is split, then decoded once; what cannot be a path here is told from what is malformed", () => {
  for (const [raw, names, directory] of PATHS) {
    assert.deepEqual(readPath(raw), typeof names === "number" ? names : { names, directory }, raw);
  }
});

test("no path gives a name that leads anywhere but down", () => {
  const piece = fc.constantFrom(
    "/",
    ".",
    "..",
    "%2e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%25",
    "%c0%ae",
    "a",
    "%C3%A9",
    "~",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const path = readPath("/" + pieces.join(""));
      if (typeof path === "number") return;
      for (const name of path.names) {
        assert.ok(name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name), JSON.stringify(name));
      }
    }),
  );
});

test("from wherever a path is named, a relative one leads to it, and to no other host", () => {
  const name = fc.constantFrom("a", "b", "c:d", "evil.com", "e?f#g", "é", "%2e", "...");
  const path = fc.array(name, { maxLength: 4 }).chain((names) => {
    return fc.boolean().map((directory) => ({ names, directory: directory || names.length === 0 }));
  });
  fc.assert(
    fc.property(path, path, (from, to) => {
      const relative = relativePath(from, to);
      assert.match(relative, /^\.\.?\//);
      // Below whatever a mount or a proxy has cut off.
      for (const base of ["http://a", "http://a/mount/b"]) {
        assert.equal(new URL(relative, base + writePath(from)).href, new URL(base + writePath(to)).href);
      }
    }),
  );
});

test("a written path reads back as the same path, is a field value, and begins with one slash", () => {
  const name = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => text !== "." && text !== ".." && !/[/\\\0]/.test(text));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1 }), fc.boolean(), (names, directory) => {
      const written = writePath({ names, directory });
      assert.deepEqual(readPath(rawPath(written)), { names, directory });
      assert.match(written, /^\/(?!\/)[\x21-\x7e]+$/);
      assert.equal(rawQuery(written), "");
    }),
  );
  assert.equal(writePath({ names: [], directory: true }), "/");
  assert.equal(writePath({ names: ["a?b#c%d e"], directory: false }), "/a%3Fb%23c%25d%20e");
  assert.equal(writePath({ names: ["@scope", "a+b,c=d;e.js"], directory: false }), "/@scope/a+b,c=d;e.js");
});
