/** What the command line says of all responses, and of files: on processes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { launch, runPortico, startPortico } from "../support/portico.ts";

const SITE = {
  "site/index.html": "shell",
  "site/about.html": "about",
  "site/app.3f9a1c2b.js": "let a;",
  "server.ts":
    "export default { fetch: () => new Response('app', { headers: { 'x-a': 'own', 'cache-control': 'max-age=9' } }) };",
};
const FIELDS = ["--header", "X-A: a", "--header", "X-B: b:c", "--cors", "--isolate"];

/** The fields of `FIELDS` as a response has them. */
async function fieldsOf(url: string, path: string): Promise<(string | null)[]> {
  const { headers } = await fetch(`${url}${path}`);
  const names = [
    "x-a",
    "x-b",
    "access-control-allow-origin",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
  ];
  return names.map((name) => headers.get(name));
}

const SAID = ["a", "b:c", "*", "same-origin", "require-corp"];

test("fields are on files, on what is missing, and on an application's responses, with and without scripts", async () => {
  const cwd = folder({ ...SITE, "cgi/none": "" });
  for (const args of [
    ["site"],
    ["server.ts"],
    ["server.ts", "--static", "site"],
    ["server.ts", "--static", "site", "--cgi", "cgi"],
  ]) {
    const portico = await startPortico([...args, ...FIELDS], { cwd });
    for (const path of ["/app.3f9a1c2b.js", "/none", "/cgi-bin/none"]) {
      assert.deepEqual(await fieldsOf(portico.url, path), SAID, `${args} ${path}`);
    }
    const preflight = await fetch(`${portico.url}/x`, {
      method: "OPTIONS",
      headers: { origin: "http://b", "access-control-request-method": "PUT" },
    });
    assert.equal(preflight.status, 204);
    await portico.stop();
  }
});

test("an application keeps what nothing is said of", async () => {
  const portico = await startPortico(["server.ts", "--header", "X-A: a"], { cwd: folder(SITE) });
  const { headers } = await fetch(portico.url);
  assert.deepEqual([headers.get("x-a"), headers.get("cache-control")], ["a", "max-age=9"]);
  await portico.stop();
});

test("a password guards files and applications, and can come from the environment", async () => {
  const cwd = folder(SITE);
  const authorization = `Basic ${Buffer.from("ada:secret").toString("base64")}`;
  for (const [args, env] of [
    [["site", "--auth", "ada:secret"], {}],
    [["server.ts", "--workers", "2"], { PORTICO_AUTH: "ada:secret" }],
  ] as const) {
    const portico = await startPortico(args, { cwd, env });
    assert.equal((await fetch(portico.url)).status, 401);
    assert.equal((await fetch(portico.url, { headers: { authorization } })).status, 200);
    assert.doesNotMatch(portico.output, /secret/);
    await portico.stop();
  }
});

test("a password that would cross the network in the clear is worth a line", async () => {
  const cwd = folder(SITE);
  const open = launch(["site", "--host", "0.0.0.0", "--auth", "ada:secret"], { cwd });
  await open.written(/the password of --auth crosses the network in the clear/);
  await open.stop();
  const closed = await startPortico(["site", "--auth", "ada:secret"], { cwd });
  await closed.stop();
  assert.doesNotMatch(closed.output, /in the clear/);
});

/** Goes to a page as a browser does: fetch() says that it is none. */
async function visit(url: string) {
  const [response] = (await once(get(url, { headers: { accept: "text/html" } }), "response")) as [IncomingMessage];
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  return { status: response.statusCode, cacheControl: response.headers["cache-control"], text };
}

test("--base, --spa, --clean-urls and --cache-control are about files", async () => {
  const args = ["site", "--base", "/app/", "--spa", "--clean-urls", "--cache-control", "max-age=5"];
  const portico = await startPortico(args, { cwd: folder(SITE) });
  assert.match(portico.url, /\/app$/);
  assert.deepEqual(await visit(`${portico.url}/about`), { status: 200, cacheControl: "max-age=5", text: "about" });
  assert.deepEqual(await visit(`${portico.url}/users/7`), { status: 200, cacheControl: "max-age=5", text: "shell" });
  assert.equal((await visit(`${portico.url}/gone.js`)).status, 404);
  assert.equal((await visit(new URL("/about", portico.url).href)).status, 404);
  await portico.stop();
});

test("what is wrong with a site's rules is said in the log, in its format, and the rest of them counts", async () => {
  const cwd = folder({ "site/index.html": "home", "site/_redirects": "/old / 302\nnonsense\n" });
  for (const [args, pattern] of [
    [[], /\/site\/_redirects:2: it names no place to lead to/],
    [["--log-format", "json"], /^\{"time":.*\/site\/_redirects:2: it names no place to lead to/m],
  ] as const) {
    const portico = await startPortico(["site", ...args], { cwd });
    await portico.written(pattern);
    assert.equal((await fetch(`${portico.url}/old`, { redirect: "manual" })).status, 302);
    await portico.stop();
  }
});

test("options of files where there are none, and a page that is not there, are said at once", async () => {
  const cwd = folder(SITE);
  const lines: [args: string[], code: number, line: string][] = [
    [["server.ts", "--spa"], 2, "--spa is about files: name a directory, or give --static DIR"],
    [["server.ts", "--clean-urls"], 2, "--clean-urls is about files: name a directory, or give --static DIR"],
    [
      ["server.ts", "--cache-control", "a"],
      2,
      "--cache-control is about files: name a directory, or give --static DIR",
    ],
    [
      ["server.ts", "--static", "site", "--base", "/a"],
      2,
      "--base is where the files of a directory stand, and server.ts is none; --static files: --prefix",
    ],
    [["site", "--spa=none.html"], 1, "there is no file site/none.html (--spa)"],
    [["server.ts", "--static", "site", "--spa=none.html"], 1, "there is no file site/none.html (--spa)"],
    [["site", "--spa=../server.ts"], 2, '--spa takes a file of the directory, not "../server.ts"'],
    [
      ["site", "--cache-control", "a\nb"],
      2,
      "--cache-control: the value of Cache-Control has a character that may not be sent",
    ],
  ];
  for (const [args, code, line] of lines) {
    const finished = await runPortico(args, { cwd });
    assert.deepEqual([finished.code, finished.stderr], [code, `portico: ${line}\n`]);
  }
});
