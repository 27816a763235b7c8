/** What a server holds in memory: bounded by what is under way, not by what has passed. */
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { tooMany } from "../support/open-files.ts";

const MB = 1_000_000;
const SIZE = 1600 * 64 * 1024;

/** Starts `process.ts`; it ends with the test. */
async function startProcess(t: TestContext, reads: string): Promise<{ child: ChildProcess; url: URL }> {
  const execArgv = [...process.execArgv.filter((option) => !option.startsWith("--test")), "--expose-gc"];
  const child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)), [reads], { execArgv });
  t.after(() => child.kill("SIGKILL"));
  const [url] = await once(child, "message");
  return { child, url: new URL(url) };
}

async function get(url: URL, target: string): Promise<string> {
  const [response] = (await once(http.get(new URL(target, url), { agent: false }), "response")) as [
    http.IncomingMessage,
  ];
  return Buffer.concat(await response.toArray()).toString();
}

function download(url: URL, size: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.get(new URL(`/download?${size}`, url), { agent: false }, (response) => {
      let received = 0;
      response.on("data", (piece: Buffer) => (received += piece.length));
      response.on("end", () => resolve(received));
    });
    request.on("error", reject);
  });
}

async function upload(url: URL, size: number, fields: http.OutgoingHttpHeaders): Promise<number> {
  const piece = Buffer.alloc(64 * 1024, "a");
  const request = http.request(new URL("/upload", url), { method: "POST", agent: false, headers: fields });
  const response = once(request, "response") as Promise<[http.IncomingMessage]>;
  for (let sent = 0; sent < size; sent += piece.length) {
    if (!request.write(piece)) await once(request, "drain");
  }
  request.end();
  return Number(Buffer.concat(await (await response)[0].toArray()));
}

for (const reads of ["shared", "plain"]) {
  for (const [what, transfer] of [
    ["a download of 100 MB", (url: URL, size: number) => download(url, size)],
    ["an upload of 100 MB by length", (url, size) => upload(url, size, { "Content-Length": size })],
    ["an upload of 100 MB in chunks", (url, size) => upload(url, size, { "Transfer-Encoding": "chunked" })],
  ] satisfies [string, (url: URL, size: number) => Promise<number>][]) {
    test(`${what} passes through in less than 60 MB (${reads} reads)`, async (t) => {
      const { url } = await startProcess(t, reads);
      // The first transfer loads and compiles what all need.
      await transfer(url, SIZE / 100);
      const before = Number(await get(url, "/memory"));
      assert.equal(await transfer(url, SIZE), SIZE);
      const growth = Number(await get(url, "/memory")) - before;
      assert.ok(growth < 60 * MB, `${Math.round(growth / MB)} MB more`);
    });
  }

  test(`a hundred clients that take nothing of a download cost less than 60 MB (${reads} reads)`, async (t) => {
    const { url } = await startProcess(t, reads);
    await download(url, SIZE / 100);
    const before = Number(await get(url, "/memory"));
    const sockets = Array.from({ length: 100 }, () => net.connect(Number(url.port), url.hostname));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (const socket of sockets) {
      socket.write(`GET /download?${SIZE} HTTP/1.1\r\nHost: a\r\n\r\n`);
      // The response has begun.
      await once(socket, "readable");
    }
    const growth = Number(await get(url, "/memory")) - before;
    assert.ok(growth < 60 * MB, `${Math.round(growth / MB)} MB more`);
  });

  test(`fifty bodies in chunks of a byte, which nobody reads yet, cost less than 60 MB (${reads} reads)`, async (t) => {
    const { url } = await startProcess(t, reads);
    await upload(url, SIZE / 100, { "Transfer-Encoding": "chunked" });
    const chunks = 60_000;
    const request = `POST /held HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(chunks)}0\r\n\r\n`;
    const before = Number(await get(url, "/memory"));
    const sockets = Array.from({ length: 50 }, () => net.connect(Number(url.port), url.hostname));
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.write(request, resolve))));
    const responses = sockets.map((socket) => once(socket, "data"));
    await get(url, "/release");
    for (const response of responses) assert.match(String((await response)[0]), /\b60000$/);
    const growth = Number(await get(url, "/memory")) - before;
    assert.ok(growth < 60 * MB, `${Math.round(growth / MB)} MB more`);
  });

  const IDLE = `2,000 idle connections stay served, and nothing is left of them when they are gone (${reads} reads)`;
  test(IDLE, { skip: tooMany(2000) }, async (t) => {
    const { child, url } = await startProcess(t, reads);
    const sockets: net.Socket[] = [];
    t.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    const ask = async (socket: net.Socket) => {
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const [answer] = await once(socket, "data");
      assert.match(String(answer), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nok$/s);
    };
    while (sockets.length < 2000) {
      const batch = Array.from({ length: 200 }, () => net.connect(Number(url.port), url.hostname));
      sockets.push(...batch);
      await Promise.all(batch.map(ask));
    }
    await Promise.all(sockets.map(ask));
    await Promise.all(
      sockets.map((socket) => {
        socket.end();
        return once(socket, "close");
      }),
    );
    child.send("close");
    const [said] = await once(child, "message");
    assert.equal(said, "closed");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  });
}
