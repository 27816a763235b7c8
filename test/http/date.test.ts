import assert from "node:assert/strict";
import { test } from "node:test";
import { httpDate, parseHttpDate } from "../../src/http/date.ts";

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0);

const VALID: readonly [text: string, iso: string][] = [
  // The three formats of RFC 9110 §5.6.7, with its own example.
  ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
  ["Sun Nov 16 08:49:37 1994", "1994-11-16T08:49:37.000Z"],
  ["Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"],
  ["Sun, 08 Jul 1951 23:59:59 GMT", "1951-07-08T23:59:59.000Z"],
  ["Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00.000Z"],
  ["Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.000Z"],
  // A leap second.
  ["Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00.000Z"],
  // The name of another day: there is nothing that it decides.
  ["Mon, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  // Two digits: at most 50 years ahead, else the past.
  ["Saturday, 21-Nov-26 12:00:00 GMT", "2026-11-21T12:00:00.000Z"],
  ["Saturday, 21-Nov-76 12:00:00 GMT", "2076-11-21T12:00:00.000Z"],
  ["Saturday, 21-Nov-76 12:00:01 GMT", "1976-11-21T12:00:01.000Z"],
  ["Saturday, 01-Jan-00 00:00:00 GMT", "2000-01-01T00:00:00.000Z"],
  ["Friday, 31-Dec-99 23:59:59 GMT", "1999-12-31T23:59:59.000Z"],
];

const INVALID: readonly string[] = [
  "",
  "0",
  "yesterday",
  "1994-11-06T08:49:37Z",
  "784111777",
  "Sun, 06 Nov 1994 08:49:37",
  "Sun, 06 Nov 1994 08:49:37 UTC",
  "Sun, 06 Nov 1994 08:49:37 +0000",
  "Sun, 06 Nov 1994 08:49:37 gmt",
  "sun, 06 nov 1994 08:49:37 GMT",
  "Sun, 06 NOV 1994 08:49:37 GMT",
  "Sun 06 Nov 1994 08:49:37 GMT",
  "Sun,06 Nov 1994 08:49:37 GMT",
  "Sun, 6 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 94 08:49:37 GMT",
  "Sun, 06 Nov 01994 08:49:37 GMT",
  "Sun, 06-Nov-1994 08:49:37 GMT",
  "Sun, 06  Nov 1994 08:49:37 GMT",
  "Sunday, 06 Nov 1994 08:49:37 GMT",
  "Son, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 8:49:37 GMT",
  "Sun, 06 Nov 1994 08:49 GMT",
  "Sun, 06 Nov 1994 24:00:00 GMT",
  "Sun, 06 Nov 1994 08:60:00 GMT",
  "Sun, 06 Nov 1994 08:49:61 GMT",
  "Sun, 00 Nov 1994 08:49:37 GMT",
  "Sun, 31 Nov 1994 08:49:37 GMT",
  "Sun, 29 Feb 2023 08:49:37 GMT",
  "Sun, 06 Nov 0094 08:49:37 GMT",
  " Sun, 06 Nov 1994 08:49:37 GMT",
  "Sun, 06 Nov 1994 08:49:37 GMT ",
  "Sun, 06 Nov 1994 08:49:37 GMT\n",
  "Sun, 06 Nov 1994 08:49:37 GMT; length=1000",
  "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37",
  "Sunday, 31-Feb-94 08:49:37 GMT",
  "Sun Nov 6 08:49:37 1994",
  "Sun Nov 06 08:49:37 94",
  "Sun Nov  6 08:49:37 1994 GMT",
  "Sun, 0६ Nov 1994 08:49:37 GMT",
];

test("an HTTP-date is read in each of its three formats", () => {
  for (const [text, iso] of VALID) {
    const time = parseHttpDate(text, NOW);
    assert.equal(time === null ? null : new Date(time).toISOString(), iso, text);
  }
});

test("what is no HTTP-date, to the letter, is none", () => {
  for (const text of INVALID) assert.equal(parseHttpDate(text, NOW), null, JSON.stringify(text));
});

test("a date that we write is read back to the second", () => {
  for (let time = 1_500; time < 4e12; time = time * 1.37 + 86_399_001) {
    const whole = Math.floor(time / 1000) * 1000;
    assert.equal(parseHttpDate(httpDate(time)), whole, httpDate(time));
  }
});
