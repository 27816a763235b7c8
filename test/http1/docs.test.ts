/** docs/http1.md says what the code says, and names tests that are there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { FAULTS } from "../../src/core/faults.ts";
import { EXPLANATIONS } from "./differential/differences.ts";
import { wireCases } from "./wire.ts";

const page = readFileSync(new URL("../../docs/http1.md", import.meta.url), "utf8");

/** The rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? assert.fail(heading);
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const RULES = [
  "Request line and target",
  "Host",
  "Fields",
  "Framing",
  "Chunks and trailers",
  "Responses",
  "Expect",
  "Connections",
];

describe("docs/http1.md: every rule names its section and tests that are there", () => {
  for (const [rule = "", rfc = "", , proof = ""] of RULES.flatMap(rowsUnder)) {
    test(rule, () => {
      assert.match(rfc, /^9\d{3} §\d/);
      const named = proof.split(/; (?=[a-z0-9/-]+: )/).flatMap((group) => {
        const [, file = "", names = ""] = /^([a-z0-9/-]+): (.*)$/.exec(group) ?? [];
        return names.split(" · ").map((name) => [file, name] as const);
      });
      for (const [file, name] of named) assert.ok(isThere(file, name), `${file}: ${name}`);
    });
  }
});

test("the check for named tests sees what it is there for", () => {
  assert.ok(!isThere("wire/host", "No such case"));
  assert.ok(!isThere("server/expect", "no such test"));
  assert.ok(!isThere("probes", "COMP-NONE"));
});

test("docs/http1.md has every fault with its status and its meaning", () => {
  assert.deepEqual(
    rowsUnder("Faults"),
    Object.entries(FAULTS).map(([code, [status, message]]) => [`\`${code}\``, String(status), message]),
  );
});

test("docs/http1.md has a row for every difference from other servers that is known", () => {
  assert.deepEqual(
    rowsUnder("Beside other servers").map((row) => row.slice(0, 3)),
    EXPLANATIONS.map(({ name, peer = "any", kind }) => [name, peer, kind]),
  );
});

test("docs/http1.md counts the wire cases right", () => {
  assert.match(page, new RegExp(`The wire cases, ${wireCases().length} of them,`));
});

function isThere(file: string, name: string): boolean {
  if (file.startsWith("wire/")) return wireNames.has(`${file.slice("wire/".length)}: ${name}`);
  if (file === "probes") return read("server/probes.md").includes(`| ${name} `);
  return namesIn(file).some((pattern) => pattern.test(name));
}

const wireNames = new Set(wireCases().map(({ name }) => name));

function read(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}

/** A test file's names as patterns: what is filled in is anything, as long as something is said beside it. */
function namesIn(file: string): RegExp[] {
  const source = read(`${file}.test.ts`);
  return [...source.matchAll(/\b(?:test|testEachWay)\(\s*(["`])(.*?)\1,/g)]
    .map(([, , name]) => name!.split(/\$\{[^}]*\}/))
    .filter((parts) => parts.join("").trim() !== "")
    .map((parts) => new RegExp(`^${parts.map((part) => part.replace(/[^\w ]/g, "\\$&")).join(".+")}$`));
}
