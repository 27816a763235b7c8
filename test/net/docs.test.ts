/** The programs of docs/net.md, run, and its bounds, compared with the code's. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { OPTIONS } from "../../src/core/options.ts";
import { CONNECT_TIMEOUT, connect } from "../../src/net/connect.ts";
import { DEFAULT_IDLE_TIMEOUT, DEFAULT_LINE_LENGTH } from "../../src/net/connection.ts";
import { ANSWER_TIMEOUT } from "../../src/net/udp-socket.ts";
import { folder } from "../support/folder.ts";
import { install, runProgram } from "../support/program.ts";
import { startTcp } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/net.md"), "utf8");

/** Starts a program of the page, on another port than the page's; gives the first line it prints. */
async function run(t: TestContext, name: string, port: number): Promise<string> {
  const [, text] = new RegExp(`^\`\`\`ts\\n(// ${name}\\n.*?)^\`\`\`$`, "ms").exec(PAGE)!;
  const cwd = folder({ [name]: text!.replace("port: 7890", `port: ${port}`) });
  install(cwd);
  return runProgram(t, cwd, name);
}

test("the chat of docs/net.md carries a line from one guest to the others", async (t) => {
  const port = Number(await run(t, "chat.ts", 0));
  const [one, two] = await Promise.all([1, 2].map(() => connect({ hostname: "127.0.0.1", port })));
  t.after(() => Promise.all([one!.close(), two!.close()]));
  // Until the other has come in, nobody hears it.
  const heard = two!.readLine();
  const talking = setInterval(() => one!.write("hello\n"), 20);
  assert.equal(await heard, `${one!.localPort}: hello`);
  clearInterval(talking);
});

test("the client of docs/net.md asks and prints the answer", async (t) => {
  const server = await startTcp(t, async (connection) => {
    await connection.write(`you asked: ${await connection.readLine()}\n`);
  });
  assert.equal(await run(t, "ask.ts", server.port), "you asked: anybody there?");
});

test("the defaults that docs/net.md names are the code's", () => {
  const of = (name: string) => new RegExp(`^\\| ${name} +\\| (.*?) +\\|`, "m").exec(PAGE)?.[1] ?? "";
  assert.ok(of("`maxLineLength`").startsWith(`${DEFAULT_LINE_LENGTH / 1024} KiB`));
  assert.ok(of("`idleTimeout`").startsWith(`${DEFAULT_IDLE_TIMEOUT / 60_000} min`));
  assert.equal(of("`maxConnections`"), OPTIONS["limits.maxConnections"].default.toLocaleString("en"));
  assert.match(PAGE, new RegExp(`After \`grace\` \\(${OPTIONS["timeouts.grace"].default / 1000} s\\)`));
  assert.match(PAGE, new RegExp(`a \`timeout\` \\(${CONNECT_TIMEOUT / 1000} s\\)`));
  assert.match(PAGE, new RegExp(`\\(${ANSWER_TIMEOUT / 1000} s, then \`ANSWER_TIMEOUT\`\\)`));
});
