/** docs/client.md says what the code says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CLIENT_CODES, DEFAULT_CLIENT_LIMITS, DEFAULT_CLIENT_TIMEOUTS } from "../../src/client/index.ts";

const page = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");

function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? assert.fail(heading);
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** `128 MiB`, `60 s` or `64` as a number. */
function amount(text: string): number {
  if (text === "any number") return Number.POSITIVE_INFINITY;
  const [number, unit = ""] = text.split(" ");
  return Number(number) * ({ s: 1000, KiB: 1024, MiB: 1024 ** 2 }[unit] ?? 1);
}

test("every limit and timeout stands there with its default", () => {
  const shown = rowsUnder("Limits and timeouts").map(([name, value]) => [name!.replaceAll("`", ""), amount(value!)]);
  const timeouts = Object.entries(DEFAULT_CLIENT_TIMEOUTS).map(([name, value]) => [`timeouts.${name}`, value]);
  const limits = Object.entries(DEFAULT_CLIENT_LIMITS).map(([name, value]) => [`limits.${name}`, value]);
  assert.deepEqual(shown.sort(), [...timeouts, ...limits].sort());
});

test("every code stands there with its meaning", () => {
  assert.deepEqual(
    rowsUnder("Errors"),
    Object.entries(CLIENT_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );
});
