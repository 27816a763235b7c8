/** What TypeScript makes of the package in somebody's project, by the programs that the README and the docs show. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "./support/folder.ts";
import { install } from "./support/program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
/** The tour quotes parts of programs, which are checked where they stand. */
const PAGES = readdirSync(join(ROOT, "docs")).filter((name) => /^(?!tour).*\.md$/.test(name));

/** The programs of a page, in a folder of its own; one that is not named stands alone. */
function programsOf(page: string): [path: string, text: string][] {
  const blocks = [...readFileSync(join(ROOT, page), "utf8").matchAll(/^```ts\n(?:\/\/ (\S+)\n)?(.*?)^```$/gms)];
  return blocks.map(([, name, text], at) => [`${basename(page, ".md")}/${name ?? `${at}.ts`}`, `${text}export {};\n`]);
}

const programs = Object.fromEntries(["README.md", ...PAGES.map((name) => join("docs", name))].flatMap(programsOf));

/** All that is strict, and no "dom": a project of a server has no reason to name that library. */
const OPTIONS = {
  target: "es2023",
  lib: ["es2023"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  skipLibCheck: false,
  noEmit: true,
};

for (const [module, moduleResolution] of [
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
]) {
  test(`what the README and the docs show has no type errors, and neither have the declarations: ${moduleResolution}`, () => {
    assert.ok(Object.keys(programs).length > 10);
    const compilerOptions = { ...OPTIONS, module, moduleResolution };
    const cwd = folder({
      ...programs,
      "package.json": '{ "type": "module" }',
      "tsconfig.json": JSON.stringify({ compilerOptions }),
    });
    install(cwd, "@types/node");
    const { status, stdout } = spawnSync(process.execPath, [TSC], { cwd, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
}
