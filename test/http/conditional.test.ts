import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluatePreconditions, hasPreconditions, ifRangeHolds, type Validators } from "../../src/http/conditional.ts";
import { FieldLines } from "../../src/http/field-lines.ts";

const AT = "Sun, 06 Nov 1994 08:49:37 GMT";
const BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT";
const AFTER = "Sun, 06 Nov 1994 08:49:38 GMT";

// A fraction of a second that no HTTP-date can express.
const lastModified = Date.UTC(1994, 10, 6, 8, 49, 37, 250);
const WEAK: Validators = { etag: 'W/"v1"', lastModified };
const STRONG: Validators = { etag: '"v1"', lastModified };
const DATED: Validators = { etag: null, lastModified };
const TAGGED: Validators = { etag: '"v1"', lastModified: null };

type Row = readonly [current: Validators, fields: readonly string[], expected: 304 | 412 | null];

/** For GET. */
const ROWS: readonly Row[] = [
  [WEAK, [], null],
  [WEAK, ["Accept", "*/*"], null],

  // If-None-Match compares weakly (RFC 9110 §13.1.2).
  [WEAK, ["If-None-Match", 'W/"v1"'], 304],
  [WEAK, ["If-None-Match", '"v1"'], 304],
  [STRONG, ["If-None-Match", 'W/"v1"'], 304],
  [STRONG, ["If-None-Match", '"v1"'], 304],
  [WEAK, ["If-None-Match", "*"], 304],
  [WEAK, ["If-None-Match", '"v2"'], null],
  [WEAK, ["If-None-Match", '"V1"'], null],
  [WEAK, ["If-None-Match", '"v0", W/"v1"'], 304],
  [WEAK, ["If-None-Match", '"v0","v1"'], 304],
  [WEAK, ["If-None-Match", '"v0" ,\t"v1" ,'], 304],
  [WEAK, ["If-None-Match", ', ,"v1",,'], 304],
  [WEAK, ["If-None-Match", '"a,b", "v1"'], 304],
  [WEAK, ["If-None-Match", '"a,", "b"'], null],
  [WEAK, ["If-None-Match", '"v0"', "If-None-Match", '"v1"'], 304],
  [WEAK, ["If-None-Match", ""], null],
  [WEAK, ["If-None-Match", ","], null],
  // What is malformed matches nothing: at worst too much is sent.
  [WEAK, ["If-None-Match", "v1"], null],
  [WEAK, ["If-None-Match", 'w/"v1"'], null],
  [WEAK, ["If-None-Match", 'W/ "v1"'], null],
  [WEAK, ["If-None-Match", "'v1'"], null],
  [WEAK, ["If-None-Match", '"v1'], null],
  [WEAK, ["If-None-Match", '"v1" "v2"'], null],
  [WEAK, ["If-None-Match", '"v1", x'], null],
  [WEAK, ["If-None-Match", '*, "v2"'], null],
  [WEAK, ["If-None-Match", '"v1", *'], null],
  [{ etag: '"a b"', lastModified }, ["If-None-Match", '"a b", "c"'], null],
  [{ etag: '"\xe9"', lastModified }, ["If-None-Match", '"c", "\xe9"'], 304],
  [DATED, ["If-None-Match", '"v1"'], null],
  [DATED, ["If-None-Match", "*"], 304],

  // If-None-Match stands above If-Modified-Since, whatever that says.
  [WEAK, ["If-None-Match", '"v2"', "If-Modified-Since", AFTER], null],
  [WEAK, ["If-Modified-Since", AFTER, "If-None-Match", "v1"], null],
  [WEAK, ["If-None-Match", '"v1"', "If-Modified-Since", BEFORE], 304],

  [WEAK, ["If-Modified-Since", AT], 304],
  [WEAK, ["If-Modified-Since", AFTER], 304],
  [WEAK, ["If-Modified-Since", BEFORE], null],
  [WEAK, ["If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"], 304],
  [WEAK, ["If-Modified-Since", "Sun Nov  6 08:49:37 1994"], 304],
  [WEAK, ["If-Modified-Since", "Sun Nov  6 08:49:36 1994"], null],
  [WEAK, ["If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT"], 304],
  // Ignored (§13.1.3): no HTTP-date, more than one, nothing to compare with.
  [WEAK, ["If-Modified-Since", "2030-01-01"], null],
  [WEAK, ["If-Modified-Since", "Sun, 06 Nov 2094 08:49:37"], null],
  [WEAK, ["If-Modified-Since", "*"], null],
  [WEAK, ["If-Modified-Since", AFTER, "If-Modified-Since", AFTER], null],
  [TAGGED, ["If-Modified-Since", AFTER], null],

  // If-Match compares strongly (§13.1.1): a weak tag never matches.
  [STRONG, ["If-Match", '"v1"'], null],
  [STRONG, ["If-Match", '"v0", "v1"'], null],
  [STRONG, ["If-Match", 'W/"v1"'], 412],
  [STRONG, ["If-Match", '"v2"'], 412],
  [STRONG, ["If-Match", "v1"], 412],
  [STRONG, ["If-Match", ""], 412],
  [STRONG, ["If-Match", '"v1", x'], 412],
  [STRONG, ["If-Match", "*"], null],
  [WEAK, ["If-Match", 'W/"v1"'], 412],
  [WEAK, ["If-Match", '"v1"'], 412],
  [WEAK, ["If-Match", "*"], null],
  [DATED, ["If-Match", '"v1"'], 412],
  [DATED, ["If-Match", "*"], null],

  [WEAK, ["If-Unmodified-Since", AT], null],
  [WEAK, ["If-Unmodified-Since", AFTER], null],
  [WEAK, ["If-Unmodified-Since", BEFORE], 412],
  [WEAK, ["If-Unmodified-Since", "Sun Nov  6 08:49:36 1994"], 412],
  [WEAK, ["If-Unmodified-Since", "long ago"], null],
  [WEAK, ["If-Unmodified-Since", BEFORE, "If-Unmodified-Since", BEFORE], null],
  [TAGGED, ["If-Unmodified-Since", BEFORE], null],
  // If-Match stands above it.
  [STRONG, ["If-Match", '"v1"', "If-Unmodified-Since", BEFORE], null],
  [STRONG, ["If-Match", '"v2"', "If-Unmodified-Since", AFTER], 412],

  // First whether to go ahead at all, then whether the client has it.
  [STRONG, ["If-Match", '"v1"', "If-None-Match", '"v1"'], 304],
  [STRONG, ["If-None-Match", '"v1"', "If-Match", '"v2"'], 412],
  [STRONG, ["If-Unmodified-Since", BEFORE, "If-None-Match", '"v1"'], 412],
  [STRONG, ["If-Unmodified-Since", AFTER, "If-Modified-Since", AT], 304],
  [STRONG, ["If-Unmodified-Since", BEFORE, "If-Modified-Since", AT], 412],

  // If-Range says nothing about the request as a whole.
  [STRONG, ["If-Range", '"v2"'], null],
];

