import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { tagOfBytes, tagOfState } from "../../src/static/representation.ts";
import { makeTree, represent } from "./support.ts";

const TEXT = Buffer.from("text");

test("the entity tag of bytes is strong, and theirs wherever they lie", () => {
  const tag = tagOfBytes(TEXT);
  assert.match(tag, /^"[\w-]{22}"$/);
  assert.equal(tagOfBytes(Buffer.from("a text").subarray(2)), tag);
  assert.notEqual(tagOfBytes(Buffer.from("texT")), tag);
  assert.match(tagOfBytes(Buffer.alloc(0)), /^"[\w-]{22}"$/);
});

test("the entity tag of a state is strong once the file has settled, and tells apart what differs in a nanosecond or a byte", (t) => {
  const location = path.join(makeTree(t, { "a.txt": "text" }), "a.txt");
  const stats = statSync(location, { bigint: true });
  const tagOf = (differences: object) =>
    tagOfState(Object.assign(Object.create(stats), { ctimeMs: 0n, ctimeNs: 1n, ...differences }));

  const tag = tagOf({});
  assert.match(tag, /^"[0-9a-z-]+"$/);
  assert.equal(tagOf({}), tag);
  for (const field of ["ino", "size", "mtimeNs", "ctimeNs"] as const) {
    assert.notEqual(tagOf({ [field]: stats[field] + 2n }), tag, field);
  }
  assert.match(tagOf({ ctimeMs: BigInt(Date.now() + 10_000) }), /^W\/"[0-9a-z-]+"$/);
});

test("a file from the future was modified now", () => {
  const before = Date.now();
  const { lastModified, fields } = represent(TEXT, { lastModified: Date.UTC(2090, 0, 1) });
  assert.ok(lastModified! >= before && lastModified! <= Date.now());
  assert.equal(fields[fields.indexOf("Last-Modified") + 1], new Date(lastModified!).toUTCString());
});

test("each answer has the fields that belong to it, frozen where the server may encode them once", () => {
  const about = represent(TEXT, { cacheControl: "max-age=60", varies: true });
  const content = ["Content-Type", "text/plain", "X-Content-Type-Options", "nosniff"];
  const state = ["Cache-Control", "max-age=60", "Vary", "Accept-Encoding", "ETag", '"tag"'];
  const rest = ["Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT", "Accept-Ranges", "bytes"];
  assert.deepEqual(about.fields, [...content, "Content-Length", "4", ...state, ...rest]);
  assert.deepEqual(about.notModifiedFields, state);
  assert.deepEqual(about.errorFields, [
    ...content,
    ...["Content-Length", "4", "Cache-Control", "no-cache", "Vary", "Accept-Encoding"],
  ]);
  assert.deepEqual(about.partialFields({ start: 1, stop: 3 }), [
    ...content,
    ...["Content-Range", "bytes 1-2/4", "Content-Length", "2"],
    ...[...state, ...rest],
  ]);
  assert.deepEqual(about.multipartFields("XX", 99), [
    ...["Content-Type", "multipart/byteranges; boundary=XX", "Content-Length", "99"],
    ...["X-Content-Type-Options", "nosniff", ...state, ...rest],
  ]);
  for (const list of [about.fields, about.notModifiedFields, about.errorFields]) assert.ok(Object.isFrozen(list));
  assert.equal(about.errorFields, about.errorFields);
});

test("what is in a coding says so, and offers no ranges", () => {
  const { fields, errorFields } = represent(TEXT, { coding: "br", varies: true });
  for (const list of [fields, errorFields]) assert.equal(list[list.indexOf("Content-Encoding") + 1], "br");
  assert.ok(!fields.includes("Accept-Ranges"));
});
