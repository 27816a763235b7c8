import assert from "node:assert/strict";
import { test } from "node:test";
import { FieldLines, NO_FIELDS } from "../../src/http/field-lines.ts";

function fieldLines(text: string): FieldLines {
  const spans: number[] = [];
  for (const { index, 0: line, 1: name, 2: value } of text.matchAll(/([^:\r\n]+): ?(.*)\r\n/g)) {
    const valueStart = index + line.length - 2 - value!.length;
    spans.push(index, index + name!.length, valueStart, valueStart + value!.length);
  }
  return new FieldLines(text, spans);
}

test("a name is found in any case, and only whole", () => {
  const fields = fieldLines("Accept: a\r\nX-ACCEPT: b\r\nAccept-Charset: c\r\n");
  assert.equal(fields.get("accept"), "a");
  assert.equal(fields.get("x-accept"), "b");
  assert.equal(fields.get("acc"), null);
  assert.ok(fields.has("accept-charset") && !fields.has("charset"));
});

test("a character that differs from a letter by its case bit only is another name", () => {
  const fields = fieldLines("^A: circumflex\r\n~A: tilde\r\n");
  assert.equal(fields.get("~a"), "tilde");
  assert.equal(fields.get("^a"), "circumflex");
});

test("repeated lines are joined by a comma, Cookie by a semicolon, Set-Cookie not at all", () => {
  const fields = fieldLines(
    "Accept: a\r\ncookie: a=1\r\nSet-Cookie: a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT\r\naccept:\r\nACCEPT: b\r\n" +
      "Cookie: b=2\r\nset-cookie: b=2\r\n",
  );
  assert.equal(fields.get("accept"), "a, , b");
  assert.equal(fields.get("cookie"), "a=1; b=2");
  assert.equal(fields.get("set-cookie"), "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT");
});

test("the lines come in their order, names as they were sent, each repeated one by itself", () => {
  const fields = fieldLines("B: 1\r\na: 2\r\nSET-cookie: x\r\nb: 3\r\nset-Cookie: y\r\n");
  assert.deepEqual(
    [...fields],
    [
      ["B", "1"],
      ["a", "2"],
      ["SET-cookie", "x"],
      ["b", "3"],
      ["set-Cookie", "y"],
    ],
  );
  assert.equal(fields.count, 5);
});

test("of no fields there are none", () => {
  assert.equal(NO_FIELDS.count, 0);
  assert.equal(NO_FIELDS.get("a"), null);
  assert.deepEqual([...NO_FIELDS], []);
});
