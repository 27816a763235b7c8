/** `portico fetch` as a process, by itself and beside curl. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { progressLine } from "../../src/cli/sockets/progress.ts";
import type { Exchange } from "../../src/gateway/contract.ts";
import { response, type Scripted, scripted } from "../client/support.ts";
import { readAll, socketPath, start } from "../server/support.ts";
import { folder } from "../support/folder.ts";
import { launch, runPortico } from "../support/portico.ts";

const PAGE = "<h1>Hello</h1>\n";

/** `/STATUS` answers with that status, `/to/STATUS` redirects to `/`, `/gzip` is coded; what was posted comes back. */
async function site(exchange: Exchange): Promise<void> {
  const { method, target } = exchange.head;
  const body = await readAll(exchange.body);
  const [, to, status = "200"] = /^\/(to\/)?(\d{3})$/.exec(target) ?? [];
  const coded = target === "/gzip" ? ["Content-Encoding", "gzip"] : [];
  exchange.start(Number(status), ["Content-Type", "text/html", ...(to ? ["Location", "/"] : []), ...coded]);
  exchange.end(target === "/gzip" ? gzipSync(PAGE) : method === "POST" || method === "PUT" ? body : PAGE);
}

/** Runs `portico fetch`. */
function fetch(...words: string[]) {
  return runPortico(["fetch", ...words]);
}

test("the body goes to standard output, and nothing else", async (t) => {
  const { url } = await start(t, site);
  assert.deepEqual(await fetch(url), { code: 0, signal: null, stdout: PAGE, stderr: "" });
  assert.equal((await fetch(url.replace("http://", ""))).stdout, PAGE, "http:// is understood");
});

test("-o writes a file, -i and -I show the head", async (t) => {
  const { url } = await start(t, site);
  const file = join(folder(), "page.html");
  assert.equal((await fetch(url, "-o", file)).stdout, "");
  assert.equal(readFileSync(file, "utf8"), PAGE);
  const included = await fetch("-i", url);
  assert.match(included.stdout, /^HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)+\r\n<h1>Hello<\/h1>\n$/);
  const head = await fetch("-I", url);
  assert.match(head.stdout, /^HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)+\r\n$/);
  assert.match(head.stdout, /^Content-Length: 15\r$/m);
});

test("several URLs are asked on one connection, each for its own -o", async (t) => {
  const { url } = await start(t, site);
  const [one, two] = ["one", "two"].map((name) => join(folder(), name));
  const { stderr } = await fetch("-v", url, `${url}404`, "-o", one!, "-o", two!);
  assert.deepEqual([readFileSync(one!, "utf8"), readFileSync(two!, "utf8")], [PAGE, PAGE]);
  assert.match(stderr, /^\* connection 1 is kept\n\* connection 1 is used again\n> GET \/404 HTTP\/1\.1\n/m);
});

test("-v shows what was sent, what came, and that the connection is kept", async (t) => {
  const { url } = await start(t, site);
  const { host } = new URL(url);
  const { stderr } = await fetch("-v", "-d", "a=1", url);
  const shown = stderr.replace(/^< Date: .*$/m, "< Date: now").replace(/portico\/[\d.]+/, "portico/V");
  assert.equal(
    shown,
    [
      `* connection 1 to ${host} is open`,
      "> POST / HTTP/1.1",
      `> Host: ${host}`,
      "> content-type: application/x-www-form-urlencoded",
      "> accept: */*",
      "> user-agent: portico/V",
      "> Content-Length: 3",
      ">",
      "> [3 bytes of body]",
      "< HTTP/1.1 200 OK",
      "< Date: now",
      "< Content-Type: text/html",
      "< Content-Length: 3",
      "<",
      "< [3 bytes of body]",
      "* connection 1 is kept",
      "* connection 1 was closed by us: the client was closed",
      "",
    ].join("\n"),
  );
});

