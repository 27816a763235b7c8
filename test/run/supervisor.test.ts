/** The supervisor, seen from outside: real processes, real signals. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";
import { strictClient } from "./strict-client.ts";

const VERSION = (version: number | string) => `
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/wait") await new Promise((resolve) => setTimeout(resolve, 300));
    if (pathname === "/block") for (;;);
    if (pathname === "/pid") return new Response(String(process.pid));
    if (pathname === "/broken") return new Response("", { status: 500 });
    return new Response("version ${version}");
  },
};
`;

async function serve(t: TestContext, ...args: string[]): Promise<Portico & { cwd: string; port: number }> {
  const cwd = folder({ "server.ts": VERSION(1) });
  const portico = await startPortico(["server.ts", ...args], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  return Object.assign(portico, { cwd, port: Number(new URL(portico.url).port) });
}

async function text(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: "close" } })).text();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const model of ["processes", "threads"] as const) {
  describe(`${model}: nobody notices`, () => {
    test("a reload, a worker more, a worker less: under load, not one request fails", async (t) => {
      const portico = await serve(t, "--model", model, "--workers", "2");
      const { stop, tally } = strictClient(portico.port, 12);
      const more = async (count: number) => {
        const wanted = tally.answered + count;
        while (tally.answered < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await more(500);
      writeFileSync(path.join(portico.cwd, "server.ts"), VERSION(2));
      portico.child.kill("SIGHUP");
      await portico.written(/reloaded 2 workers, drained \d+ requests, dropped 0\n/);
      assert.equal(await text(portico.url), "version 2");
      await more(500);
      portico.child.kill("SIGTTIN");
      await portico.written(/one worker more: 3/);
      await more(500);
      portico.child.kill("SIGTTOU");
      await portico.written(/one worker less: 2/);
      await more(2000);
      assert.deepEqual((await stop()).failures, {});
      assert.deepEqual(await portico.stop(), { code: 0, signal: null });
    });

    test("workers that have done enough are replaced, and not one request fails", async (t) => {
      const portico = await serve(
        t,
        "--model",
        model,
        "--workers",
        "2",
        "--max-requests",
        "200",
        "--max-requests-jitter",
        "50",
      );
      const { stop } = strictClient(portico.port, 8);
      await portico.written(
        /is replaced: it has answered \d+ requests[\s\S]*is replaced: it has answered \d+ requests/,
      );
      const { failures, answered } = await stop();
      assert.deepEqual(failures, {});
      assert.ok(answered > 200);
    });
  });

  describe(`${model}: a reload that proves itself`, () => {
    test("leaves the old workers alone when the new code cannot be loaded", async (t) => {
      const portico = await serve(t, "--model", model, "--workers", "2");
      writeFileSync(path.join(portico.cwd, "server.ts"), "export default {");
      portico.child.kill("SIGHUP");
      await portico.written(/reload failed, the old workers stay: server\.ts/);
      for (let i = 0; i < 10; i++) assert.equal(await text(portico.url), "version 1");
      writeFileSync(path.join(portico.cwd, "server.ts"), VERSION(3));
      portico.child.kill("SIGHUP");
      await portico.written(/reloaded 2 workers/);
      assert.equal(await text(portico.url), "version 3");
    });

    test("and when it does not answer the trial request", async (t) => {
      const portico = await serve(t, "--model", model, "--workers", "1", "--probe", "/health");
      const broken = VERSION(2).replace('"/broken"', '"/health"');
      writeFileSync(path.join(portico.cwd, "server.ts"), broken);
      portico.child.kill("SIGHUP");
      await portico.written(/the old workers stay: the trial request for \/health was answered with 500/);
      assert.equal(await text(portico.url), "version 1");
    });
  });

  test(`${model}: TERM lets the request in flight end, and ends with 0`, async (t) => {
    const portico = await serve(t, "--model", model, "--workers", "2");
    const response = await fetch(`${portico.url}/`);
    assert.equal(await response.text(), "version 1");
    const waiting = text(`${portico.url}/wait`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = portico.stop("SIGTERM");
    assert.equal(await waiting, "version 1");
    assert.deepEqual(await stopped, { code: 0, signal: null });
  });

  test(`${model}: INT does not wait`, async (t) => {
    const portico = await serve(t, "--model", model, "--workers", "2");
    const waiting = text(`${portico.url}/block`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = portico.stop("SIGINT");
    await assert.rejects(waiting);
    assert.deepEqual(await stopped, { code: 0, signal: null });
  });

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

/** A kept connection that asks again and again; connects anew when the server has announced an end. */
async function keepAsking(port: number, isOver: () => boolean, saw: (pid: string) => void): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  while (!isOver()) {
    const [response] = (await once(http.get({ port, path: "/pid", agent }), "response")) as [http.IncomingMessage];
    let pid = "";
    for await (const piece of response.setEncoding("utf8")) pid += piece;
    saw(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  agent.destroy();
}

describe("processes", () => {
  test("a worker that has all the kept connections lets some go to a new one, and none fails", async (t) => {
    const portico = await serve(t, "--model", "processes", "--workers", "1");
    const askedOf = new Array<string>(40).fill("");
    let isOver = false;
    const asking = askedOf.map((_, at) => {
      const saw = (pid: string) => {
        askedOf[at] = pid;
      };
      return keepAsking(portico.port, () => isOver, saw);
    });
    while (askedOf.includes("")) await new Promise((resolve) => setTimeout(resolve, 10));
    const [first] = askedOf;
    assert.ok(askedOf.every((pid) => pid === first));
    portico.child.kill("SIGTTIN");
    const held = () => askedOf.filter((pid) => pid === first).length;
    while (held() > 26) await new Promise((resolve) => setTimeout(resolve, 20));
    isOver = true;
    await Promise.all(asking);
  });

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

  test("workers do not outlive their supervisor, however it dies, though one of them is blocked", async (t) => {
    const portico = await serve(t, "--workers", "2");
    const pids = new Set<string>();
    while (pids.size < 2) pids.add(await text(`${portico.url}/pid`));
    void text(`${portico.url}/block`).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    await portico.stop("SIGKILL");
    await Promise.all([...pids].map((pid) => gone(Number(pid))));
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

  test("the last worker is never given away", async (t) => {
    const portico = await serve(t, "--model", "processes", "--workers", "1");
    portico.child.kill("SIGTTOU");
    await portico.written(/the last worker stays/);
    assert.equal(await text(portico.url), "version 1");
  });

  test("the same port can be had 20 times in a row, while clients connect", async (t) => {
    const first = await serve(t, "--workers", "2");
    const port = String(first.port);
    let isOver = false;
    const knocking = (async () => {
      while (!isOver) await text(`http://127.0.0.1:${port}/`).catch(() => new Promise(setImmediate));
    })();
    await first.stop();
    for (let i = 0; i < 20; i++) {
      const portico = await startPortico(["server.ts", port], { cwd: first.cwd });
      assert.equal(await text(portico.url), "version 1");
      assert.equal((await portico.stop()).code, 0);
    }
    isOver = true;
    await knocking;
  });
});
