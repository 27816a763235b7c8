/** Programs that import Portico as a package, as its users' do. */
import { spawn } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What loads TypeScript where Node does not by itself: for `node --import`. */
export const TYPESCRIPT = new URL("../../dist/cli/typescript/register.js", import.meta.url).href;

/** Puts Portico into the folder as `npm install` would, and of its own packages those that are named. */
export function install(cwd: string, ...packages: readonly string[]): void {
  link(ROOT, join(cwd, "node_modules", "portico"));
  for (const name of packages) link(join(ROOT, "node_modules", name), join(cwd, "node_modules", name));
}

function link(target: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  symlinkSync(target, at, "junction");
}

/** Runs a program of the folder until the test is over; gives the first that it prints. */
export async function runProgram(t: TestContext, cwd: string, name: string): Promise<string> {
  const child = spawn(process.execPath, ["--import", "portico/register", name], {
    cwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const { value } = await child.stdout.setEncoding("utf8")[Symbol.asyncIterator]().next();
  return value.trim();
}
