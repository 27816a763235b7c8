import assert from "node:assert/strict";
import { statSync, utimesSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Representation } from "../../src/static/representation.ts";
import { makeTree } from "./support.ts";

test("the entity tag is weak, and tells apart what differs in a nanosecond or a byte", (t) => {
  const location = path.join(makeTree(t, { "a.txt": "text" }), "a.txt");
  const stats = statSync(location, { bigint: true });
  const tagOf = (mtimeNs: bigint, size: bigint) =>
    new Representation(location, Object.assign(Object.create(stats), { mtimeNs, size }), "no-cache").etag;

  const tag = tagOf(1_700_000_000_000_000_000n, 4n);
  assert.match(tag, /^W\/"[0-9a-z]+-[0-9a-z]+"$/);
  assert.equal(tagOf(1_700_000_000_000_000_000n, 4n), tag);
  assert.notEqual(tagOf(1_700_000_000_000_000_001n, 4n), tag);
  assert.notEqual(tagOf(1_700_000_000_000_000_000n, 5n), tag);
});

test("a file from the future was modified now", (t) => {
  const location = path.join(makeTree(t, { "a.txt": "text" }), "a.txt");
  utimesSync(location, new Date(), new Date("2090-01-01"));
  const before = Date.now();
  const { lastModified, fields } = new Representation(location, statSync(location, { bigint: true }), "no-cache");
  assert.ok(lastModified >= before && lastModified <= Date.now());
  assert.equal(fields[fields.indexOf("Last-Modified") + 1], new Date(lastModified).toUTCString());
});

test("field lists are frozen, so that the server encodes them once, and 304 repeats what would update a client", (t) => {
  const location = path.join(makeTree(t, { "a.txt": "text" }), "a.txt");
  const representation = new Representation(location, statSync(location, { bigint: true }), "max-age=60");
  const { fields, notModifiedFields, errorFields, etag, lastModified } = representation;
  assert.deepEqual(fields, [
    ...["Content-Type", "text/plain; charset=utf-8", "Content-Length", "4", "X-Content-Type-Options", "nosniff"],
    ...["Cache-Control", "max-age=60", "ETag", etag, "Last-Modified", new Date(lastModified).toUTCString()],
  ]);
  assert.deepEqual(notModifiedFields, ["Cache-Control", "max-age=60", "ETag", etag]);
  assert.deepEqual(errorFields, [
    ...["Content-Type", "text/plain; charset=utf-8", "Content-Length", "4", "X-Content-Type-Options", "nosniff"],
    ...["Cache-Control", "no-cache"],
  ]);
  for (const list of [fields, notModifiedFields, errorFields]) assert.ok(Object.isFrozen(list));
  assert.equal(representation.errorFields, errorFields);
});
