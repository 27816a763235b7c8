/** What a server of files holds in memory: bounded by its options and its clients, not by the files. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FilesOptions } from "../../src/static/index.ts";
import { makeTree, settled } from "./support.ts";

const MB = 1_000_000;
const CLIENTS = 200;

/** Serves a directory in another process, which ends with the test. */
async function serve(t: TestContext, directory: string, options: FilesOptions): Promise<URL> {
  const execArgv = [...process.execArgv.filter((option) => !option.startsWith("--test")), "--expose-gc"];
  const words = [directory, JSON.stringify(options)];
  const child = fork(fileURLToPath(new URL("./process.ts", import.meta.url)), words, { execArgv });
  t.after(() => child.kill("SIGKILL"));
  const [url] = await once(child, "message");
  return new URL(url);
}

async function memory(url: URL): Promise<number> {
  const [response] = (await once(http.get(new URL("/memory", url), { agent: false }), "response")) as [
    http.IncomingMessage,
  ];
  return Number(Buffer.concat(await response.toArray()));
}

/** Asks for something and takes no more than the beginning of it. */
async function begin(t: TestContext, url: URL, target: string): Promise<net.Socket> {
  const socket = net.connect(Number(url.port), url.hostname);
  t.after(() => socket.destroy());
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  await once(socket, "readable");
  return socket;
}

/** Reads on for so many bytes. */
async function readOn(socket: net.Socket, size: number): Promise<void> {
  for (let count = 0; count < size; ) {
    const piece = socket.read() as Buffer | null;
    if (piece === null) await once(socket, "readable");
    else count += piece.length;
  }
}

test(`${CLIENTS} slow downloads of a file of 1 GB take less than 100 MB, however far they are`, async (t) => {
  const root = makeTree(t, { "huge.bin": "", "small.txt": "small" });
  try {
    truncateSync(path.join(root, "huge.bin"), 1024 ** 3);
  } catch {
    return t.skip("the file system has no sparse files of this size");
  }
  const url = await serve(t, root, {});
  await begin(t, url, "/huge.bin");
  const before = await memory(url);
  const sockets: net.Socket[] = [];
  for (let count = 0; count < CLIENTS; count++) sockets.push(await begin(t, url, "/huge.bin"));
  const held = (await memory(url)) - before;
  assert.ok(held < 100 * MB, `${Math.round(held / MB)} MB more`);
  // All of them read on, 2 GB together, and it stays that.
  await Promise.all(sockets.map((socket) => readOn(socket, 10 * MB)));
  const later = (await memory(url)) - before;
  assert.ok(later < 100 * MB, `${Math.round(later / MB)} MB more`);
});

test(`${CLIENTS} slow downloads of ${CLIENTS} files that would each be kept take the memory for files, and a piece each`, async (t) => {
  const root = makeTree(t, {});
  mkdirSync(path.join(root, "f"));
  for (let count = 0; count <= CLIENTS; count++)
    writeFileSync(path.join(root, `f/${count}`), Buffer.alloc(2 * 1024 ** 2));
  await settled(path.join(root, `f/${CLIENTS}`));
  const capacity = 16 * 1024 ** 2;
  const url = await serve(t, root, { cacheSize: capacity });
  await begin(t, url, `/f/${CLIENTS}`);
  const before = await memory(url);
  for (let count = 0; count < CLIENTS; count++) await begin(t, url, `/f/${count}`);
  const held = (await memory(url)) - before;
  assert.ok(held < capacity + 100 * MB, `${Math.round(held / MB)} MB more`);
});
