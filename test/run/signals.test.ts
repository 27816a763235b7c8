/** Signals to the supervisor. */
import assert from "node:assert/strict";
import { test } from "node:test";
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
