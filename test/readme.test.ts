/** What the README says, held to: its programs run, its commands exist, and its map is the house's. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { OPTIONS, type OptionSpec } from "../src/core/options.ts";
import { folder } from "./support/folder.ts";
import { startPortico } from "./support/portico.ts";
import { install, runProgram } from "./support/program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** Fenced blocks in their order. A TypeScript block names its file in its first line. */
const blocks = [...README.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]) => ({
  language,
  text: text!,
}));
const programs = blocks.flatMap(({ language, text }, index) => {
  if (language !== "ts") return [];
  return [{ name: /^\/\/ (\S+)\n/.exec(text)![1]!, text, requests: requestsIn(blocks[index + 1]!.text) }];
});
const commands = blocks
  .filter(({ language }) => language === "sh")
  .flatMap(({ text }) => [...text.matchAll(/^\$ (.*)$/gm)].map(([, command]) => command!));

/** The `curl` lines of a shell block, each with the output that is said to follow. */
function requestsIn(shell: string) {
  return [...shell.matchAll(/^\$ curl (?:-d "(.*)" )?http:\/\/127\.0\.0\.1:8000(\/\S*)\n((?:[^$].*\n)*)/gm)].map(
    ([, body, path, output]) => ({ body, path: path!, output: output! }),
  );
}

test("the README has programs and commands", () => {
  assert.deepEqual(
    programs.map(({ name }) => name),
    ["server.ts", "program.ts"],
  );
  for (const { name, requests } of programs) assert.ok(requests.length > 0, name);
  assert.ok(commands.length >= 5);
});

for (const { name, text, requests } of programs) {
  test(`${name} of the README answers as the README says`, async (t) => {
    const cwd = folder({ [name]: text.replace("port: 8000", "port: 0") });
    install(cwd);
    const url = text.includes("export default") ? await serveApplication(t, cwd, name) : await runProgram(t, cwd, name);
    for (const { body, path, output } of requests) {
      const response = await fetch(new URL(path, url), body === undefined ? {} : { method: "POST", body });
      // A terminal shows an answer without a line end on a line of its own.
      assert.equal((await response.text()).trimEnd(), output.trimEnd());
    }
  });
}

async function serveApplication(t: TestContext, cwd: string, name: string): Promise<string> {
  assert.ok(commands.includes(`node bin/portico.js ${name}`));
  const portico = await startPortico([name], { cwd });
  t.after(() => portico.stop());
  return portico.url;
}

test("the directory that the README serves is there to be served", async (t) => {
  const served = commands.flatMap((command) => /^node bin\/portico\.js (\S+) \d+$/.exec(command)?.slice(1) ?? []);
  assert.deepEqual(served, ["examples/site"]);
  const portico = await startPortico([join(ROOT, served[0]!)]);
  t.after(() => portico.stop());
  assert.match(await (await fetch(portico.url)).text(), /<h1>Portico<\/h1>/);
});

test("every npm command in the README and in CONTRIBUTING is a script", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const text = README + readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
  const named = [...text.matchAll(/\bnpm (?:run )?(start|test|(?<=run )\w+)/g)].map(([, script]) => script!);
  assert.ok(named.length >= 5);
  for (const script of named) assert.ok(script in scripts, script);
});

test("every flag in the README is an option", () => {
  const options: OptionSpec[] = Object.values(OPTIONS);
  const flags = new Set(["help", ...options.map(({ flag }) => flag)]);
  const named = [...README.matchAll(/`(?:portico )?--([\w-]+)`/g)].map(([, flag]) => flag!);
  assert.ok(named.length >= 5);
  for (const flag of named) assert.ok(flags.has(flag), `--${flag}`);
});

test("the README's map shows every room, and no other", () => {
  const rooms = readdirSync(join(ROOT, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const shown = [...README.matchAll(/^\| `src\/(\w+)` +\|/gm)].map(([, room]) => room!);
  assert.deepEqual(shown.sort(), rooms.map(({ name }) => name).sort());
});

test("every file that the README links to exists", () => {
  const links = [...README.matchAll(/\]\(([^)#:]+)\)|(?:src|srcset)="([^"]+)"/g)].map(([, link, src]) => link ?? src!);
  assert.ok(links.length >= 5);
  for (const link of links) assert.ok(existsSync(join(ROOT, link)), link);
});
