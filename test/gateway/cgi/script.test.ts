/** Which files of a directory are run, and that no spelling of a path leads to another. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { cgi } from "../../../src/gateway/cgi/handler.ts";
import { answer, connect } from "../../server/support.ts";
import { makeTree } from "../../static/support.ts";
import { makeScripts, serveScripts, sh, writeScript } from "./support.ts";

const SHOW = sh('echo "$SCRIPT_NAME|$PATH_INFO"');
const SECRET = sh("echo SECRET");

const TREE = {
  "bin/show.sh": SHOW,
  "bin/a b.sh": SHOW,
  "bin/sub/show.sh": SHOW,
  "bin/sub/deeper/show.sh": SHOW,
  "bin/inside.sh": { link: "sub/show.sh" },
  "bin/inside": { link: "sub" },
  "bin/data.txt": "SECRET",
  "bin/.hidden.sh": SECRET,
  "bin/.git/hook.sh": SECRET,
  "bin/out.sh": { link: "../outside/secret.sh" },
  "bin/out": { link: "../outside" },
  "bin/sibling": { link: "../bin-secret" },
  "bin/behind.sh": { link: ".hidden.sh" },
  "bin/behind": { link: ".git" },
  "bin/loop": { link: "loop" },
  "bin/usr": { link: "/usr" },
  "outside/secret.sh": SECRET,
  "bin-secret/secret.sh": SECRET,
  "secret.sh": SECRET,
};

const FOUND: readonly [target: string, name: string, info: string][] = [
  ["/show.sh", "/show.sh", ""],
  ["/show.sh?a/b", "/show.sh", ""],
  ["/show.sh/", "/show.sh", "/"],
  ["/show.sh/x", "/show.sh", "/x"],
  ["/show.sh/x/y.html/", "/show.sh", "/x/y.html/"],
  ["/show.sh/.git/config", "/show.sh", "/.git/config"],
  ["/show.sh/a%3Fb%25", "/show.sh", "/a?b%"],
  ["//show.sh//x///y", "/show.sh", "/x/y"],
  ["/sh%6Fw.sh", "/show.sh", ""],
  ["/a%20b.sh/c%20d", "/a b.sh", "/c d"],
  ["/sub/show.sh/show.sh", "/sub/show.sh", "/show.sh"],
  ["/sub/deeper/show.sh", "/sub/deeper/show.sh", ""],
  ["/inside.sh/x", "/inside.sh", "/x"],
  ["/inside/show.sh/x", "/inside/show.sh", "/x"],
  ["http://other.example/show.sh/x?y", "/show.sh", "/x"],
];

test("a path is walked to the first file, and what follows is its PATH_INFO", async (t) => {
  const { client } = await serveScripts(t, path.join(makeScripts(t, TREE), "bin"));
  for (const [target, name, info] of FOUND) {
    assert.equal((await client.get(target)).text, `${name}|${info}\n`, target);
  }
});

const UP = ["..", "%2e%2e", ".%2e", "%252e%252e", "%c0%ae%c0%ae", "..%00", "..;", "..%5c", "...", "%u002e%u002e"];
const SLASHES = ["/", "//", "%2f", "%252f", "%5c", "\\", "%c0%af", "/./", "/sub/../../"];

const NOWHERE = [
  ...UP.flatMap((up) => SLASHES.map((slash) => `/${up}${slash}secret.sh`)),
  ...UP.flatMap((up) => SLASHES.map((slash) => `/sub${slash}${up}${slash}${up}${slash}secret.sh`)),
  ...UP.map((up) => `/show.sh/${up}/x`).filter((target) => !/\.\.;|\.\.\.|%25/.test(target)),
  "/",
  "/sub",
  "/sub/",
  "/none.sh",
  "/sub/none.sh/x",
  "/show.sh%00",
  "/show.sh%00.txt",
  "/none%00/../show.sh",
  "/show.sh/a%2fb",
  "/show.sh%2fx",
  "/%2e/show.sh",
  "/./show.sh",
  "/../bin/show.sh",
  "/../bin-secret/secret.sh",
  "/.hidden.sh",
  "/%2ehidden.sh",
  "/.git/hook.sh",
  "/out.sh",
  "/out/secret.sh",
  "/sibling/secret.sh",
  "/behind.sh",
  "/behind/hook.sh",
  "/loop",
  "/loop/x",
  "/usr/bin/id",
  "/usr/bin/env",
  `/${"a".repeat(300)}`,
];

test("nothing outside of the directory, or hidden in it, is run by any spelling", async (t) => {
  const { server } = await serveScripts(t, path.join(makeScripts(t, TREE), "bin"));
  for (const target of NOWHERE) {
    const client = await connect(t, server);
    await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { status, text } = await client.response();
    assert.ok(status === 404 || status === 400, `${status} ${target}`);
    assert.match(text, /^(404 Not Found|400 Bad Request|BAD_TARGET.*)\n$/, target);
    client.socket.destroy();
  }
});

test("under a prefix everything is a script or nothing; what is elsewhere goes to the next handler", async (t) => {
  const { client } = await serveScripts(t, path.join(makeScripts(t, TREE), "bin"), {
    prefix: "/cgi-bin/",
    next: (exchange) => answer(exchange, "next"),
    log: [/data\.txt/],
  });
  assert.equal((await client.get("/cgi-bin/show.sh/x")).text, "/cgi-bin/show.sh|/x\n");
  assert.equal((await client.get("/cgi%2Dbin/show.sh")).text, "/cgi-bin/show.sh|\n");
  for (const target of ["/", "/show.sh", "/cgi-bin2/show.sh", "/cgi-bin/show.sh%00"]) {
    assert.equal((await client.get(target)).text, "next", target);
  }
  for (const target of ["/cgi-bin", "/cgi-bin/", "/cgi-bin/none", "/cgi-bin/.hidden.sh"]) {
    assert.equal((await client.get(target)).status, 404, target);
  }
  assert.equal((await client.get("/cgi-bin/data.txt")).status, 403);
});

test("what cannot be run is refused, and the log says why and what to do", async (t) => {
  const directory = makeTree(t, { "data.txt": "SECRET" });
  writeScript(directory, "plain.sh", "echo Content-Type: text/plain; echo; echo ran");
  writeScript(directory, "empty", "");
  writeScript(directory, "nph-a.sh", SHOW);
  writeScript(directory, "lost.sh", "#!/nowhere/interpreter\n");
  writeScript(directory, "folder.sh", "#!/\n");
  const { client, lines } = await serveScripts(t, directory, { log: [/./] });
  const cases: [target: string, status: number, line: RegExp][] = [
    [
      "/data.txt/x%0Ay",
      403,
      /^cgi: \/data\.txt\/x%0Ay: is not run: it is not executable, or not readable \(chmod \+rx\)$/,
    ],
    ["/plain.sh", 500, /: cannot be run: its first line does not begin with #!$/],
    ["/empty", 500, /: cannot be run: its first line does not begin with #!$/],
    ["/nph-a.sh", 501, /: is not run: non-parsed headers \(nph-\) are not supported; take the nph- off$/],
    ["/lost.sh", 500, /^cgi: lost\.sh: cannot be run: the interpreter after its #! is not there$/],
    ["/folder.sh", 500, /^cgi: folder\.sh: cannot be run: spawn .* EACCES$/],
  ];
  for (const [target, status, line] of cases) {
    const response = await client.get(target);
    assert.equal(response.status, status, target);
    assert.doesNotMatch(response.text, /SECRET|ran|chmod/);
    assert.match(lines.at(-1)!, line);
  }
  assert.equal(lines.length, cases.length);
});

test("a script that was added, or has become executable, is run without a restart", async (t) => {
  const { directory, client } = await serveScripts(t, { "late.sh": "" }, { log: [/late\.sh/] });
  assert.equal((await client.get("/late.sh")).status, 403);
  writeScript(directory, "late.sh", SHOW);
  assert.equal((await client.get("/late.sh")).text, "/late.sh|\n");
  chmodSync(path.join(directory, "late.sh"), 0o644);
  assert.equal((await client.get("/late.sh")).status, 403);
});

test("a directory that is not there, or a prefix that is no path, is refused at once", (t) => {
  const directory = makeTree(t, { file: "" });
  assert.throws(() => cgi(path.join(directory, "none")), /^Error: cgi: there is no directory .*none$/);
  assert.throws(() => cgi(path.join(directory, "file")), /^Error: cgi: .*file is not a directory$/);
  assert.throws(
    () => cgi(directory, { prefix: "cgi-bin" }),
    /^TypeError: cgi: the prefix cgi-bin is not a path from \/$/,
  );
});
