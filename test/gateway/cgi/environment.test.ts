import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { cgi } from "../../../src/gateway/cgi/handler.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { toFetch } from "../../../src/gateway/to-fetch.ts";
import { addressOf, type Client, connect, socketPath } from "../../server/support.ts";
import { makeScripts, type Scripts, serveScripts, sh } from "./support.ts";

/** What a shell adds by itself. */
const OF_THE_SHELL = ["PWD", "OLDPWD", "SHLVL", "_"];

const TREE = {
  "env.sh": sh("env"),
  "sub/env.sh": sh("env"),
  "args.sh": sh('echo "$# $*"'),
  "where.sh": sh("pwd; echo $0"),
};

function serve(t: TestContext, options?: Parameters<typeof serveScripts>[2]): Promise<Scripts> {
  return serveScripts(t, TREE, options);
}

async function variables(client: Client, request: string): Promise<Record<string, string>> {
  await client.send(request);
  const { status, text } = await client.response();
  assert.equal(status, 200, text);
  const lines = text.trimEnd().split("\n");
  const pairs = lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const);
  return Object.fromEntries(pairs.filter(([name]) => !OF_THE_SHELL.includes(name)));
}

test("a script is told of its request by the meta-variables of RFC 3875, and little else", async (t) => {
  const { client, directory, server } = await serve(t, { prefix: "/cgi-bin/", documentRoot: "/srv/www/" });
  const { port } = addressOf(server) as { port: number };
  const request =
    "POST /cgi-bin/sub/env.sh/a%20b/%C3%A9/?x=1&y=%41 HTTP/1.1\r\nHost: shop.example:8080\r\n" +
    "Content-Type: text/x\r\nContent-Length: 3\r\nUser-Agent: me\r\nX-Two: 1\r\nX-Two: 2\r\nCookie: a\r\nCookie: b\r\n\r\nabc";
  const { PATH, LANG, LC_ALL, LC_CTYPE, TMPDIR, TZ, ...rest } = await variables(client, request);
  assert.equal(PATH, process.env.PATH);
  assert.deepEqual([LANG, TZ, TMPDIR], [process.env.LANG, process.env.TZ, process.env.TMPDIR]);
  assert.deepEqual([LC_ALL, LC_CTYPE], [process.env.LC_ALL, process.env.LC_CTYPE]);
  assert.deepEqual(rest, {
    CONTENT_LENGTH: "3",
    CONTENT_TYPE: "text/x",
    DOCUMENT_ROOT: "/srv/www",
    GATEWAY_INTERFACE: "CGI/1.1",
    HTTP_COOKIE: "a; b",
    HTTP_HOST: "shop.example:8080",
    HTTP_USER_AGENT: "me",
    HTTP_X_TWO: "1, 2",
    PATH_INFO: "/a b/é/",
    PATH_TRANSLATED: "/srv/www/a b/é/",
    QUERY_STRING: "x=1&y=%41",
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_HOST: "127.0.0.1",
    REQUEST_METHOD: "POST",
    REQUEST_URI: "/cgi-bin/sub/env.sh/a%20b/%C3%A9/?x=1&y=%41",
    SCRIPT_FILENAME: `${directory}/sub/env.sh`,
    SCRIPT_NAME: "/cgi-bin/sub/env.sh",
    SERVER_NAME: "shop.example",
    SERVER_PORT: String(port),
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "Portico",
  });
});

test("what a request does not have is not set; an empty query is", async (t) => {
  const { client, directory } = await serve(t);
  const found = await variables(client, "GET /env.sh HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  for (const name of ["CONTENT_LENGTH", "CONTENT_TYPE", "PATH_INFO", "PATH_TRANSLATED", "AUTH_TYPE", "REMOTE_USER"]) {
    assert.ok(!(name in found), name);
  }
  const { QUERY_STRING, SERVER_PROTOCOL, SERVER_NAME, SCRIPT_NAME, DOCUMENT_ROOT } = found;
  assert.deepEqual([QUERY_STRING, SERVER_PROTOCOL, SERVER_NAME], ["", "HTTP/1.0", "127.0.0.1"]);
  assert.deepEqual([SCRIPT_NAME, DOCUMENT_ROOT], ["/env.sh", directory]);
});

