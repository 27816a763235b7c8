import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CODING,
  type Coding,
  FRAMING,
  type Framing,
  parseContentLength,
  requestFraming,
  responseFraming,
} from "../../src/http1/framing.ts";

const { NONE, LENGTH, CHUNKED, CLOSE } = FRAMING;

describe("the framing of a request (RFC 9112 §6.3)", () => {
  const rows: readonly [minor: number, coding: Coding, length: number, framing: Framing | string][] = [
    [1, CODING.ABSENT, -1, NONE],
    [1, CODING.ABSENT, 0, NONE],
    [1, CODING.ABSENT, 1, LENGTH],
    [0, CODING.ABSENT, -1, NONE],
    [0, CODING.ABSENT, 0, NONE],
    [0, CODING.ABSENT, 1, LENGTH],
    [1, CODING.CHUNKED, -1, CHUNKED],
    [1, CODING.CHUNKED, 0, "LENGTH_WITH_ENCODING"],
    [1, CODING.CHUNKED, 1, "LENGTH_WITH_ENCODING"],
    [1, CODING.UNSUPPORTED, -1, "CODING_NOT_SUPPORTED"],
    [1, CODING.UNSUPPORTED, 1, "LENGTH_WITH_ENCODING"],
    [1, CODING.AMBIGUOUS, -1, "BAD_TRANSFER_ENCODING"],
    [1, CODING.AMBIGUOUS, 1, "LENGTH_WITH_ENCODING"],
    [0, CODING.CHUNKED, -1, "BAD_TRANSFER_ENCODING"],
    [0, CODING.CHUNKED, 1, "BAD_TRANSFER_ENCODING"],
    [0, CODING.UNSUPPORTED, -1, "BAD_TRANSFER_ENCODING"],
    [0, CODING.AMBIGUOUS, -1, "BAD_TRANSFER_ENCODING"],
  ];
  for (const [minor, coding, length, framing] of rows) {
    test(`HTTP/1.${minor}, ${nameOf(CODING, coding)}, length ${length}: ${nameOf(FRAMING, framing)}`, () => {
      assert.equal(requestFraming(minor, coding, length), framing);
    });
  }
});

describe("the framing of a response (RFC 9112 §6.3)", () => {
  const rows: readonly [method: string, status: number, minor: number, length: number, framing: Framing][] = [
    ["GET", 200, 1, -1, CHUNKED],
    ["GET", 200, 0, -1, CLOSE],
    ["GET", 200, 1, 0, LENGTH],
    ["GET", 200, 1, 5, LENGTH],
    ["GET", 200, 0, 5, LENGTH],
    ["GET", 404, 1, -1, CHUNKED],
    ["HEAD", 200, 1, -1, NONE],
    ["HEAD", 200, 1, 5, NONE],
    ["HEAD", 200, 0, -1, NONE],
    ["head", 200, 1, 5, LENGTH],
    ["GET", 100, 1, -1, NONE],
    ["GET", 101, 1, -1, NONE],
    ["GET", 103, 1, 5, NONE],
    ["GET", 204, 1, -1, NONE],
    ["GET", 204, 1, 5, NONE],
    ["GET", 205, 1, 5, NONE],
    ["GET", 304, 1, 5, NONE],
    ["POST", 304, 0, -1, NONE],
    ["CONNECT", 200, 1, -1, NONE],
    ["CONNECT", 299, 1, 5, NONE],
    ["CONNECT", 300, 1, -1, CHUNKED],
    ["CONNECT", 501, 1, 5, LENGTH],
  ];
  for (const [method, status, minor, length, framing] of rows) {
    test(`${method}, ${status}, HTTP/1.${minor}, length ${length}: ${nameOf(FRAMING, framing)}`, () => {
      assert.equal(responseFraming(method, status, minor, length), framing);
    });
  }
});

describe("a Content-Length (RFC 9110 §8.6)", () => {
  const rows: readonly [text: string, length: number][] = [
    ["0", 0],
    ["00", 0],
    ["1", 1],
    ["010", 10],
    ["1234567890", 1234567890],
    ["0000000000000005", 5],
    ["00000000000000005", -1],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740992", -1],
    ["9999999999999999", -1],
    ["10000000000000000", -1],
    ["", -1],
    ["-0", -1],
    ["+1", -1],
    ["1 ", -1],
    [" 1", -1],
    ["1\t", -1],
    ["0x1", -1],
    ["1e1", -1],
    ["1.0", -1],
    ["1_0", -1],
    ["1,1", -1],
    ["a", -1],
    ["/", -1],
    [":", -1],
    ["\xb2", -1],
  ];
  for (const [text, length] of rows) {
    test(`${JSON.stringify(text)} is ${length < 0 ? "none" : length}`, () => {
      const bytes = Buffer.from(`<${text}>`, "latin1");
      assert.equal(parseContentLength(bytes, 1, bytes.length - 1), length);
    });
  }
});

function nameOf(table: Readonly<Record<string, number>>, value: number | string): string {
  return Object.keys(table).find((name) => table[name] === value) ?? String(value);
}
