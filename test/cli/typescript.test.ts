/** Modules that Node loads through our hooks, in processes of their own, outside of any package. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { folder } from "../support/folder.ts";

const REGISTER = new URL("../../dist/cli/typescript/register.js", import.meta.url).href;

function run(files: Readonly<Record<string, string>>, main = "main.ts") {
  const cwd = folder(files);
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", REGISTER, join(cwd, main)], {
    cwd,
    env,
    encoding: "utf8",
  });
  return { cwd, status, stdout, stderr };
}

/** What the modules print when nothing is wrong; warnings would be. */
function printed(files: Readonly<Record<string, string>>, main?: string): string {
  const { status, stdout, stderr } = run(files, main);
  assert.deepEqual([stderr, status], ["", 0]);
  return stdout.trimEnd();
}

test("types are left away", () => {
  assert.equal(printed({ "main.ts": "const a: number = 1; console.log(a satisfies number as unknown);" }), "1");
});

test("enums, parameter properties and namespaces work", () => {
  const source = `
    enum Order { Doric = "doric", Ionic = "ionic" }
    namespace Temple { export const columns = 46; }
    class Column { constructor(readonly order: Order, private height = 10) {} tell() { return this.order + this.height; } }
    console.log(new Column(Order.Ionic).tell(), Temple.columns);`;
  assert.equal(printed({ "main.ts": source }), "ionic10 46");
});

test("an import that only names a type needs no word that says so", () => {
  const main = `import { Shape, area } from "./shape.ts";\nconst s: Shape = { side: 2 };\nconsole.log(area(s)); // a Shape "Shape"`;
  const shape = "export interface Shape { side: number }\nexport const area = (s: Shape) => s.side ** 2;";
  assert.equal(printed({ "main.ts": main, "shape.ts": shape }), "4");
});

test("a TypeScript file is an ES module whatever package.json says", () => {
  const main = 'import { one } from "./one.ts";\nconsole.log(one, import.meta.url.startsWith("file:"));';
  const files = { "main.ts": main, "one.ts": "export const one: number = 1;" };
  assert.equal(printed(files), "1 true");
  assert.equal(printed({ ...files, "package.json": '{ "type": "commonjs" }' }), "1 true");
  assert.equal(printed({ ...files, "package.json": '{ "name": "typeless" }' }), "1 true");
});

test(".mts is an ES module, .cts a CommonJS one", () => {
  const files = {
    "main.mts": 'import answer from "./answer.cts";\nconsole.log(answer as number);',
    "answer.cts": 'const path: object = require("node:path");\nmodule.exports = "sep" in path ? 42 : 0;',
  };
  assert.equal(printed(files, "main.mts"), "42");
});

test("import x = require() works in both kinds of module", () => {
  const source = 'import path = require("node:path");\nconsole.log(path.posix.sep as string);';
  assert.equal(printed({ "main.ts": source }), "/");
  assert.equal(printed({ "main.cts": source }, "main.cts"), "/");
});

test("files are found as TypeScript writes them: by the name after compilation, without extension, by folder", () => {
  const main = ["./a.js", "./b", "./c", "./d.mjs", "./e/", "./f", "./g.ts?fresh"].map((name) => `import "${name}";`);
  const say = (name: string) => `console.log("${name}" as string);`;
  const files = {
    "main.ts": main.join("\n"),
    "a.ts": say("a"),
    "b.ts": say("b"),
    "c/index.ts": say("c"),
    "d.mts": say("d"),
    "e/index.ts": say("e"),
    "f.js": 'console.log("f")',
    "g.ts": say("g"),
  };
  assert.equal(printed(files), "a\nb\nc\nd\ne\nf\ng");
});

test("a file that is there as it is written goes before one that is meant by it", () => {
  const files = {
    "package.json": '{ "type": "module" }',
    "main.ts": 'import "./a.js";',
    "a.js": 'console.log("js");',
    "a.ts": 'console.log("ts");',
  };
  assert.equal(printed(files), "js");
});

test("a stack names the lines and columns of the source, transformed or not", () => {
  const plain = "interface A { a: 1 }\n\nfunction boom(): never { throw new Error('x') }\ntry { boom() } catch (e) { ";
  const print = "console.log((e as Error).stack!.split('\\n')[1]!.replace(/.*main/, 'main')) }";
  assert.match(printed({ "main.ts": plain + print }), /main\.ts:3:32\)$/);
  assert.match(printed({ "main.ts": `${plain}${print}\nenum Forces { A, Transformation }` }), /main\.ts:3:(26|32)\)$/);
});

describe("a syntax error names file, line and column, and shows the line", () => {
  for (const [what, before] of [
    ["in what is blanked out", ""],
    ["in what is transformed", "enum A {}"],
  ]) {
    test(what!, () => {
      const { cwd, status, stderr } = run({ "main.ts": `${before}\n\tconst a: number = ;\nlet b;` });
      assert.equal(status, 1);
      const snippet = "2 | \tconst a: number = ;\n    \t                  ^";
      assert.ok(stderr.includes(`${join(cwd, "main.ts")}:2:20: Expression expected\n${snippet}`), stderr);
    });
  }
});

test("what is missing is reported as Node does", () => {
  const { stderr } = run({ "main.ts": 'import "./missing";' });
  assert.match(stderr, /ERR_MODULE_NOT_FOUND/);
  assert.match(stderr, /Cannot find module '.*missing'/);
});
