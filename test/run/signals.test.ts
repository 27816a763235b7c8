/** Signals to the supervisor. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { gone } from "../support/gone.ts";
import { launch } from "../support/portico.ts";
import { serve, text } from "./support.ts";

for (const model of ["processes", "threads"] as const) {
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
}

test("processes: TERM to all of them at once, as systemd sends it, loses no request either", async (t) => {
  const portico = await serve(t, "--model", "processes", "--workers", "1");
  const worker = Number(await text(`${portico.url}/pid`));
  const waiting = text(`${portico.url}/wait`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  process.kill(worker, "SIGTERM");
  const stopped = portico.stop("SIGTERM");
  assert.equal(await waiting, "version 1");
  assert.deepEqual(await stopped, { code: 0, signal: null });
});

test("the last worker is never given away", async (t) => {
  const portico = await serve(t, "--model", "processes", "--workers", "1");
  portico.child.kill("SIGTTOU");
  await portico.written(/the last worker stays/);
  assert.equal(await text(portico.url), "version 1");
});

/** Takes a minute to load, and says that it does. */
const SLOW =
  "console.log('loading in', process.pid, ';');\nawait new Promise((resolve) => setTimeout(resolve, 60_000));";

for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
  test(`${signal} during the start ends it, and with it who was starting`, async (t) => {
    const portico = launch(["server.ts", "--workers", "2"], { cwd: folder({ "server.ts": SLOW }) });
    t.after(() => portico.stop("SIGKILL"));
    const [, pid] = await portico.written(/loading in (\d+) ;/);
    assert.deepEqual(await portico.stop(signal), { code: 0, signal: null });
    await gone(Number(pid));
    assert.doesNotMatch(portico.output, /http:|ended|start/);
  });
}

test("other signals during the start are as good as after it", async (t) => {
  const loading = 'console.log("loading;");\nawait new Promise((resolve) => setTimeout(resolve, 500));\n';
  const cwd = folder({ "server.ts": `${loading}export default { fetch: () => new Response("home") };` });
  const portico = launch(["server.ts", "--workers", "2"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  await portico.written(/loading;/);
  for (const signal of ["SIGHUP", "SIGUSR1", "SIGTTIN"] as const) portico.child.kill(signal);
  const [, url] = await portico.written(/ {2}(http:\/\/\S+)/);
  await portico.written(/one worker more: 3/);
  await portico.written(/reloaded \d workers, drained 0 requests, dropped 0/);
  assert.equal(await text(url!), "home");
});

test("an INT after a TERM does not wait any longer", async (t) => {
  const portico = await serve(t, "--model", "processes", "--workers", "1");
  const waiting = text(`${portico.url}/block`);
  await new Promise((resolve) => setTimeout(resolve, 100));
  portico.child.kill("SIGTERM");
  const stopped = portico.stop("SIGINT");
  await assert.rejects(waiting);
  assert.deepEqual(await stopped, { code: 0, signal: null });
});

test("a TERM during a reload ends it: nothing is waited for but requests", async (t) => {
  const portico = await serve(t, "--model", "processes", "--workers", "2", "--idle-timeout", "600000");
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const [response] = await once(http.get(portico.url, { agent }), "response");
  response.resume();
  await once(response, "end");
  portico.child.kill("SIGHUP");
  await portico.written(/reloading/);
  while (!(await text(portico.url)).includes("version"));
  assert.deepEqual(await portico.stop("SIGTERM"), { code: 0, signal: null });
  assert.doesNotMatch(portico.output, /reload failed|could not start/);
});
