import assert from "node:assert/strict";
import { test } from "node:test";
import { type ByteRange, contentRange, layOutParts, resolveRanges } from "../../src/http/ranges.ts";

/** Of 100 bytes unless told otherwise: 416, `null` for the whole, or the ranges as `first-last`. */
const ROWS: readonly (readonly [field: string, expected: string | 416 | null, size?: number])[] = [
  ["bytes=0-0", "0-0"],
  ["bytes=0-99", "0-99"],
  ["bytes=10-19", "10-19"],
  ["bytes=10-", "10-99"],
  ["bytes=99-", "99-99"],
  ["bytes=-1", "99-99"],
  ["bytes=-3", "97-99"],
  ["bytes=-100", "0-99"],
  ["bytes=00010-0019", "10-19"],

  // The last position, and the length of a suffix, may lie beyond the end (RFC 9110 §14.1.2).
  ["bytes=90-200", "90-99"],
  ["bytes=-101", "0-99"],
  ["bytes=-99999999999999999999", "0-99"],
  [`bytes=5-${"9".repeat(400)}`, "5-99"],
  ["bytes=0-0", "0-0", 1],
  ["bytes=-99", "0-9", 10],

  // The unit is case-insensitive; there is no other.
  ["Bytes=0-1", "0-1"],
  ["BYTES=0-1", "0-1"],
  ["items=0-1", null],
  ["byte=0-1", null],
  ["bytess=0-1", null],
  ["", null],
  ["0-1", null],
  ["=0-1", null],
  ["bytes", null],
  ["bytes 0-1", null],
  ["bytes =0-1", null],

  // Malformed: as if there were no field (§14.2).
  ["bytes=", null],
  ["bytes=,", null],
  ["bytes=-", null],
  ["bytes=5", null],
  ["bytes=a-b", null],
  ["bytes=0-b", null],
  ["bytes=0x0-1", null],
  ["bytes=1e1-20", null],
  ["bytes=+1-2", null],
  ["bytes=--1", null],
  ["bytes=1--2", null],
  ["bytes=0 - 1", null],
  ["bytes=0.0-1", null],
  ["bytes=0-1;x", null],
  ["bytes=0-1 2-3", null],
  ["bytes=0-1,x", null],
  ["bytes=x,0-1", null],
  ["bytes=0-1,bytes=2-3", null],
  ["bytes=\u0661-\u0662", null],
  // A last position before the first makes the whole set invalid.
  ["bytes=1-0", null],
  ["bytes=0-1,9-5", null],
  ["bytes=200-100", null],

  // Nothing there to be had.
  ["bytes=100-", 416],
  ["bytes=100-100", 416],
  ["bytes=200-300", 416],
  ["bytes=-0", 416],
  ["bytes=100-,-0", 416],
  [`bytes=${"9".repeat(400)}-`, 416],
  // Of an empty representation no range can be named: it is sent as it is.
  ["bytes=0-", null, 0],
  ["bytes=-1", null, 0],
  ["bytes=0-0", null, 0],

  // Several, in the order they were asked for; what cannot be had is left out.
  ["bytes=0-1,5-6", "0-1 5-6"],
  ["bytes=50-59,0-9", "50-59 0-9"],
  ["bytes=-1,0-0", "99-99 0-0"],
  ["bytes=0-1,100-,5-6", "0-1 5-6"],
  ["bytes=200-300,7-7", "7-7"],
  // As a list may be written (§5.6.1.2).
  ["bytes= 0-1 ,\t5-6 ", "0-1 5-6"],
  ["bytes=,0-1,,5-6,", "0-1 5-6"],

  // Those that overlap or touch are one, in the place of the first of them.
  ["bytes=0-9,5-14", "0-14"],
  ["bytes=0-9,10-19", "0-19"],
  ["bytes=0-9,11-19", "0-9 11-19"],
  ["bytes=5-14,0-9", "0-14"],
  ["bytes=0-99,0-99,-50", "0-99"],
  ["bytes=50-59,0-9,20-29,5-24", "50-59 0-29"],
  ["bytes=0-9,50-59,20-29,40-49", "0-9 40-59 20-29"],
  ["bytes=0-0,2-2,4-4,0-", "0-99"],

  // A hundred at most.
  [`bytes=${singles(100)}`, singles(100).replaceAll(",", " "), 1000],
  [`bytes=${singles(101)}`, null, 1000],
  [`bytes=${"0-0,".repeat(101)}`, null],
  [`bytes=${",".repeat(5000)}0-0`, "0-0"],
];

test("a Range field is resolved against a size", () => {
  for (const [field, expected, size = 100] of ROWS) {
    const ranges = resolveRanges(field, size);
    const found = Array.isArray(ranges) ? ranges.map(written).join(" ") : ranges;
    assert.equal(found, expected, `${field.slice(0, 60)} of ${size}`);
  }
});

test("whatever is asked for, the ranges are disjoint and inside", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 2000; round++) {
    const specs = Array.from({ length: 1 + random(12) }, () => {
      const start = random(120);
      return ["-" + random(30), `${start}-`, `${start}-${start + random(20)}`][random(3)]!;
    });
    const ranges = resolveRanges(`bytes=${specs}`, 100);
    assert.ok(ranges !== null);
    if (ranges === 416) continue;
    const sorted = [...ranges].sort((a, b) => a.start - b.start);
    for (const [at, { start, stop }] of sorted.entries()) {
      assert.ok(start >= 0 && start < stop && stop <= 100, `${specs}`);
      assert.ok(at === 0 || start > sorted[at - 1]!.stop, `${specs}`);
    }
    const wanted = (byte: number) =>
      specs.some((spec) => {
        const [first, last] = spec.split("-");
        if (first === "") return byte >= 100 - Number(last);
        return byte >= Number(first) && (last === "" || byte <= Number(last));
      });
    for (let byte = 0; byte < 100; byte++) {
      assert.equal(
        sorted.some(({ start, stop }) => byte >= start && byte < stop),
        wanted(byte),
        `byte ${byte} of ${specs}`,
      );
    }
  }
});

test("Content-Range names a range, or the size alone", () => {
  assert.equal(contentRange({ start: 0, stop: 1 }, 1), "bytes 0-0/1");
  assert.equal(contentRange({ start: 10, stop: 20 }, 100), "bytes 10-19/100");
  assert.equal(contentRange(null, 100), "bytes */100");
});

test("parts carry their type and range, and their length is known before", () => {
  const content = "0123456789";
  const ranges = [
    { start: 7, stop: 10 },
    { start: 0, stop: 2 },
  ];
  const { heads, end, length } = layOutParts(ranges, 10, "text/plain", "XX");
  const body = ranges.map(({ start, stop }, at) => heads[at] + content.slice(start, stop)).join("") + end;
  assert.equal(
    body,
    [
      ...["--XX", "Content-Type: text/plain", "Content-Range: bytes 7-9/10", "", "789"],
      ...["--XX", "Content-Type: text/plain", "Content-Range: bytes 0-1/10", "", "01"],
      ...["--XX--", ""],
    ].join("\r\n"),
  );
  assert.equal(length, body.length);
});

function written({ start, stop }: ByteRange): string {
  return `${start}-${stop - 1}`;
}

/** Single bytes that do not touch. */
function singles(count: number): string {
  return Array.from({ length: count }, (_, at) => `${2 * at}-${2 * at}`).join(",");
}
