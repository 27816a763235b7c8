import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OPTIONS, type OptionSpec } from "../../src/core/options.ts";
import { runPortico } from "../support/portico.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

test("--help shows every flag of the table, with what stands behind it", async () => {
  const { code, stdout } = await runPortico(["--help"]);
  assert.equal(code, 0);
  const text = stdout.replace(/\s+/g, " ");
  for (const spec of Object.values<OptionSpec>(OPTIONS)) {
    if (spec.flag === undefined) continue;
    const { flag, short, value, implied, doc, env } = spec;
    const named = value === undefined ? "" : implied === undefined ? ` ${value}` : `[=${value}]`;
    assert.ok(text.includes(`${short ? `-${short}, ` : ""}--${flag}${named} ${doc}`), flag);
    if (env !== undefined)
      assert.ok(text.includes(`[$${env}${spec.default === undefined ? "" : ` or ${spec.default}`}]`), env);
  }
});

test("--help fits into 80 columns and ends with examples", async () => {
  const { stdout } = await runPortico(["-h"]);
  const lines = stdout.split("\n");
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
  assert.match(stdout, /\nExamples\n(?: .*\n){4,}$/);
});

test("--version prints the version of the package", async () => {
  assert.deepEqual((await runPortico(["--version"])).stdout, `portico ${version}\n`);
  assert.deepEqual((await runPortico(["-V"])).stdout, `portico ${version}\n`);
});
