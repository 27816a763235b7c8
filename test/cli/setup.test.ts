/** scripts/setup.js, in a checkout of its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "../support/folder.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const SOURCES = {
  "src/index.ts": 'export { main } from "./cli/main.ts";\n',
  "src/cli/main.ts": "export const main = (): number => 1;\n",
  "src/old.ts": "export const old = 1;\n",
};

/** A checkout with a little to build and everything installed. */
function checkout(): string {
  const root = folder(SOURCES);
  for (const name of [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "scripts/setup.js",
  ]) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    cpSync(join(ROOT, name), join(root, name));
  }
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  return root;
}

async function setUp(root: string, env: NodeJS.ProcessEnv = process.env) {
  const child = spawn(process.execPath, [join(root, "scripts", "setup.js")], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}

function built(root: string): string[] {
  const names = readdirSync(join(root, "dist"), { recursive: true }).map(String);
  return names.filter((name) => name.endsWith(".js")).sort();
}

test("what differs from the sources is built, in one line; what does not is left in silence", async () => {
  const root = checkout();
  const done = { code: 0, output: "" };
  const building = { code: 0, output: "Building dist (tsc)\n" };
  assert.deepEqual(await setUp(root), building);
  assert.deepEqual(built(root), ["cli/main.js", "index.js", "old.js"]);
  assert.deepEqual(await setUp(root), done);

  writeFileSync(join(root, "src/cli/main.ts"), "export const main = (): number => 2;\n");
  rmSync(join(root, "src/old.ts"));
  assert.deepEqual(await setUp(root), building);
  assert.deepEqual(built(root), ["cli/main.js", "index.js"]);
  assert.match(readFileSync(join(root, "dist/cli/main.js"), "utf8"), /=> 2;/);
  assert.deepEqual(await setUp(root), done);

  rmSync(join(root, "dist"), { recursive: true });
  assert.deepEqual(await setUp(root), building);
});

test("two set-ups at the same time build once, and both are done when it is whole", async () => {
  const root = checkout();
  const results = await Promise.all([setUp(root), setUp(root), setUp(root)]);
  assert.deepEqual(
    results.map(({ code }) => code),
    [0, 0, 0],
  );
  assert.equal(results.map(({ output }) => output).join(""), "Building dist (tsc)\n");
  assert.deepEqual(built(root), ["cli/main.js", "index.js", "old.js"]);
});

test("a lock that a killed set-up has left is no obstacle", async () => {
  const root = checkout();
  const dead = spawn(process.execPath, ["--version"]);
  await once(dead, "close");
  mkdirSync(join(root, ".setup"));
  writeFileSync(join(root, ".setup", ".lock"), String(dead.pid));
  assert.deepEqual(await setUp(root), { code: 0, output: "Building dist (tsc)\n" });
});

test("a type error is shown every time until it is gone, and does not keep the rest from being built", async () => {
  const root = checkout();
  writeFileSync(join(root, "src/wrong.ts"), 'export const n: number = "one";\n');
  for (const _ of [1, 2]) {
    const { code, output } = await setUp(root);
    assert.equal(code, 1);
    assert.match(
      output,
      /^Building dist \(tsc\)\nThe build has errors; tsc says:\nsrc\/wrong\.ts\(1,14\): error TS2322/,
    );
  }
  assert.deepEqual(built(root), ["cli/main.js", "index.js", "old.js", "wrong.js"]);
  rmSync(join(root, "src/wrong.ts"));
  assert.equal((await setUp(root)).code, 0);
});

test("packages are installed when there are none; a failure is shown with what npm says of it", async () => {
  const root = checkout();
  rmSync(join(root, "node_modules"));
  const npm = join(root, "npm.cjs");
  const { npm_execpath: _npm, ...rest } = process.env;
  const env = { ...rest, npm_execpath: npm };
  writeFileSync(npm, 'console.error("npm error: no network"); process.exit(1);');
  assert.deepEqual(await setUp(root, env), {
    code: 1,
    output: "Installing packages (npm ci)\nPackages could not be installed; npm says:\nnpm error: no network\n",
  });
  writeFileSync(
    npm,
    `if (process.argv[2] !== "ci") process.exit(1);
    require("node:fs").symlinkSync(${JSON.stringify(join(ROOT, "node_modules"))}, "node_modules");
    console.log("added 17 packages");`,
  );
  assert.deepEqual(await setUp(root, env), { code: 0, output: "Installing packages (npm ci)\nBuilding dist (tsc)\n" });
});

test("packages are installed again when package-lock.json asks for another version", async () => {
  const root = checkout();
  await setUp(root);
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  lock.packages["node_modules/typescript"].version = "99.0.0";
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
  const npm = join(root, "npm.cjs");
  writeFileSync(npm, "process.exit(0);");
  const { output } = await setUp(root, { ...process.env, npm_execpath: npm });
  assert.match(output, /^Installing packages \(npm ci\)\n/);
});
