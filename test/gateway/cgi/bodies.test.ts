/** Bodies both ways: whole, in pieces, larger than memory should hold, and not wanted. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connect } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";
import { serveScripts, sh } from "./support.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Where chunked bodies are kept. */
const TEMPORARY = folder();
process.env.TMPDIR = TEMPORARY;

const TREE = {
  "echo.sh": sh('echo "$CONTENT_LENGTH"; exec cat'),
  "count.sh": sh("exec wc -c"),
  "fill.sh": sh("exec head -c $QUERY_STRING /dev/zero"),
  "deaf.sh": sh("exec <&-; echo heard enough"),
  "ignore.sh": sh("echo heard nothing"),
};

const POST = (target: string, length: number) =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
const CHUNKED = (target: string) => `POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;

test("a body reaches the script while it is being sent, and the response the client while it is being written", async (t) => {
  const { client } = await serveScripts(t, { "echo.sh": sh('while read -r line; do echo "$line!"; done') });
  await client.send(POST("/echo.sh", 8));
  for (const word of ["one", "two"]) {
    await client.send(`${word}\n`);
    while (!client.received.includes(`${word}!`)) await new Promise((resolve) => client.socket.once("data", resolve));
  }
  assert.equal((await client.response()).text, "one!\ntwo!\n");
});

test("the script of a request without a body reads an end at once", async (t) => {
  const { client } = await serveScripts(t, TREE);
  assert.equal((await client.get("/echo.sh")).text, "\n");
  await client.send(`${POST("/echo.sh", 0)}`);
  assert.equal((await client.response()).text, "\n");
});

test("a chunked body is told by its length, which is known once it is whole", async (t) => {
  const { client } = await serveScripts(t, TREE);
  await client.send(`${CHUNKED("/echo.sh")}3\r\nabc\r\n4\r\ndefg\r\n`);
  await client.send("0\r\nX-Trailer: a\r\n\r\n");
  assert.equal((await client.response()).text, "7\nabcdefg");
  await client.send(`${CHUNKED("/echo.sh")}0\r\n\r\n`);
  assert.equal((await client.response()).text, "\n");
});

test("a body over the server's limit is refused before a script hears of it, or the script is ended", async (t) => {
  const { server } = await serveScripts(t, TREE, {}, { limits: { maxRequestBodySize: 10 } });
  const declared = await connect(t, server);
  await declared.send(POST("/count.sh", 11));
  assert.equal((await declared.response()).status, 413);
  const chunked = await connect(t, server);
  await chunked.send(`${CHUNKED("/count.sh")}b\r\nhello, worl\r\n0\r\n\r\n`);
  assert.equal((await chunked.response()).status, 413);
});

test("a malformed chunked body is the client's fault, and no script runs for it", async (t) => {
  const { client } = await serveScripts(t, TREE);
  await client.send(`${CHUNKED("/echo.sh")}3\r\nabcd\r\n0\r\n\r\n`);
  assert.equal((await client.response()).status, 400);
});

test("a script that stops to read has heard enough: its response is complete", async (t) => {
  const { server } = await serveScripts(t, TREE);
  const body = "a".repeat(1_000_000);
  for (const [target, answer] of [
    ["/deaf.sh", "heard enough\n"],
    ["/ignore.sh", "heard nothing\n"],
  ] as const) {
    const client = await connect(t, server);
    await client.send(POST(target, body.length) + body);
    assert.equal((await client.response()).text, answer);
  }
});

test("200 MB pass through a script in either direction, in less than 100 MB", { timeout: 60_000 }, async (t) => {
  const size = 200_000_000;
  const { client, server } = await serveScripts(t, TREE, {}, { limits: { maxRequestBodySize: size } });
  const before = process.memoryUsage.rss();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  t.after(() => clearInterval(watch));

  const piece = Buffer.alloc(100_000, "a");
  await client.send(POST("/count.sh", size));
  for (let sent = 0; sent < size; sent += piece.length) await client.send(piece);
  assert.equal((await client.response()).text.trim(), String(size));

  const chunked = await connect(t, server);
  await chunked.send(CHUNKED("/count.sh"));
  for (let sent = 0; sent < size; sent += piece.length) {
    await chunked.send(`${piece.length.toString(16)}\r\n`);
    await chunked.send(piece);
    await chunked.send("\r\n");
  }
  await chunked.send("0\r\n\r\n");
  assert.equal((await chunked.response()).text.trim(), String(size));

  const { body } = (await fetch(new URL(`/fill.sh?${size}`, server.url)))!;
  let received = 0;
  for await (const piece of body!) received += piece.length;
  assert.equal(received, size);
  assert.ok(peak - before < 100_000_000, `${Math.round((peak - before) / 1e6)} MB more`);
});

test("a client that does not read holds up the script, not memory", async (t) => {
  const { server } = await serveScripts(t, TREE);
  const client = await connect(t, server);
  const before = process.memoryUsage().arrayBuffers;
  client.pause();
  await client.send("GET /fill.sh?50000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  // Another script begins and ends in the time that the first would need for all it has.
  const other = await connect(t, server);
  assert.equal((await other.get("/fill.sh?10000000")).body.length, 10_000_000);
  collectGarbage();
  const held = process.memoryUsage().arrayBuffers - before;
  assert.ok(held < 40_000_000, `${Math.round(held / 1e6)} MB`);
  client.resume();
  assert.equal((await client.response()).body.length, 50_000_000);
});

test("nothing is left of chunked bodies on the disk", () => {
  assert.deepEqual(readdirSync(TEMPORARY), []);
});
