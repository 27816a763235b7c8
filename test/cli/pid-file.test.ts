/** Who may write its number into the file, and over what. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { launchNode, runPortico } from "../support/portico.ts";

const PID_FILE = new URL("../../dist/cli/pid-file.js", import.meta.url).href;

/** Says that it is there, waits for the others, and tries; who has succeeded stays until it is told to end. */
const STARTER = `
  import { existsSync } from "node:fs";
  import { writePidFile } from ${JSON.stringify(PID_FILE)};
  process.on("SIGTERM", () => process.exit(0));
  console.log("here;");
  while (!existsSync("go"));
  try {
    writePidFile("portico.pid");
  } catch (error) {
    console.log("refused:", error.message);
    process.exit(1);
  }
  console.log("has it;");
  setInterval(() => {}, 1000);`;

/** A process number that is nobody's: Linux gives out none above 2^22. */
const NOBODY = 2 ** 22 + 1;

const LEFT = { "portico.pid": `${NOBODY}\n` };
for (const [what, count, files] of [
  ["there is no file", 5, {}],
  ["a process that is gone has left one", 5, LEFT],
  ["one that is gone was in the middle of it", 1, { ...LEFT, "portico.pid.lock": `${NOBODY}\n` }],
] as const) {
  test(`of ${count} that start at the same time, one gets the file: ${what}`, async (t) => {
    const cwd = folder({ "starter.mjs": STARTER, ...files });
    const starters = Array.from({ length: count }, () => launchNode(["starter.mjs"], { cwd }));
    t.after(() => Promise.all(starters.map((starter) => starter.stop("SIGKILL"))));
    await Promise.all(starters.map((starter) => starter.written(/here;/)));
    writeFileSync(path.join(cwd, "go"), "");
    await Promise.all(starters.map((starter) => starter.written(/has it;|refused: .*\n/)));
    const owners = starters.filter(({ output }) => output.includes("has it;"));
    assert.equal(owners.length, 1);
    assert.equal(readFileSync(path.join(cwd, "portico.pid"), "utf8"), `${owners[0]!.child.pid}\n`);
    for (const { output } of starters)
      if (output.includes("refused")) assert.match(output, /process \d+ runs already, says /);
    await Promise.all(starters.map((starter) => starter.stop()));
    assert.deepEqual(readdirSync(cwd).sort(), ["go", "starter.mjs"]);
  });
}

test("a file that is something else is left as it is", async () => {
  const cwd = folder({ "server.ts": "export default { fetch: () => new Response() };" });
  const { code, stderr } = await runPortico(["server.ts", "--pid", "server.ts"], { cwd });
  assert.equal(code, 1);
  assert.equal(stderr, "portico: server.ts is there and holds no process number (--pid)\n");
  assert.match(readFileSync(path.join(cwd, "server.ts"), "utf8"), /^export default/);
  const device = await runPortico(["server.ts", "--pid", "/dev/null"], { cwd });
  assert.equal(device.code, 1);
  assert.match(device.stderr, /^portico: /);
});