test("under a prefix, and without a document root, a path is not translated", async (t) => {
  const { client } = await serve(t, { prefix: "/cgi-bin" });
  const found = await variables(client, "GET /cgi-bin/env.sh/x HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.deepEqual([found.PATH_INFO, found.PATH_TRANSLATED, found.DOCUMENT_ROOT], ["/x", undefined, undefined]);
});

test("no field of a request can set HTTP_PROXY, stand in for another field, or show credentials", async (t) => {
  const { client } = await serve(t);
  const found = await variables(
    client,
    "GET /env.sh HTTP/1.1\r\nHost: a\r\nProxy: http://evil.example\r\nX-User: ada\r\nX_User: eve\r\nX.User: eve\r\n" +
      "x-USER: bob\r\nPROXY: b\r\nAuthorization: Basic c2VjcmV0\r\nProxy-Authorization: Basic c2VjcmV0\r\n" +
      "Transfer-Encoding_: x\r\nPath: /evil\r\nLd-Preload: evil\r\n\r\n",
  );
  const fromFields = Object.entries(found).filter(([name]) => name.startsWith("HTTP_"));
  assert.deepEqual(Object.fromEntries(fromFields), {
    HTTP_HOST: "a",
    HTTP_X_USER: "ada, bob",
    HTTP_PATH: "/evil",
    HTTP_LD_PRELOAD: "evil",
  });
  assert.equal(found.PATH, process.env.PATH);
  assert.ok(!("LD_PRELOAD" in found));
});

test("what came in UTF-8 reaches the script byte for byte; other bytes are taken for Latin-1", async (t) => {
  const { client } = await serve(t);
  const found = await variables(client, "GET /env.sh HTTP/1.1\r\nHost: a\r\nX-A: \xc3\xa9\r\nX-B: \xe9\r\n\r\n");
  assert.deepEqual([found.HTTP_X_A, found.HTTP_X_B], ["é", "é"]);
});

test("a query is never an argument, whatever it looks like", async (t) => {
  const { client } = await serve(t);
  for (const query of ["-s", "one+two", "-d+allow_url_include%3d1", "%2Ds"]) {
    assert.equal((await client.get(`/args.sh?${query}`)).text, "0 \n", query);
  }
});

test("a script runs in its own directory, by its own name", async (t) => {
  const { client, directory } = await serve(t);
  assert.equal((await client.get("/where.sh")).text, `${directory}\n${directory}/where.sh\n`);
});

test("the operator's variables are set, the same for all or for each request", async (t) => {
  const fixed = await serve(t, { env: { REMOTE_USER: "ada", AUTH_TYPE: "Basic" } });
  const request = "GET /env.sh HTTP/1.1\r\nHost: a\r\nX-Vouched: bob\r\n\r\n";
  const found = await variables(fixed.client, request);
  assert.deepEqual([found.REMOTE_USER, found.AUTH_TYPE], ["ada", "Basic"]);
  const asked = await serve(t, { env: ({ head }) => ({ REMOTE_USER: head.fields.get("x-vouched")! }) });
  assert.equal((await variables(asked.client, request)).REMOTE_USER, "bob");
});

test("over a unix socket, the host's port stands in for the one there is not", async (t) => {
  const { client } = await serveScripts(t, TREE, {}, { unix: socketPath(t) });
  const found = await variables(client, "GET /env.sh HTTP/1.1\r\nHost: a.example:81\r\n\r\n");
  assert.deepEqual([found.SERVER_NAME, found.SERVER_PORT, found.REMOTE_ADDR], ["a.example", "81", ""]);
});

test("fields as large as the server takes reach the script; larger ones than the system takes are refused", async (t) => {
  const limits = { maxFieldSize: 300_000, maxHeaderSize: 400_000 };
  const log = [/^cgi: length\.sh: cannot be run: spawn E2BIG$/];
  const { client, server } = await serveScripts(
    t,
    { "length.sh": sh('printf %s "$HTTP_X" | wc -c') },
    { log },
    { limits },
  );
  assert.equal((await client.get("/length.sh", `X: ${"a".repeat(60_000)}\r\n`)).text.trim(), "60000");
  // Linux takes 128 KiB a variable.
  if (process.platform !== "linux") return;
  const refused = await connect(t, server);
  assert.equal((await refused.get("/length.sh", `X: ${"a".repeat(200_000)}\r\n`)).status, 431);
});

test("a script can be called without a server", async (t) => {
  const call = toFetch(lint(cgi(makeScripts(t, { "echo.sh": sh('echo "$SERVER_NAME $REMOTE_ADDR."; cat') }))));
  const response = await call(new Request("http://a.example/echo.sh", { method: "POST", body: "body" }));
  assert.equal(await response.text(), "a.example .\nbody");
});
