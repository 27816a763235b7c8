import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS, findCommand } from "../../src/cli/commands.ts";
import { runPortico } from "../support/portico.ts";

test("a command takes the words behind its name", () => {
  assert.deepEqual(findCommand(["serve", "html", "7890"]), { load: COMMANDS.serve!.load, words: ["html", "7890"] });
});

test("words that begin with no command's name are for serve", () => {
  for (const words of [[], ["html", "7890"], ["./serve"], ["--quiet", "serve"], ["toString"]]) {
    assert.deepEqual(findCommand(words), { load: COMMANDS.serve!.load, words });
  }
});

test("--help names every command", async () => {
  const { stdout } = await runPortico(["--help"]);
  for (const [name, { doc }] of Object.entries(COMMANDS)) assert.match(stdout, new RegExp(`^  ${name} +${doc}$`, "m"));
});

test("every command has a help of its own, and exits 2 on a flag it does not know", async () => {
  for (const name of Object.keys(COMMANDS)) {
    const help = await runPortico([name, "--help"]);
    assert.equal(help.code, 0, name);
    assert.match(help.stdout, /^Usage: portico /m, name);
    const wrong = await runPortico([name, "--no-such-flag"]);
    assert.equal(wrong.code, 2, name);
    assert.match(wrong.stderr, /^portico: [^\n]*--no-such-flag[^\n]*\n$/, name);
  }
});
