/** Programs that others wrote, and languages that people use: Python, PHP, and git's own server. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { makeTree } from "../../static/support.ts";
import { serveScripts } from "./support.ts";

const run = promisify(execFile);

/** Why a test is skipped, `false` if the program is there. */
function missing(program: string, ...args: string[]): string | false {
  return spawnSync(program, args).status === 0 ? false : `there is no ${program}`;
}

const PYTHON = `#!/usr/bin/env python3
import json, os, sys, urllib.parse
body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH", 0)))
print("Content-Type: application/json")
print("Set-Cookie: a=1")
print("Set-Cookie: b=2")
print()
print(json.dumps({
  "query": urllib.parse.parse_qs(os.environ["QUERY_STRING"]),
  "form": urllib.parse.parse_qs(body.decode()),
  "path": os.environ.get("PATH_INFO"),
}))
`;

test("a Python script reads a query, a path and a form", { skip: missing("python3", "--version") }, async (t) => {
  const { server } = await serveScripts(t, { "form.py": PYTHON });
  const response = await fetch(new URL("/form.py/caf%C3%A9?x=1&x=2", server.url), {
    method: "POST",
    body: new URLSearchParams({ text: "Søn & co" }),
  });
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.deepEqual(await response.json(), { query: { x: ["1", "2"] }, form: { text: ["Søn & co"] }, path: "/café" });
});

test("what a Python script fails with is in the log", { skip: missing("python3", "--version") }, async (t) => {
  const { client, lines } = await serveScripts(
    t,
    { "fail.py": "#!/usr/bin/env python3\nraise ValueError('here')\n" },
    { log: [/^cgi: fail\.py: /] },
  );
  assert.equal((await client.get("/fail.py")).status, 502);
  assert.ok(lines.includes("cgi: fail.py: ValueError: here"));
  assert.ok(lines.includes("cgi: fail.py: ended with exit code 1 and wrote no response"));
});

/** PHP refuses to run as a script's interpreter unless it is told that a server has chosen the script. */
const PHP = "#!/usr/bin/env -S REDIRECT_STATUS=200 php-cgi\n";

test("php-cgi runs scripts, with forms, uploads and redirects", { skip: missing("php-cgi", "-v") }, async (t) => {
  const { server } = await serveScripts(t, {
    "form.php": `${PHP}<?php echo json_encode([$_SERVER["REQUEST_METHOD"], $_SERVER["PATH_INFO"], $_GET, $_POST]);`,
    "upload.php": `${PHP}<?php $file = $_FILES["file"]; echo $file["name"], " ", md5_file($file["tmp_name"]);`,
    "redirect.php": `${PHP}<?php header("Location: /form.php/from?a=b");`,
    "status.php": `${PHP}<?php http_response_code(404); header("Content-Type: text/plain"); echo "none";`,
  });
  const at = (target: string) => new URL(target, server.url);
  const posted = await fetch(at("/form.php/p?x[]=1&x[]=2"), { method: "POST", body: new URLSearchParams({ a: "é" }) });
  assert.deepEqual(await posted.json(), ["POST", "/p", { x: ["1", "2"] }, { a: "é" }]);
  const redirected = await fetch(at("/redirect.php"));
  assert.deepEqual([redirected.redirected, await redirected.json()], [true, ["GET", "/from", { a: "b" }, []]]);
  const missingPage = await fetch(at("/status.php"));
  assert.deepEqual([missingPage.status, await missingPage.text()], [404, "none"]);

  const text = "column ".repeat(50_000);
  const form = new FormData();
  form.set("file", new Blob([text]), "porch.txt");
  const uploaded = await fetch(at("/upload.php"), { method: "POST", body: form });
  assert.equal(await uploaded.text(), `porch.txt ${createHash("md5").update(text).digest("hex")}`);
});

test("php-cgi takes no options from a query", { skip: missing("php-cgi", "-v") }, async (t) => {
  const { client } = await serveScripts(t, { "a.php": `${PHP}<?php echo "ran";` });
  for (const query of ["-s", "-n+-d+auto_prepend_file%3dphp://input", "%ADs", "--version"]) {
    assert.equal((await client.get(`/a.php?${query}`)).text, "ran", query);
  }
});

const EXEC_PATH = spawnSync("git", ["--exec-path"], { encoding: "utf8" }).stdout?.trim();
const hasBackend = EXEC_PATH !== undefined && existsSync(path.join(EXEC_PATH, "git-http-backend"));

test("git clones from Portico, and pushes to it", {
  skip: !hasBackend && "there is no git-http-backend",
}, async (t) => {
  const remote = await serveRepository(t);
  const [ours, theirs] = ["ours", "theirs"].map((name) => path.join(remote.directory, name)) as [string, string];

  await git(remote.directory, "clone", "-q", remote.url, ours);
  // Large enough to go out in chunks and not to compress.
  const bytes = randomBytes(3_000_000);
  writeFileSync(path.join(ours, "columns"), bytes);
  await git(ours, "add", "columns");
  await git(ours, "commit", "-q", "-m", "Add columns");
  await git(ours, "push", "-q", "origin", "HEAD:main");
  assert.ok(remote.lengths.includes(null), "a push came in chunks");

  await git(remote.directory, "clone", "-q", "-b", "main", remote.url, theirs);
  assert.ok(readFileSync(path.join(theirs, "columns")).equals(bytes));
  writeFileSync(path.join(theirs, "second"), "small");
  await git(theirs, "add", "second");
  await git(theirs, "commit", "-q", "-m", "Add a second");
  await git(theirs, "push", "-q", "origin", "HEAD:main");
  await git(ours, "pull", "-q", "origin", "main");
  assert.equal(readFileSync(path.join(ours, "second"), "utf8"), "small");
});

async function serveRepository(
  t: TestContext,
): Promise<{ directory: string; url: string; lengths: (number | null)[] }> {
  const directory = makeTree(t, {});
  await git(directory, "init", "-q", "--bare", "repositories/porch.git");
  const lengths: (number | null)[] = [];
  // Whoever is let through to push has a name; here, everybody is.
  const variables = {
    GIT_PROJECT_ROOT: path.join(directory, "repositories"),
    GIT_HTTP_EXPORT_ALL: "1",
    REMOTE_USER: "ada",
  };
  const { server } = await serveScripts(
    t,
    { git: `#!/bin/sh\nexec git http-backend\n` },
    {
      env: ({ body }) => {
        lengths.push(body.length);
        return variables;
      },
    },
  );
  return { directory, url: new URL("/git/porch.git", server.url).href, lengths };
}

/** Runs git as somebody, and without what this machine has configured. */
async function git(cwd: string, ...args: string[]): Promise<void> {
  const who = ["-c", "user.name=Ada", "-c", "user.email=ada@porch.example", "-c", "safe.directory=*"];
  await run("git", [...who, ...args], {
    cwd,
    env: { ...process.env, HOME: cwd, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" },
  });
}
