/**
 * Runs the tests with Node's own runner: `node scripts/test.js [PATH...] [NODE OPTION...]`. A path is a test file or a
 * folder of them; without one, the whole suite runs. An option goes to node: `--test-name-pattern="chunked"`.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { setUp } from "./setup.js";

const root = path.join(import.meta.dirname, "..");
const isSetUp = setUp();

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith("-"));
const paths = words.filter((word) => !word.startsWith("-")).map((word) => path.resolve(word));
const files = (paths.length > 0 ? paths : [path.join(root, "test")]).flatMap(testsIn);

const loaded = ["dist/cli/typescript/register.js", "test/support/limit.ts"];
const imports = loaded.flatMap((name) => ["--import", pathToFileURL(path.join(root, name)).href]);
const runner = ["--test", "--test-reporter=spec", `--test-concurrency=${os.availableParallelism()}`];
// What hangs must not hang the run; a test is given up sooner, and by its name.
const args = [...imports, ...runner, "--test-timeout=300000", ...options, ...files];
const { status } = spawnSync(process.execPath, args, { cwd: root, env: surroundings(), stdio: "inherit" });
process.exitCode = isSetUp ? (status ?? 1) : 1;

/** The environment without what would lead the programs under test elsewhere, or have them speak another way. */
function surroundings() {
  const unwanted = [
    /^(CI|DEBUG|EDITOR|VISUAL|NODE_ENV|NODE_OPTIONS)$/,
    /^(FORCE_COLOR|NO_COLOR|NODE_DISABLE_COLORS)$/,
    /^(HOST|PORT|WEB_CONCURRENCY|PORTICO_\w+)$/,
    // What systemd gives a service, git its hooks, and a network its clients.
    /^(LISTEN_\w+|NOTIFY_SOCKET|WATCHDOG_\w+)$/,
    /^GIT_/,
    /^\w+_proxy$/i,
  ];
  // The path of a unix socket may have 107 bytes, on macOS 103, and tests put sockets into directories of theirs.
  if (Buffer.byteLength(os.tmpdir()) > 60) unwanted.push(/^TMPDIR$/);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.some((it) => it.test(name))));
}

function testsIn(location) {
  if (!fs.statSync(location).isDirectory()) return [location];
  return fs
    .readdirSync(location, { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => path.join(location, name))
    .sort();
}
