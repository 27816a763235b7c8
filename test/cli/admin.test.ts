/** The admin listener of the command: of one process, and of workers. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import type { Look } from "../../src/observe/look.ts";
import { parseExposition, sampleOf } from "../observe/exposition.ts";
import { folder } from "../support/folder.ts";
import { type Portico, runPortico, startPortico } from "../support/portico.ts";

const APPLICATION = `export default { async fetch(request) {
  if (new URL(request.url).pathname === "/wait") {
    console.log("waiting");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
  return new Response(String(process.pid));
} };`;

/** With an admin listener on a free port, and where that is. */
async function startAdmin(args: readonly string[]): Promise<{ portico: Portico; admin: string }> {
  const cwd = folder({ "server.mjs": APPLICATION });
  const portico = await startPortico(["server.mjs", "--admin=0", ...args], { cwd });
  const [, admin] = await portico.written(/own page is at (\S+)/);
  return { portico, admin: admin! };
}

async function ask(portico: Portico): Promise<string> {
  return (await fetch(portico.url, { headers: { connection: "close" } })).text();
}

async function metricsOf(admin: string): Promise<string> {
  const response = await fetch(new URL("/metrics", admin));
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return response.text();
}

const GOT = ["portico_requests_total", { method: "GET", status: "2xx" }] as const;

test("one process says how it is, and what it has counted", async () => {
  const { portico, admin } = await startAdmin([]);
  for (const path of ["/healthz", "/readyz"]) assert.equal((await fetch(new URL(path, admin))).status, 200);
  for (let i = 0; i < 3; i++) await ask(portico);
  const metrics = await metricsOf(admin);
  parseExposition(metrics);
  assert.equal(sampleOf(metrics, ...GOT), 3);
  assert.equal(sampleOf(metrics, "portico_ready"), 1);
  assert.ok(sampleOf(metrics, "portico_resident_memory_bytes") > 1e6);
  assert.deepEqual(await portico.stop(), { code: 0, signal: null });
});

test("readiness ends as draining begins, while a request is let end; health does not", async () => {
  const { portico, admin } = await startAdmin(["--grace-timeout", "60000"]);
  const controller = new AbortController();
  const waiting = fetch(new URL("/wait", portico.url), { signal: controller.signal }).catch(() => "left");
  await portico.written(/waiting/);
  portico.child.kill("SIGTERM");
  const ready = () => fetch(new URL("/readyz", admin));
  while ((await ready()).status === 200);
  assert.deepEqual([(await ready()).status, await (await ready()).text()], [503, "not ready\n"]);
  assert.equal((await fetch(new URL("/healthz", admin))).status, 200);
  assert.equal(sampleOf(await metricsOf(admin), "portico_ready"), 0);
  controller.abort();
  assert.equal(await waiting, "left");
  portico.child.kill("SIGKILL");
  await portico.exited;
});

for (const model of ["processes", "threads"]) {
  test(`the counts of ${model} are summed up, and outlive reloads`, async () => {
    const { portico, admin } = await startAdmin(["--model", model, "--workers", "2"]);
    for (let i = 0; i < 10; i++) await ask(portico);
    assert.equal(sampleOf(await metricsOf(admin), ...GOT), 10);
    portico.child.kill("SIGHUP");
    await portico.written(/reloaded 2 workers/);
    for (let i = 0; i < 10; i++) await ask(portico);
    const metrics = await metricsOf(admin);
    parseExposition(metrics);
    assert.equal(sampleOf(metrics, ...GOT), 20);
    assert.equal(sampleOf(metrics, "portico_workers", { state: "ready" }), 2);
    assert.equal(sampleOf(metrics, "portico_worker_ends_total", { reason: "drained" }), 2);
    assert.equal((await fetch(new URL("/readyz", admin))).status, 200);
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  });
}

test("a worker that is killed takes no counts with it that were seen, and is counted itself", async () => {
  const { portico, admin } = await startAdmin(["--workers", "2"]);
  const pid = Number(await ask(portico));
  assert.equal(sampleOf(await metricsOf(admin), ...GOT), 1);
  process.kill(pid, "SIGKILL");
  await portico.written(new RegExp(`worker pid ${pid} died: SIGKILL`));
  while (sampleOf(await metricsOf(admin), "portico_workers", { state: "ready" }) < 2);
  const metrics = await metricsOf(admin);
  assert.equal(sampleOf(metrics, ...GOT), 1);
  assert.equal(sampleOf(metrics, "portico_worker_ends_total", { reason: "died" }), 1);
  await portico.stop();
});

