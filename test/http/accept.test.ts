import assert from "node:assert/strict";
import { test } from "node:test";
import { preferredType, weightOfType } from "../../src/http/accept.ts";

/** How much these fields want text/html, and application/json. */
const ROWS: readonly [accept: string | null, html: number, json: number][] = [
  [null, 1, 1],
  ["", 0, 0],
  ["*/*", 1, 1],
  ["text/html", 1, 0],
  ["application/json", 0, 1],
  ["Application/JSON", 0, 1],
  ["text/*", 1, 0],
  ["text/*;q=0.3, */*;q=0.1", 0.3, 0.1],
  // The narrowest range counts, wherever it stands and however little it gives.
  ["text/html;q=0.2, text/*;q=0.9, */*", 0.2, 1],
  ["*/*, text/html;q=0", 0, 1],
  ["*/*;q=0, application/json", 0, 1],
  // What browsers send, for a page and for an image.
  ["text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", 1, 0.8],
  ["image/avif,image/webp,image/png,*/*;q=0.8", 0.8, 0.8],
  // Parameters are no matter; the weight is the last.
  ["application/json; charset=utf-8", 0, 1],
  ["application/json;charset=utf-8 ; q=0.5 ", 0, 0.5],
  ["text/html;Q=0.25", 0.25, 0],
  // Of a list without end only the beginning is read.
  [`text/html,${",".repeat(60_000)}application/json`, 1, 0],
  // A malformed element says nothing.
  ["text/html;q=2, */*;q=0.1", 0.1, 0.1],
  ["text/html;q=0.1234", 0, 0],
  ["text/html;q=", 0, 0],
  ["html, json, /, text/, /html", 0, 0],
  [",, text/html,,", 1, 0],
];

for (const [accept, html, json] of ROWS) {
  test(`Accept: ${accept} wants text/html by ${html}, application/json by ${json}`, () => {
    assert.deepEqual([weightOfType(accept, "text/html"), weightOfType(accept, "application/json")], [html, json]);
  });
}

test("of the types there are the client gets what it wants most, and of equals the one that is named", () => {
  const types = ["text/html", "application/json"] as const;
  const preferred = (accept: string | null) => preferredType(accept, types);
  assert.equal(preferred(null), "text/html");
  assert.equal(preferred("*/*"), "text/html");
  assert.equal(preferred("application/json"), "application/json");
  assert.equal(preferred("application/json, text/plain, */*"), "application/json");
  assert.equal(preferred("application/json, */*;q=0.9"), "application/json");
  assert.equal(preferred("image/png"), "text/html");
});
