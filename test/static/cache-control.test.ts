import assert from "node:assert/strict";
import { test } from "node:test";
import { cacheControlOf } from "../../src/static/cache-control.ts";
import { contentType } from "../../src/static/content-type.ts";
import { makeTree, visit } from "./support.ts";

const cacheControl = (name: string) => cacheControlOf(name, contentType(name));

test("names that tools have put a hash of the content in are immutable", () => {
  for (const name of [
    "app.3f9a1c2b.js",
    "index-BkRo2x1c.js",
    "react-CHdo91hT.svg",
    "index-B-Ro2x1c.css",
    "chunk-7QXZ2ABC.js",
    "main.3f9a1c2b4d5e6f701234.js",
    "main.3f9a1c2b.chunk.js",
    "app.3f9a1c2b.js.map",
    "inter.3f9a1c2b.woff2",
    "0a1b2c3d4e5f6a7b8c9d.woff2",
  ]) {
    assert.equal(cacheControl(name), "max-age=31536000, immutable", name);
  }
});

test("words, versions, dates, and what cameras call their pictures are no hashes", () => {
  for (const name of [
    "app.js",
    "index-download.js",
    "index-JavaScript.js",
    "bootstrap.bundle.min.js",
    "jquery-3.7.1.min.js",
    "report-20240101.pdf",
    "20240101.js",
    "deb12345.css",
    "photo-IMG_1234.jpg",
    "holiday-DSC01234.jpg",
    "wallpaper-iPhone15.jpg",
    "logo-MacBook2.png",
    "lock-deadbeef.js",
    "index-BkRo2x1c",
  ]) {
    assert.doesNotMatch(cacheControl(name), /immutable/, name);
  }
});

test("pages are asked for each time, whatever their name, and so are scripts, styles and data; media may be a little old", () => {
  for (const name of [
    "index.html",
    "page.3f9a1c2b.html",
    "app.js",
    "style.css",
    "data.json",
    "Packages.gz",
    "LICENSE",
  ]) {
    assert.equal(cacheControl(name), "no-cache", name);
  }
  for (const name of ["logo.svg", "photo.jpg", "font.woff2", "film.mp4", "favicon.ico"]) {
    assert.equal(cacheControl(name), "max-age=600", name);
  }
});

test("files say how long they may be kept, on 200, 206 and 304, unless one value is given for all", async (t) => {
  const root = makeTree(t, {
    "app.3f9a1c2b.js": "let a;",
    "index.html": "home",
    "404.html": "lost",
    "photo.jpg": "jpg",
  });
  const client = await visit(t, root);
  const { field } = await client.get("/app.3f9a1c2b.js");
  for (const fields of [
    "",
    "Range: bytes=0-1\r\n",
    "Range: bytes=0-0,2-2\r\n",
    `If-None-Match: ${field("ETag")}\r\n`,
  ]) {
    const answer = await client.get("/app.3f9a1c2b.js", fields);
    assert.equal(answer.field("Cache-Control"), "max-age=31536000, immutable", answer.statusLine);
  }
  assert.equal((await client.get("/")).field("Cache-Control"), "no-cache");
  assert.equal((await client.get("/photo.jpg")).field("Cache-Control"), "max-age=600");

  const developer = await visit(t, root, { cacheControl: "no-cache" });
  assert.equal((await developer.get("/app.3f9a1c2b.js")).field("Cache-Control"), "no-cache");
  const eager = await visit(t, root, { cacheControl: "max-age=60" });
  assert.equal((await eager.get("/")).field("Cache-Control"), "max-age=60");
  // Tomorrow there may be a file.
  assert.equal((await eager.get("/none")).field("Cache-Control"), "no-cache");
});
