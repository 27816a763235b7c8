/**
 * Runs the tests with Node's own runner: `node scripts/test.js [PATH...] [NODE OPTION...]`. A path is a test file or a
 * folder of them; without one, the whole suite runs. An option goes to node: `--test-name-pattern="chunked"`.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setUp } from "./setup.js";

const root = path.join(import.meta.dirname, "..");
const isSetUp = setUp();

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith("-"));
const paths = words.filter((word) => !word.startsWith("-")).map((word) => path.resolve(word));
const files = (paths.length > 0 ? paths : [path.join(root, "test")]).flatMap(testsIn);

const typescript = new URL("../dist/cli/typescript/register.js", import.meta.url);
const runner = ["--test", "--test-reporter=spec", `--test-concurrency=${os.availableParallelism()}`];
// Nothing in the suite takes a minute; what hangs must not hang the run.
const args = ["--import", typescript.href, ...runner, "--test-timeout=120000", ...options, ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, env: surroundings(), stdio: "inherit" });
process.exitCode = isSetUp ? (status ?? 1) : 1;

/** The environment without what would lead the programs under test elsewhere, or have them speak another way. */
function surroundings() {
  const env = { ...process.env };
  for (const name of ["CI", "FORCE_COLOR", "NO_COLOR", "DEBUG", "NODE_ENV"]) delete env[name];
  for (const name of ["HOST", "PORT", "PORTICO_AUTH", "PORTICO_CONFIG", "WEB_CONCURRENCY"]) delete env[name];
  for (const name of ["EDITOR", "VISUAL", "LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"])
    delete env[name];
  return env;
}

function testsIn(location) {
  if (!fs.statSync(location).isDirectory()) return [location];
  return fs
    .readdirSync(location, { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => path.join(location, name))
    .sort();
}