test("preconditions are evaluated in the order of RFC 9110 §13.2.2", () => {
  for (const [current, fields, expected] of ROWS) {
    for (const method of ["GET", "HEAD"]) {
      const verdict = evaluatePreconditions(method, lines(fields), current);
      assert.equal(verdict, expected, JSON.stringify([method, current.etag, ...fields]));
    }
  }
});

test("for a method that changes something, If-None-Match fails and If-Modified-Since does not count", () => {
  for (const method of ["PUT", "DELETE", "POST", "get"]) {
    assert.equal(evaluatePreconditions(method, lines(["If-None-Match", '"v1"']), WEAK), 412);
    assert.equal(evaluatePreconditions(method, lines(["If-None-Match", "*"]), WEAK), 412);
    assert.equal(evaluatePreconditions(method, lines(["If-None-Match", '"v2"']), WEAK), null);
    assert.equal(evaluatePreconditions(method, lines(["If-Modified-Since", AT]), WEAK), null);
    assert.equal(evaluatePreconditions(method, lines(["If-Unmodified-Since", BEFORE]), WEAK), 412);
    assert.equal(evaluatePreconditions(method, lines(["If-Match", '"v1"']), STRONG), null);
  }
});

test("one pass tells whether a request may have preconditions", () => {
  for (const name of ["If-Match", "if-none-match", "IF-MODIFIED-SINCE", "If-Unmodified-Since", "If-Range"]) {
    assert.equal(hasPreconditions(lines(["Host", "a", name, "x"])), true, name);
  }
  for (const name of ["Host", "If", "If-", "Iffy-None-Match", "X-If-Match", "Upgrade-Insecure-Requests"]) {
    assert.equal(hasPreconditions(lines([name, "If-Match", "Accept", "if-none-match"])), false, name);
  }
  assert.equal(hasPreconditions(lines([])), false);
});

/** For a request in the second after the last modification, unless told otherwise. */
const IF_RANGE: readonly (readonly [
  current: Validators,
  fields: readonly string[],
  expected: boolean,
  now?: number,
])[] = [
  [STRONG, [], true],
  [STRONG, ["If-Range", '"v1"'], true],
  [STRONG, ["If-Range", '"v2"'], false],
  // Only the strong comparison will do (RFC 9110 §13.1.5), and only one tag.
  [STRONG, ["If-Range", 'W/"v1"'], false],
  [WEAK, ["If-Range", 'W/"v1"'], false],
  [WEAK, ["If-Range", '"v1"'], false],
  [STRONG, ["If-Range", '"v1", "v2"'], false],
  [STRONG, ["If-Range", '"v1"', "If-Range", '"v1"'], false],
  [STRONG, ["If-Range", "*"], false],
  [STRONG, ["If-Range", "v1"], false],
  [STRONG, ["If-Range", ""], false],
  // A date has to be the very same: a copy from a later time may be of another state that was put back.
  [WEAK, ["If-Range", AT], true],
  [WEAK, ["If-Range", "Sun Nov  6 08:49:37 1994"], true],
  [WEAK, ["If-Range", AFTER], false],
  [WEAK, ["If-Range", BEFORE], false],
  [DATED, ["If-Range", AT], true],
  [TAGGED, ["If-Range", AT], false],
  // In its own second it is weak (§8.8.2.2).
  [WEAK, ["If-Range", AT], false, lastModified + 749],
  [WEAK, ["If-Range", AT], true, lastModified + 750],
];

test("a range counts only if If-Range names the current state for sure", () => {
  for (const [current, fields, expected, now = lastModified + 1000] of IF_RANGE) {
    assert.equal(ifRangeHolds(lines(fields), current, now), expected, JSON.stringify([current.etag, now, ...fields]));
  }
});

/** Field lines as a parser would hand them over. */
function lines(fields: readonly string[]): FieldLines {
  let text = "";
  const spans: number[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = text.length;
    text += `${fields[at]}: `;
    spans.push(name, text.length - 2, text.length, text.length + fields[at + 1]!.length);
    text += `${fields[at + 1]}\r\n`;
  }
  return new FieldLines(text, spans);
}
