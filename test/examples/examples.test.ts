/** Every example, run by the command that its reader would use, and asked over a socket. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startPortico } from "../support/portico.ts";

const FOLDER = new URL("../../examples/", import.meta.url);
const REGISTER = new URL("../../dist/cli/typescript/register.js", import.meta.url);

/** Starts an example with `portico` for one test; the returned function asks it. */
async function start(t: TestContext, name: string): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const portico = await startPortico([fileURLToPath(new URL(name, FOLDER))]);
  t.after(() => portico.stop());
  return (path, init) => fetch(new URL(path, portico.url), init);
}

test("hello greets the world, or whom it is told to", async (t) => {
  const ask = await start(t, "hello.ts");
  assert.equal(await (await ask("/")).text(), "Hello, world!\n");
  assert.equal(await (await ask("/?name=Ada")).text(), "Hello, Ada!\n");
});

test("hello-serve is a server inside a program of its own, and ends on Ctrl-C", async (t) => {
  const args = ["--import", REGISTER.href, fileURLToPath(new URL("hello-serve.ts", FOLDER))];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const { value } = await child.stdout.setEncoding("utf8")[Symbol.asyncIterator]().next();
  const [url] = /http:\S+/.exec(value)!;
  assert.equal(await (await fetch(url)).text(), "Hello from a server of your own!\n");
  child.kill("SIGINT");
  assert.deepEqual(await exited, [0, null]);
});

test("relay stands in front of another server, and says so when there is none", async (t) => {
  const notes = await startPortico([fileURLToPath(new URL("notes.ts", FOLDER))]);
  t.after(() => notes.stop());
  const relay = await startPortico([fileURLToPath(new URL("relay.ts", FOLDER))], { env: { UPSTREAM: notes.url } });
  t.after(() => relay.stop());
  const body = new URLSearchParams({ text: "through the relay" });
  const posted = await fetch(new URL("/notes", relay.url), { method: "POST", body, redirect: "manual" });
  assert.equal(posted.status, 303);
  const page = await fetch(new URL(posted.headers.get("location")!, relay.url));
  assert.match(await page.text(), /through the relay/);
  await notes.stop();
  const [lost] = await Promise.all([fetch(relay.url), relay.written(/cannot connect to .* \(ECONNREFUSED\)/)]);
  assert.equal(lost.status, 502);
});

test("a form posted to notes is read back from its page, escaped", async (t) => {
  const ask = await start(t, "notes.ts");
  const posted = await ask("/notes", { method: "POST", body: new URLSearchParams({ text: "<b>Søn & co</b>" }) });
  assert.ok(posted.redirected);
  assert.equal(posted.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(await posted.text(), /Columns carry.*&#60;b&#62;Søn &#38; co&#60;\/b&#62;/);
});

test("a multipart form posted to notes is read back as JSON", async (t) => {
  const ask = await start(t, "notes.ts");
  const form = new FormData();
  form.set("text", "of several\r\nlines");
  const posted = await ask("/notes", { method: "POST", body: form, redirect: "manual" });
  assert.equal(posted.status, 303);
  assert.deepEqual(await (await ask("/notes/2")).json(), { id: 2, text: "of several\r\nlines" });
});

test("a note is replaced by PUT, also with a body larger than any one read", async (t) => {
  const ask = await start(t, "notes.ts");
  const text = "column ".repeat(100_000);
  assert.equal((await ask("/notes/1", { method: "PUT", body: text })).status, 204);
  assert.deepEqual(await (await ask("/notes/1")).json(), { id: 1, text });
});

test("a note that was deleted is gone", async (t) => {
  const ask = await start(t, "notes.ts");
  assert.equal((await ask("/notes/1", { method: "DELETE" })).status, 204);
  assert.equal((await ask("/notes/1")).status, 404);
});

test("HEAD of a note has GET's fields and no body; another method is told what is allowed", async (t) => {
  const ask = await start(t, "notes.ts");
  const got = await ask("/notes/1");
  const head = await ask("/notes/1", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), got.headers.get("content-length"));
  assert.equal(await head.text(), "");
  const refused = await ask("/notes/1", { method: "PATCH", body: "no" });
  assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, PUT, DELETE"]);
});

test("stream sends its first events at once, and stops when the listener has left", { timeout: 30_000 }, async (t) => {
  const ask = await start(t, "stream.ts");
  const listening = new AbortController();
  const response = await ask("/", { signal: listening.signal });
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const events = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let i = 0; i < 2; i++) {
    const { value } = await events.read();
    assert.match(value!, /^data: \d{4}-\d\d-\d\dT[\d:.]+Z\n\n$/);
  }
  assert.equal(await (await ask("/listeners")).json(), 1);
  listening.abort();
  while ((await (await ask("/listeners")).json()) !== 0);
});

