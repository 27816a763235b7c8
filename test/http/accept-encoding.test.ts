import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedCodings } from "../../src/http/accept-encoding.ts";

const ROWS: Readonly<Record<string, string>> = {
  gzip: "gzip",
  "gzip, deflate, br, zstd": "br zstd gzip",
  "gzip, deflate, br": "br gzip",
  "gzip;q=1.0, br;q=0.5": "gzip br",
  "gzip;q=0.8, br;q=0.9, zstd": "zstd br gzip",
  "GZip, BR": "br gzip",
  "x-gzip": "gzip",
  "X-GZIP;q=0.5, zstd;q=0.4": "gzip zstd",
  "br;q=0": "",
  "br;q=0.000, gzip": "gzip",
  "br;q=0.001": "br",
  "br;Q=0.5": "br",
  "br ; q=0.5\t,gzip": "gzip br",
  "br;q=1.000": "br",
  // Of a list without end only the beginning is read.
  [`br,${",".repeat(60_000)}gzip`]: "br",

  // What is in no list is refused, but by a star.
  "": "",
  deflate: "",
  "*": "br zstd gzip",
  "*;q=0": "",
  "*;q=0.5, gzip": "gzip br zstd",
  "*, br;q=0": "zstd gzip",
  "gzip, *;q=0": "gzip",

  // Plain bytes come last, unless they are said to be better; where they are as good, fewer bytes are better.
  identity: "",
  "identity, gzip": "gzip",
  "identity;q=1, gzip;q=0.5": "",
  "identity;q=0.5, gzip;q=0.5, br;q=0.4": "gzip",
  "identity;q=0": "",
  "identity;q=0, gzip;q=0.1": "gzip",

  // A malformed element says nothing.
  "br;q=2": "",
  "br;q=1.001": "",
  "br;q=0.0001": "",
  "br;q=-1": "",
  "br;q=": "",
  "br;q": "",
  "br;level=11": "",
  "br;q=0.5;q=1": "",
  "b r": "",
  "br gzip": "",
  "gzip, b/r, br;q=x": "gzip",
  ",, br,": "br",
};

test("the codings a client wants are found, the best first", () => {
  // Twice each: what was asked last is remembered.
  for (const [field, expected] of Object.entries(ROWS)) {
    assert.equal(acceptedCodings(field).join(" "), expected, field);
    assert.equal(acceptedCodings(field).join(" "), expected, field);
  }
});