test("on loopback, a page that has its own name lead here learns nothing", async () => {
  const { portico, admin } = await startAdmin([]);
  const statusFor = (host: string) => rawStatus(admin, `GET /metrics HTTP/1.1\r\nHost: ${host}\r\nConnection: close`);
  for (const host of ["localhost:1", "LOCALHOST", "127.0.0.1:9901", "[::1]:1", "a.localhost"]) {
    assert.equal(await statusFor(host), 200, host);
  }
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil.example"]) {
    assert.equal(await statusFor(host), 403, host);
  }
  assert.equal(await rawStatus(admin, "HEAD /events HTTP/1.1\r\nHost: localhost\r\nConnection: close"), 200);
  assert.equal(await rawStatus(admin, "POST /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close"), 405);
  assert.equal(await rawStatus(admin, "GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: close"), 404);
  await portico.stop();
});

test("who asks for the head of the events is told no more, and may go on asking", async () => {
  const { portico, admin } = await startAdmin([]);
  const socket = net.connect(Number(new URL(admin).port), "127.0.0.1").setEncoding("latin1");
  const ask = (line: string, more = "") => socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`);
  ask("HEAD /events");
  ask("GET /healthz", "Connection: close\r\n");
  let text = "";
  for await (const piece of socket) text += piece;
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n(?:[^\r\n]+\r\n)+\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nok\n$/);
  await portico.stop();
});

test("an address that is none, and one that is taken, are said", async () => {
  const none = await runPortico([".", "--admin=here"]);
  assert.deepEqual(
    [none.code, none.stderr],
    [2, 'portico: the port of --admin takes a number from 0 to 65535, not "here"\n'],
  );
  const holder = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port } = holder.address() as net.AddressInfo;
  for (const workers of ["1", "2"]) {
    const taken = await runPortico([".", "-w", workers, `--admin=${port}`]);
    assert.equal(taken.code, 1);
    assert.match(
      taken.stderr,
      new RegExp(`^portico: --admin cannot listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`),
    );
  }
  holder.close();
});

function rawStatus(origin: string, head: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(new URL(origin).port), "127.0.0.1", () => socket.write(`${head}\r\n\r\n`));
    let text = "";
    socket.setEncoding("latin1").on("data", (piece: string) => {
      text += piece;
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(Number(text.slice(9, 12))));
  });
}

for (const workers of [[], ["--model", "threads", "--workers", "1"]]) {
  test(`requests that wait for a program are counted, and on the page (${workers.join(" ") || "one process"})`, async (t) => {
    const cwd = folder({
      "index.html": "home",
      "programs/slow.sh":
        "#!/bin/sh\nwhile [ ! -e ../go ]; do sleep 0.05; done\nprintf 'Content-Type: text/plain\\n\\ndone'",
    });
    chmodSync(path.join(cwd, "programs/slow.sh"), 0o755);
    mkdirSync(path.join(cwd, "site"));
    const args = ["site", "--admin=0", "--cgi", "programs", "--max-scripts", "1", ...workers];
    const portico = await startPortico(args, { cwd });
    t.after(() => portico.stop("SIGKILL"));
    const [, admin] = await portico.written(/own page is at (\S+)/);
    const answers = Array.from({ length: 3 }, async () => (await fetch(`${portico.url}/cgi-bin/slow.sh`)).text());
    const figures = async () => {
      const metrics = await metricsOf(admin!);
      parseExposition(metrics);
      return ["running", "waiting"].map((what) => sampleOf(metrics, `portico_queue_${what}`, { queue: "cgi" }));
    };
    while ((await figures()).join() !== "1,2");
    assert.deepEqual((await firstLook(admin!)).waiting, { cgi: 2 });
    writeFileSync(path.join(cwd, "go"), "");
    assert.deepEqual(await Promise.all(answers), ["done", "done", "done"]);
    while ((await figures()).join() !== "0,0");
  });
}

test("and so are those that wait for their turn", async (t) => {
  const { portico, admin } = await startAdmin(["--model", "serial"]);
  t.after(() => portico.stop("SIGKILL"));
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = Array.from({ length: 3 }, () => fetch(new URL("/wait", portico.url), { signal }).catch(() => "left"));
  const figures = async () => {
    const metrics = await metricsOf(admin);
    return ["running", "waiting"].map((what) => sampleOf(metrics, `portico_queue_${what}`, { queue: "serial" }));
  };
  while ((await figures()).join() !== "1,2");
  controller.abort();
  assert.deepEqual(await Promise.all(waiting), ["left", "left", "left"]);
});

/** What the live page is told first. */
async function firstLook(admin: string): Promise<Look> {
  const response = await fetch(new URL("/events", admin));
  let text = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const [, data] = /^data: (.*)\n/m.exec(text) ?? [];
    if (data !== undefined) return JSON.parse(data);
  }
  throw new Error("there was no look");
}