test("-v says who closed the connection, that it was reset, and what was no HTTP", async (t) => {
  const closing = await scripted(t, async (peer) => {
    await peer.head();
    peer.end("HTTP/1.0 200 OK\r\n\r\nbody");
  });
  const closed = await fetch("-v", closing.url);
  assert.equal(closed.stdout, "body");
  assert.match(closed.stderr, /^\* connection 1 was closed by the server: /m);

  const resetting = await scripted(t, async (peer) => {
    await peer.head();
    peer.reset();
  });
  const reset = await fetch("-v", resetting.url);
  assert.match(reset.stderr, /^\* connection 1 was closed by the server: it was reset$/m);
  assert.match(reset.stderr, /^portico: .* broke \(ECONNRESET\) before GET \/ was answered$/m);
  assert.equal(reset.code, 1);

  const strange = await scripted(t, async (peer) => {
    await peer.head();
    peer.send("SSH-2.0-x\x1b[31m\r\n");
  });
  const { stderr, code } = await fetch("-v", strange.url);
  assert.match(stderr, /^< SSH-2\.0-x\\x1b\[31m$/m);
  assert.match(stderr, /BAD_STATUS_LINE/);
  assert.equal(code, 1);
});

test("-v says that a request was sent again, and why", async (t) => {
  const server = await scripted(t, async (peer, connection) => {
    await peer.head();
    peer.send(response("ok"));
    if (connection === 1) return void (await peer.head().then(() => peer.end()));
    await peer.gone;
  });
  const { stdout, stderr } = await fetch("-v", server.url, server.url);
  assert.equal(stdout, "okok");
  assert.match(
    stderr,
    /^\* the connection with .* had been kept and closed while GET \/ was on its way; it is sent again on another$/m,
  );
});

test("-v tells a body that waited for 100 (Continue) from a head", async (t) => {
  const { url } = await start(t, site);
  const { stderr, stdout } = await fetch("-v", "-d", "content\r\n\r\n", "-H", "Expect: 100-continue", url);
  assert.equal(stdout, "content\r\n\r\n");
  assert.match(stderr, /^>\n< HTTP\/1\.1 100 Continue\n<\n> \[11 bytes of body\]\n< HTTP\/1\.1 200 OK\n/m);
});

test("data is joined by &, and read from files and from standard input", async (t) => {
  const { url } = await start(t, site);
  const file = join(folder(), "data");
  writeFileSync(file, "line one\r\nline two\n\0");
  assert.equal((await fetch("-d", "a=1", "-d", `@${file}`, "--data", "", url)).stdout, "a=1&line oneline two&");
  assert.equal((await fetch("--data-binary", `@${file}`, url)).stdout, "line one\r\nline two\n\0");
  const piped = launch(["fetch", "--data-binary", "@-", "-d", "b", url]);
  piped.child.stdin!.end("from\ninput");
  await piped.exited;
  assert.equal(piped.output, "from\ninput&b");
});

test("a large file goes there and back", async (t) => {
  const { url } = await start(t, site);
  const [from, to] = [join(folder(), "from"), join(folder(), "to")];
  const bytes = Buffer.alloc(20_000_000, "0123456789\n");
  writeFileSync(from, bytes);
  assert.equal((await fetch("-X", "PUT", "--data-binary", `@${from}`, "-o", to, url)).code, 0);
  assert.ok(readFileSync(to).equals(bytes));
});

test("redirects are followed with -L only", async (t) => {
  const { url } = await start(t, site);
  assert.match((await fetch("-i", `${url}to/302`)).stdout, /^HTTP\/1\.1 302 Found\r\n[\s\S]*Location: \//);
  const followed = await fetch("-iL", `${url}to/302`);
  assert.match(
    followed.stdout,
    /^HTTP\/1\.1 302 Found\r\n[\s\S]*\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n<h1>Hello<\/h1>\n$/,
  );
});

test("-f exits with 22 and writes no body; an error status alone is no error", async (t) => {
  const { url } = await start(t, site);
  assert.deepEqual(await fetch(`${url}404`), { code: 0, signal: null, stdout: PAGE, stderr: "" });
  const failed = await fetch("-f", `${url}404`);
  assert.deepEqual([failed.code, failed.stdout, failed.stderr], [22, "", `portico: ${url}404 gives 404 Not Found\n`]);
  assert.deepEqual(await fetch("-fs", `${url}500`), { code: 22, signal: null, stdout: "", stderr: "" });
  assert.match((await fetch("-fsS", `${url}500`)).stderr, /500 Internal Server Error/);
});

test("what a server calls its status cannot move the cursor", async (t) => {
  const server = await scripted(t, async (peer) => {
    await peer.head();
    peer.end(response("", "", "404 \x9b2J Gone"));
  });
  const { stderr } = await fetch("-f", server.url);
  assert.equal(stderr, `portico: ${server.url} gives 404 \\x9b2J Gone\n`);
});

test("what cannot be done is one line and exit code 1", async (t) => {
  const server = await scripted(t, () => {});
  const silent = await fetch("-m", "0.05", server.url);
  assert.deepEqual([silent.code, silent.stderr], [1, "portico: no whole response within 0.05 s (--max-time)\n"]);
  const missing = await fetch("-o", "/nonexistent/file", (await start(t, site)).url);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /^portico: ENOENT: [^\n]*\/nonexistent\/file'\n$/);
  const nobody = await fetch("http://name.invalid/");
  assert.deepEqual([nobody.code, nobody.stdout], [1, ""]);
  assert.match(nobody.stderr, /^portico: cannot connect to name\.invalid:80: [^\n]*\n$/);
});

test("a file that cannot be written to its end is named", { skip: !existsSync("/dev/full") }, async (t) => {
  const { code, stderr } = await fetch("-o", "/dev/full", (await start(t, site)).url);
  assert.deepEqual([code, stderr], [1, "portico: /dev/full: ENOSPC: no space left on device, write\n"]);
});

for (const [words, complaint] of [
  [[], /a URL is needed/],
  [["ftp://a/"], /ftp:\/\/ is not spoken here/],
  [["http://[/"], /"http:\/\/\[\/" is no URL/],
  [["http://%zz@a/"], /a percent sign that encodes nothing/],
  [["-H", "no colon", "a"], /--header takes "Name: value", not "no colon"/],
  [["--max-time", "soon", "a"], /--max-time takes a number of seconds/],
  [["-I", "-d", "x", "a"], /give one of them/],
  [["-o", "x", "-o", "y", "a"], /2 --output and 1 URL/],
  [["--heade", "x", "a"], /did you mean --header\?/],
] as const) {
  test(`words that make no sense exit with 2: ${words.join(" ")}`, async () => {
    const { code, stderr } = await fetch(...words);
    assert.equal(code, 2);
    assert.match(stderr, complaint);
    assert.match(stderr, /^portico: [^\n]*\n$/);
  });
}

test("--unix-socket connects there, --compressed undoes codings, and neither is so without", async (t) => {
  const unix = socketPath(t);
  await start(t, site, { unix });
  assert.equal((await fetch("--unix-socket", unix, "--compressed", "http://any/gzip")).stdout, PAGE);
  const coded = await fetch("--unix-socket", unix, "http://any/gzip", "-o", "-");
  assert.notEqual(coded.stdout, PAGE);
});

/** What curl and portico send, one after the other. */
async function bothSend(t: TestContext, words: (url: string) => string[], body = ""): Promise<[string, string]> {
  const heads: string[] = [];
  const server: Scripted = await scripted(t, async (peer) => {
    const head = await peer.head();
    if (head === null) return;
    if (body !== "") await peer.until(body);
    heads.push(normal(head));
    peer.end(response("ok", "Connection: close\r\n"));
  });
  const curl = spawn("curl", ["-s", ...words(server.url)]);
  await once(curl, "close");
  assert.equal((await fetch("-s", ...words(server.url))).code, 0);
  return [heads[0]!, heads[1]!];
}

/** A head with its fields in an order and case of their own, without the program's name. */
function normal(head: string): string {
  const [line = "", ...fields] = head.trimEnd().split("\r\n");
  const named = fields.filter((field) => !/^user-agent:/i.test(field));
  return [line, ...named.map((field) => field.trimEnd().replace(/^[^:]+/, (name) => name.toLowerCase())).sort()].join(
    "\n",
  );
}

const curl = spawnSync("curl", ["--version"]).error === undefined ? false : "there is no curl";

for (const [what, words, body] of [
  ["a URL", () => []],
  ["a method", () => ["-X", "DELETE"]],
  ["fields, one of them left out and one empty", () => ["-H", "X-A: b", "-H", "Accept:", "-H", "X-Empty;"]],
  ["a form", () => ["-d", "a=1", "-d", "b=2"], "a=1&b=2"],
  ["an empty body", () => ["-d", ""]],
  ["data of another type", () => ["-H", "Content-Type: application/json", "--data", "{}"], "{}"],
  ["a user", () => ["-u", "me:secret word"]],
  ["a head", () => ["-I"]],
] as [string, () => string[], string?][]) {
  test(`curl's words mean here what they mean to curl: ${what}`, { skip: curl }, async (t) => {
    const [curls, ours] = await bothSend(t, (url) => [...words(), url], body);
    assert.equal(ours, curls);
  });
}

test("a user in the URL is the same as -u", { skip: curl }, async (t) => {
  const [curls, ours] = await bothSend(t, (url) => [url.replace("http://", "http://me:p%40ss@")]);
  assert.match(ours, /^authorization: Basic /m);
  assert.equal(ours, curls);
});

test("a user in one URL is not told to the host of another, and -u is told to all", async (t) => {
  const { url } = await start(t, (exchange) => {
    exchange.start(200);
    exchange.end(`${exchange.head.fields.get("authorization")}\n`);
  });
  const [one, two] = ["one:1", "two:2"].map((user) => `Basic ${Buffer.from(user).toString("base64")}\n`);
  const [asOne, asTwo] = ["one:1", "two:2"].map((user) => url.replace("http://", `http://${user}@`));
  assert.equal((await fetch(url, asOne!, url, asTwo!)).stdout, `null\n${one}null\n${two}`);
  assert.equal((await fetch("-u", "two:2", url, asOne!)).stdout, `${two}${two}`);
});

test("progress says how much there is to come, if anybody knows", () => {
  const size = 1024 ** 2;
  assert.equal(progressLine(size, 0, 1000, 4 * size), "1.0 MiB of 4.0 MiB received, 0 B sent, 1.0 MiB/s");
  assert.equal(progressLine(size, 0, 1000), "1.0 MiB received, 0 B sent, 1.0 MiB/s");
});
