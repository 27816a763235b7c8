import assert from "node:assert/strict";
import { test } from "node:test";
import { changeFields, joinChanges, objectionToField, parseFieldLine } from "../../src/http/field-changes.ts";

const changes = (set: string[], remove: string[] = []) => ({ set, remove: new Set(remove) });

test("a field takes the place of those of its name, whatever their case and number", () => {
  assert.deepEqual(changeFields(["A", "1", "b", "2", "a", "3"], changes(["a", "4", "C", "5"])), [
    "b",
    "2",
    "a",
    "4",
    "C",
    "5",
  ]);
});

test("a removed field goes, and comes back if it is also set", () => {
  assert.deepEqual(changeFields(["A", "1", "B", "2"], changes([], ["a"])), ["B", "2"]);
  assert.deepEqual(changeFields(["A", "1", "B", "2"], changes(["A", "3"], ["a"])), ["B", "2", "A", "3"]);
});

test("cookies and what a response varies by are added to", () => {
  const list = ["Set-Cookie", "a=1", "Vary", "Accept-Encoding"];
  const expected = ["Set-Cookie", "a=1", "Vary", "Accept-Encoding, Origin", "set-cookie", "b=2"];
  assert.deepEqual(changeFields(list, changes(["set-cookie", "b=2", "vary", "Origin"])), expected);
  assert.deepEqual(changeFields([], changes(["Vary", "Origin"])), ["Vary", "Origin"]);
  const varies = changeFields(["Vary", "Accept-Encoding"], changes(["Vary", "accept-encoding ,Cookie"]));
  assert.deepEqual(varies, ["Vary", "Accept-Encoding, Cookie"], "each name once");
  assert.deepEqual(changeFields(list, changes(["Vary", "Origin"], ["vary", "set-cookie"])), ["Vary", "Origin"]);
});

test("the list that is changed stays as it was", () => {
  const list = Object.freeze(["Vary", "A", "B", "1"]);
  changeFields(list, changes(["Vary", "C", "B", "2"]));
  assert.deepEqual(list, ["Vary", "A", "B", "1"]);
});

test("changes join, the second over the first", () => {
  const both = joinChanges(changes(["A", "1", "Vary", "X"], ["z"]), changes(["a", "2", "Vary", "Y"], ["b"]))!;
  assert.deepEqual(changeFields(["A", "0", "B", "0", "Z", "0", "Vary", "W"], both), ["Vary", "W, X, Y", "a", "2"]);
  assert.equal(joinChanges(null, null), null);
  assert.deepEqual(joinChanges(null, changes(["A", "1"]))!.set, ["A", "1"]);
});

test("a line is a name and a value around the first colon", () => {
  assert.deepEqual(parseFieldLine("Link:  </a>; rel=next "), ["Link", "</a>; rel=next"]);
  assert.deepEqual(parseFieldLine("A:b:c"), ["A", "b:c"]);
  assert.equal(parseFieldLine("no colon"), null);
});

test("what frames a message or tells one state from another cannot be set, nor what cannot be sent", () => {
  for (const name of [
    "Content-Length",
    "transfer-encoding",
    "Connection",
    "ETag",
    "Content-Encoding",
    "Location",
    "Date",
  ]) {
    assert.equal(objectionToField(name), `${name} is the server's to say`);
  }
  for (const name of ["", "a b", "a:", "é", "a\r\nb"])
    assert.match(objectionToField(name)!, /is not the name of a field/);
  for (const value of ["a\r\nb: c", "a\0", "\u20ac", "\x7f"])
    assert.match(objectionToField("A", value)!, /may not be sent/);
  assert.equal(objectionToField("Content-Security-Policy", "default-src 'self'"), null);
  assert.equal(objectionToField("X-Umlaut", "\xe4\t"), null);
});
