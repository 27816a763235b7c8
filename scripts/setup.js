/**
 * Makes a checkout ready to run, from a bare clone on: installs packages when they differ from package-lock.json,
 * builds dist/ when it differs from src/. Plain JavaScript without dependencies, because it runs before there are any.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The lock, the fingerprint of the last build, and the next build until it is whole. As deep as dist/, for source maps. */
const STAGING = path.join(ROOT, ".setup");
const LOCK = path.join(STAGING, ".lock");
const BUILT = path.join(STAGING, ".built");
const DIST = path.join(ROOT, "dist");

/** Milliseconds between two looks at the lock, and how many looks are a minute. */
const WAIT = 50;
const MINUTE = 60_000 / WAIT;

if (fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) process.exitCode = setUp() ? 0 : 1;

/** Returns whether everything is in place; what is not has been said on standard error. */
export function setUp() {
  if (packagesAreCurrent() && buildIsCurrent()) return true;
  fs.mkdirSync(STAGING, { recursive: true });
  const unlock = lock();
  try {
    return (packagesAreCurrent() || installPackages()) && (buildIsCurrent() || build());
  } finally {
    unlock();
  }
}

/** Compares what is installed with what package-lock.json asks for, because times change with every checkout. */
function packagesAreCurrent() {
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  if (installed === undefined) return false;
  return Object.entries(readJson("package-lock.json").packages).every(([location, wanted]) => {
    if (location === "") return true;
    const found = installed[location];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

function installPackages() {
  console.error("Installing packages (npm ci)");
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  const done = npm === undefined ? run("npm", args) : run(process.execPath, [npm, ...args]);
  if (!done.ok) console.error(`Packages could not be installed; npm says:\n${done.output}`);
  return done.ok;
}

function buildIsCurrent() {
  return fs.existsSync(path.join(DIST, "cli", "main.js")) && readText(BUILT) === fingerprint();
}

/** A type error is told and fails the set-up, but does not keep what was compiled from the tests. */
function build() {
  console.error("Building dist (tsc)");
  const sources = fingerprint();
  for (const name of filesIn(STAGING)) fs.rmSync(path.join(STAGING, name));
  const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const done = run(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", STAGING]);
  publish();
  if (done.ok) fs.writeFileSync(BUILT, sources);
  else console.error(`The build has errors; tsc says:\n${done.output}`);
  return done.ok;
}

/** File by file, each by a rename: a server that starts meanwhile never finds a file missing or half written. */
function publish() {
  const fresh = filesIn(STAGING);
  for (const name of fresh) {
    fs.mkdirSync(path.dirname(path.join(DIST, name)), { recursive: true });
    fs.renameSync(path.join(STAGING, name), path.join(DIST, name));
  }
  const kept = new Set(fresh);
  for (const name of filesIn(DIST)) if (!kept.has(name)) fs.rmSync(path.join(DIST, name));
}

/** The contents of all that a build reads, in one hash. */
function fingerprint() {
  const hash = createHash("sha1");
  const sources = filesIn(path.join(ROOT, "src")).map((name) => path.join("src", name));
  for (const name of ["package-lock.json", "tsconfig.json", "tsconfig.build.json", ...sources.sort()]) {
    const bytes = fs.readFileSync(path.join(ROOT, name));
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** Waits until no other set-up works in this checkout, then keeps others out; returns how to let them in again. */
function lock() {
  const claim = `${LOCK}.${process.pid}`;
  fs.writeFileSync(claim, String(process.pid));
  // A link appears with its contents, all at once; a file that is created and then written could be read empty.
  for (let waits = 0; !link(claim, LOCK); ) {
    const holder = Number(readText(LOCK));
    if (holder > 0 && !isAlive(holder)) {
      fs.rmSync(LOCK, { force: true });
      continue;
    }
    // A number that was its holder's may be another process's by now: somebody has to tell.
    if (++waits === MINUTE) console.error(`Waiting for process ${holder} to set up; if it does not, delete ${LOCK}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT);
  }
  fs.rmSync(claim);
  return () => fs.rmSync(LOCK, { force: true });
}

function link(from, to) {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: "utf8" });
  return { ok: status === 0, output: error === undefined ? (stdout + stderr).trimEnd() : error.message };
}

/** Files below `folder`, by their path in it; those whose names start with a dot are the set-up's own. */
function filesIn(folder) {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
}

function readText(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function readJson(name) {
  const text = readText(path.join(ROOT, name));
  return text === undefined ? undefined : JSON.parse(text);
}
