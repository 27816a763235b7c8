/** A Debian repository served as files, and apt-get that gets packages from it, in directories of its own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { files } from "../../src/static/index.ts";
import { start } from "../server/support.ts";
import { run } from "./programs.ts";
import { makeTree } from "./support.ts";

const missing = ["apt-get", "dpkg-deb"].find((tool) => spawnSync(tool, ["--version"]).error !== undefined);
const skip = missing !== undefined && `${missing} is not installed`;

const CONTROL = `Package: porch
Version: 1.0~rc1+portico
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: columns
`;
const DEB = "pool/main/p/porch/porch_1.0~rc1+portico_all.deb";
const OLD = new Date("2024-02-29T12:34:56Z");

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A repository with one package, of some size. */
function makeRepository(t: TestContext): string {
  const root = makeTree(t, { "dists/stable/main/binary-all/.keep": "", [`${path.dirname(DEB)}/.keep`]: "" });
  const source = makeTree(t, {
    "DEBIAN/control": CONTROL,
    "usr/share/porch/columns": Buffer.from(Uint8Array.from({ length: 400_000 }, (_, at) => (at * at) % 251)),
  });
  // A package's directory has to be everybody's to read, whatever the umask is here.
  for (const name of ["DEBIAN", "DEBIAN/control"]) chmodSync(path.join(source, name), 0o755);
  const built = spawnSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", source, path.join(root, DEB)]);
  assert.equal(built.status, 0, String(built.stderr));
  const deb = readFileSync(path.join(root, DEB));
  const packages = Buffer.from(`${CONTROL}Filename: ${DEB}\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`);
  const indexes = { "main/binary-all/Packages": packages, "main/binary-all/Packages.gz": gzipSync(packages) };
  const dist = path.join(root, "dists/stable");
  for (const [name, content] of Object.entries(indexes)) writeFileSync(path.join(dist, name), content);
  const sums = Object.entries(indexes).map(([name, content]) => ` ${sha256(content)} ${content.length} ${name}\n`);
  const release = `Suite: stable\nArchitectures: all\nComponents: main\nDate: ${OLD.toUTCString()}\nSHA256:\n${sums.join("")}`;
  writeFileSync(path.join(dist, "Release"), release);
  for (const name of ["dists/stable/Release", "dists/stable/main/binary-all/Packages.gz", DEB]) {
    utimesSync(path.join(root, name), OLD, OLD);
  }
  return root;
}

/** apt-get, with everything that it reads and writes in a directory of its own, and nothing of the system's settings. */
function aptGet(t: TestContext, url: string) {
  const home = makeTree(t, {
    "etc/apt/sources.list": `deb [trusted=yes arch=all] ${url} stable main\n`,
    "var/lib/apt/lists/partial/.keep": "",
    "var/cache/apt/archives/partial/.keep": "",
    "var/log/apt/.keep": "",
    "target/var/lib/dpkg/status": "",
    "target/var/lib/dpkg/available": "",
    "target/var/lib/dpkg/info/.keep": "",
  });
  const settings = `Dir "${home}";
Dir::State::status "${home}/target/var/lib/dpkg/status";
Dir::Etc { parts "/dev/null"; sourceparts "/dev/null"; preferencesparts "/dev/null"; };
APT::Sandbox::User "";
Acquire { Languages "none"; http::Proxy "DIRECT"; };
Debug { NoLocking "true"; Acquire::http "true"; };
DPkg::Options { "--root=${home}/target"; "--force-not-root,bad-path"; };
`;
  writeFileSync(path.join(home, "apt.conf"), settings);
  const env = { APT_CONFIG: path.join(home, "apt.conf") };
  return { home, apt: (...words: string[]) => run("apt-get", home, words, env) };
}

test("apt-get reads the indexes, gets a package, and asks before it gets anything again", { skip }, async (t) => {
  const root = makeRepository(t);
  const { url } = await start(t, files(root));
  const { home, apt } = aptGet(t, url);
  const updated = await apt("update");
  assert.equal(updated.code, 0, updated.output);
  assert.doesNotMatch(updated.output, /^(?:W|E|Err|Ign):.*(?:Packages|stable Release$)/m);
  const got = await apt("install", "--download-only", "--yes", "porch");
  assert.equal(got.code, 0, got.output);
  const archive = path.join(home, "var/cache/apt/archives", path.basename(DEB));
  assert.ok(readFileSync(archive).equals(readFileSync(path.join(root, DEB))), got.output);
  assert.equal(statSync(archive).mtimeMs, OLD.getTime());
  const again = await apt("update");
  assert.equal(again.code, 0, again.output);
  assert.match(again.output, /304 Not Modified/);
  assert.match(again.output, /^Hit:\d+ .* stable Release$/m);
});

test("apt-get installs what it got, into a directory", { skip }, async (t) => {
  const { url } = await start(t, files(makeRepository(t)));
  const { home, apt } = aptGet(t, url);
  await apt("update");
  const { code, output } = await apt("install", "--yes", "porch");
  assert.equal(code, 0, output);
  assert.equal(statSync(path.join(home, "target/usr/share/porch/columns")).size, 400_000);
});

test("apt-get goes on with a package that it has a part of", { skip }, async (t) => {
  const root = makeRepository(t);
  const { url } = await start(t, files(root));
  const { home, apt } = aptGet(t, url);
  await apt("update");
  const name = path.basename(DEB);
  const partial = path.join(home, "var/cache/apt/archives/partial", name);
  mkdirSync(path.dirname(partial), { recursive: true });
  writeFileSync(partial, readFileSync(path.join(root, DEB)));
  truncateSync(partial, 123_456);
  utimesSync(partial, OLD, OLD);
  const { code, output } = await apt("install", "--download-only", "--yes", "porch");
  assert.equal(code, 0, output);
  assert.match(output, /Range: bytes=123\d\d\d-/);
  assert.match(output, /HTTP\/1\.1 206 Partial Content/);
  assert.ok(readFileSync(path.join(home, "var/cache/apt/archives", name)).equals(readFileSync(path.join(root, DEB))));
});
