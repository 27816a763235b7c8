/** `npm run tour`: the list, the run, and what every program of it has at its head. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stops } from "../../scripts/tour.ts";
import { launchNode } from "../support/portico.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOUR = [
  "--import",
  new URL("../../dist/cli/typescript/register.js", import.meta.url).href,
  join(ROOT, "scripts/tour.ts"),
];

test("each program says what it shows, what is wrong with it and what to try, in 20 to 60 lines", () => {
  const all = stops();
  assert.deepEqual(
    all.map(({ number }) => number),
    Array.from({ length: all.length }, (_, index) => String(index + 1).padStart(2, "0")),
  );
  for (const { path, title, text } of all) {
    const lines = readFileSync(path, "utf8").split("\n").length;
    assert.ok(lines >= 20 && lines <= 60, `${path} has ${lines} lines`);
    assert.match(title, /\S/, path);
    assert.match(text, /^Shows: .*^What is wrong with it: .*^Try: /ms, path);
    const named = [...text.matchAll(/\b(0\d|[12]\d)\b(?! (?:MB|ms|seconds))/g)].map(([, number]) => number);
    for (const number of named)
      assert.ok(
        all.some((stop) => stop.number === number),
        `${path} names ${number}`,
      );
  }
});

test("npm run tour lists them, and runs the one that is named after saying what it shows", async () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.match(scripts.tour, /scripts\/tour\.ts$/);
  const list = launchNode(TOUR);
  assert.equal((await list.exited).code, 0);
  for (const { number, title } of stops()) assert.ok(list.output.includes(`${number}  ${title}\n`), number);

  const one = launchNode([...TOUR, "17"]);
  assert.equal((await one.exited).code, 0);
  assert.match(one.output, /^17 {2}Two kinds of readiness.*^Try: .*^edge: notified/ms);
});

test("a program is stopped with the tour, and one that is not there is said not to be", async () => {
  const served = launchNode([...TOUR, "5"]);
  await served.written(/listening on/);
  assert.equal((await served.stop("SIGTERM")).code, 128 + 15);
  const missing = launchNode([...TOUR, "99"]);
  assert.equal((await missing.exited).code, 2);
  assert.match(missing.output, /^tour: there is no program 99; npm run tour lists them\n$/);
});
