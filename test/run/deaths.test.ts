/** Workers that hang, die, or never start. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bindShared } from "../../src/net/shared-socket.ts";
import { processes } from "../../src/run/processes.ts";
import { Supervisor } from "../../src/run/supervisor.ts";
import { threads } from "../../src/run/threads.ts";
import { folder } from "../support/folder.ts";
import { gone } from "../support/gone.ts";
import { launch, runPortico, startPortico } from "../support/portico.ts";
import { serve, text } from "./support.ts";

const WORKER = fileURLToPath(new URL("../../dist/cli/worker.js", import.meta.url));

for (const model of ["processes", "threads"] as const) {
  test(`${model}: a worker that hangs is reported with its requests and its stack, and replaced`, async (t) => {
    const portico = await serve(t, "--model", model, "--workers", "1", "--worker-timeout", "1000");
    const waiting = text(`${portico.url}/wait?before`).catch(() => {});
    await assert.rejects(text(`${portico.url}/block?me`));
    await portico.written(/ died: .*; it is replaced/);
    assert.match(portico.output, /worker (pid|thread) \d+ has been (blocked|silent) for \d+\.\d s, and is killed\n/);
    assert.match(portico.output, / {2}it holds GET \/block\?me, for \d+\.\d s\n/);
    assert.match(portico.output, / {4}at fetch \(.*\/server\.ts:6:\d+\)\n/);
    await waiting;
    while ((await text(portico.url).catch(() => "")) !== "version 1");
  });
}

test("a killed worker loses its own requests only, and is replaced", async (t) => {
  const portico = await serve(t, "--workers", "2");
  const pids = new Set<string>();
  while (pids.size < 2) pids.add(await text(`${portico.url}/pid`));
  const [victim] = [...pids];
  process.kill(Number(victim), "SIGKILL");
  await portico.written(new RegExp(`worker pid ${victim} died: SIGKILL; it is replaced`));
  const after = new Set<string>();
  while (after.size < 2) after.add(await text(`${portico.url}/pid`));
  assert.ok(!after.has(victim!));
});

for (const timeout of ["30000", "0"]) {
  test(`workers do not outlive their supervisor, one of them blocked, with --worker-timeout ${timeout}`, async (t) => {
    const portico = await serve(t, "--workers", "2", "--worker-timeout", timeout);
    const pids = new Set<string>();
    while (pids.size < 2) pids.add(await text(`${portico.url}/pid`));
    void text(`${portico.url}/block`).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await portico.stop("SIGKILL");
    await Promise.all([...pids].map((pid) => gone(Number(pid))));
  });
}

test("nor does one that is blocked while it loads", async (t) => {
  const cwd = folder({ "server.ts": "console.log('loading in', process.pid, ';');\nfor (;;);" });
  const portico = launch(["server.ts", "--workers", "2"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  const [, pid] = await portico.written(/loading in (\d+) ;/);
  await portico.stop("SIGKILL");
  await gone(Number(pid));
});

test("nor one whose supervisor was gone before it could look", async (t) => {
  const cwd = folder({ "server.ts": "console.log('loading');\nfor (;;);" });
  const dead = spawnSync(process.execPath, ["--version"]).pid;
  const worker = spawn(process.execPath, [WORKER, "server.ts"], {
    cwd,
    env: { ...process.env, PORTICO_SUPERVISOR: String(dead) },
    stdio: ["ignore", "pipe", "inherit", "ipc", "ignore"],
  });
  t.after(() => worker.kill("SIGKILL"));
  const ended = once(worker, "exit");
  await once(worker.stdout!, "data");
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});

test("nor what a development server has started, blocked while it loads", async (t) => {
  const cwd = folder({ "server.ts": "console.log('loading in', process.pid, ';');\nfor (;;);" });
  const portico = launch(["dev", "server.ts", "--worker-timeout", "0"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  const [, pid] = await portico.written(/loading in (\d+) ;/);
  await portico.stop("SIGKILL");
  await gone(Number(pid));
});

test("it is given up when no worker starts any more", async (t) => {
  const portico = await serve(t, "--model", "processes", "--workers", "1");
  const pid = await text(`${portico.url}/pid`);
  writeFileSync(path.join(portico.cwd, "server.ts"), "throw new Error('no database');");
  process.kill(Number(pid), "SIGKILL");
  assert.deepEqual(await portico.exited, { code: 3, signal: null });
  assert.match(portico.output, /a worker could not start: server\.ts threw/);
  assert.match(portico.output, /given up after 5 starts that failed/);
});

test("a limit of memory that every worker would pass at once is refused", async () => {
  const { code, stderr } = await runPortico([".", "--workers", "2", "--max-rss", "10"], { cwd: folder() });
  assert.equal(code, 1);
  assert.match(stderr, /^portico: a worker takes \d+ MB before its first request, and may take 10 \(--max-rss\)\n$/);
});

test("a worker that has grown is replaced, and no request fails", async (t) => {
  const source = `const held = [];
    export default { fetch: () => (held.push(Buffer.alloc(4e6, "a")), new Response(String(process.pid))) };`;
  const cwd = folder({ "server.mjs": source });
  const portico = await startPortico(["server.mjs", "--model", "processes", "--workers", "1", "--max-rss", "200"], {
    cwd,
  });
  t.after(() => portico.stop("SIGKILL"));
  const first = await text(portico.url);
  // One at a time, no more than it takes: the next worker has a limit, too.
  while ((await text(portico.url)) === first) await new Promise((resolve) => setTimeout(resolve, 10));
  await portico.written(new RegExp(`worker pid ${first} is replaced: it takes \\d+ MB\n`));
});

for (const [model, spawnerOf] of [
  ["processes", processes],
  ["threads", threads],
] as const) {
  test(`${model}: where the system makes no process any more, a worker could not start, and that is said`, async (t) => {
    const socket = await bindShared({ hostname: "127.0.0.1", port: 0 });
    const { execPath } = process;
    t.after(() => {
      process.execPath = execPath;
      socket.close();
    });
    process.execPath = "/nowhere/node";
    const spawn = spawnerOf(new URL("file:///nowhere.js"), [], socket);
    const supervisor = new Supervisor({ spawn, workers: 1, workerTimeout: 0, grace: 0, say: () => {} });
    await assert.rejects(
      supervisor.start(),
      /^Error: a worker ended before it was ready: spawn \/nowhere\/node ENOENT$/,
    );
    await supervisor.stop();
  });
}
