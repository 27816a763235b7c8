/** Programs of others, run as people run them. */
import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program to its end, in a directory; what it says is in English, both streams together. */
export async function run(
  tool: string,
  cwd: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; output: string }> {
  const child = spawn(tool, words, { cwd, env: { ...process.env, LC_ALL: "C", ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  return { code, output };
}
