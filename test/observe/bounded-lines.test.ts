import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { boundedLines } from "../../src/observe/bounded-lines.ts";

test("what a slow reader of the log does not take is dropped beyond a bound, counted, and told when it reads on", async () => {
  const taken: string[] = [];
  let takeOn = () => {};
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _, done) {
      taken.push(line);
      takeOn = done;
    },
  });
  const told: number[] = [];
  const write = boundedLines(stream, (dropped) => {
    told.push(dropped);
    write(`${dropped} dropped`);
  });

  const line = "x".repeat(1000);
  for (let i = 0; i < 10_000; i++) write(line);
  assert.ok(stream.writableLength < 4.2 * 1024 * 1024, `${stream.writableLength} bytes wait`);
  assert.deepEqual(told, []);

  while (told.length === 0) {
    takeOn();
    await new Promise(setImmediate);
  }
  write("and on");
  takeOn();
  await new Promise(setImmediate);
  assert.deepEqual(taken.slice(-2), [`${told[0]} dropped\n`, "and on\n"]);
  assert.equal(taken.length - 2 + told[0]!, 10_000);
  assert.equal(told.length, 1);
});
