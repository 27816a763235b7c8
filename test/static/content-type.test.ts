import assert from "node:assert/strict";
import { test } from "node:test";
import { contentType } from "../../src/static/content-type.ts";

const TYPES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "INDEX.HTM": "text/html; charset=utf-8",
  "a.css": "text/css; charset=utf-8",
  "a.js": "text/javascript; charset=utf-8",
  "a.min.mjs": "text/javascript; charset=utf-8",
  "a.txt": "text/plain; charset=utf-8",
  "a.md": "text/markdown; charset=utf-8",
  "a.json": "application/json; charset=utf-8",
  "a.js.map": "application/json; charset=utf-8",
  "a.webmanifest": "application/manifest+json; charset=utf-8",
  "a.jsonld": "application/ld+json; charset=utf-8",
  "a.svg": "image/svg+xml; charset=utf-8",
  "a.xml": "application/xml; charset=utf-8",
  "a.xhtml": "application/xhtml+xml; charset=utf-8",
  "a.atom": "application/atom+xml; charset=utf-8",
  "a.ico": "image/vnd.microsoft.icon",
  "a.png": "image/png",
  "a.jpg": "image/jpeg",
  "a.avif": "image/avif",
  "a.woff2": "font/woff2",
  "a.wasm": "application/wasm",
  "a.pdf": "application/pdf",
  "a.mp4": "video/mp4",
  "a.m3u8": "application/vnd.apple.mpegurl",
  "a.tar.gz": "application/gzip",
  "a.cjs": "text/javascript; charset=utf-8",
  "a.ts": "text/plain; charset=utf-8",
  "a.d.ts": "text/plain; charset=utf-8",
  "A.TS": "text/plain; charset=utf-8",
  "a.mts": "text/plain; charset=utf-8",
  "a.cts": "text/plain; charset=utf-8",
  "a.tsx": "text/plain; charset=utf-8",
  "a.vue": "text/plain; charset=utf-8",
  "a.py": "text/plain; charset=utf-8",
  "a.rs": "text/plain; charset=utf-8",
  "yarn.lock": "text/plain; charset=utf-8",
  "a.ts.map": "application/json; charset=utf-8",
  "a.m2ts": "video/mp2t",
};

test("a file's type is that of its last extension, and text says that it is UTF-8", () => {
  for (const [name, type] of Object.entries(TYPES)) assert.equal(contentType(`/site/${name}`), type, name);
});

test("a name that tells nothing is bytes", () => {
  for (const name of [
    "README",
    "a.",
    "a.unheard-of",
    "html",
    "css",
    ".html",
    "html/png",
    "a.constructor",
    "a.__proto__",
  ]) {
    assert.equal(contentType(`/site.js/${name}`), "application/octet-stream", name);
  }
});