test("wsgi has a table of pages, streams, reads lines, and is wrapped", async (t) => {
  const ask = await start(t, "wsgi.ts");
  const hello = await ask("/hello?Ada");
  assert.equal(await hello.text(), "Hello, Ada!\n");
  assert.match(hello.headers.get("server-timing")!, /^app;dur=\d+\.\d$/);
  assert.equal(await (await ask("/count")).text(), "1\n2\n3\n");
  assert.equal(await (await ask("/lines", { method: "POST", body: "a\nb" })).text(), "1 a\n2 b");
  assert.deepEqual([(await ask("/")).status, (await ask("/none")).status], [200, 404]);
});

test("wintertc announces its style, notes what was sent, declines, and echoes", async (t) => {
  const portico = await startPortico([fileURLToPath(new URL("wintertc.ts", FOLDER))]);
  t.after(() => portico.stop());
  const ask = (path: string) => fetch(new URL(path, portico.url));
  const request = http.get(portico.url);
  const [[hints], [page]] = await Promise.all([once(request, "information"), once(request, "response")]);
  assert.deepEqual([hints.statusCode, hints.headers.link], [103, "</style.css>; rel=preload; as=style"]);
  assert.match(await text(page), /<h1>Hello/);
  assert.deepEqual(await (await ask("/log")).json(), ["/ sent to 127.0.0.1"]);
  assert.equal((await ask("/busy")).status, 503);
  const upgrade = http.get(portico.url, { headers: { connection: "upgrade", upgrade: "echo" } });
  const [{ statusCode }, socket] = await once(upgrade, "upgrade");
  assert.equal(statusCode, 101);
  socket.end("hello");
  assert.equal(await text(socket), "hello");
});

test("node keeps what is put, and gives it back", async (t) => {
  const ask = await start(t, "node.ts");
  assert.equal(await (await ask("/")).text(), "0 on the shelf\n");
  assert.equal((await ask("/vase")).status, 404);
  const bytes = Buffer.alloc(300_000, "vase");
  for (const status of [201, 204]) {
    const put = await ask("/vase", { method: "PUT", body: bytes, headers: { "content-type": "image/vase" } });
    assert.equal(put.status, status);
  }
  const got = await ask("/vase");
  assert.equal(got.headers.get("content-type"), "image/vase");
  assert.ok(bytes.equals(Buffer.from(await got.arrayBuffer())));
  const head = await ask("/vase", { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), "300000");
  assert.equal(await (await ask("/")).text(), "1 on the shelf\n");
  assert.deepEqual([(await ask("/vase", { method: "DELETE" })).headers.get("allow")], ["GET, HEAD, PUT"]);
});

test("the scripts of cgi-bin answer beside the site", async (t) => {
  const [site, scripts] = ["site", "cgi-bin"].map((name) => fileURLToPath(new URL(name, FOLDER)));
  const portico = await startPortico([site!, "--cgi", scripts!]);
  t.after(() => portico.stop());
  const ask = (path: string, init?: RequestInit) => fetch(new URL(path, portico.url), init);
  assert.equal((await ask("/")).status, 200);
  const clock = await (await ask("/cgi-bin/clock.sh/x")).text();
  assert.match(clock, /^.*\d\d:\d\d:\d\d.*\nYou are 127\.0\.0\.1, and asked for \/cgi-bin\/clock\.sh\/x\n$/);
  if (spawnSync("python3", ["--version"]).status !== 0) return t.diagnostic("there is no python3");
  assert.match(await (await ask("/cgi-bin/guestbook.py")).text(), /Last on the porch: nobody</);
  const signed = await ask("/cgi-bin/guestbook.py", { method: "POST", body: new URLSearchParams({ name: "<Søn>" }) });
  assert.match(await signed.text(), /Last on the porch: &lt;Søn&gt;</);
});
