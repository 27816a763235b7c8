/** Replacing workers while they serve: nobody may notice. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, test } from "node:test";
import { strictClient } from "./strict-client.ts";
import { serve, text, VERSION } from "./support.ts";

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
test("processes: a worker that has all the kept connections lets some go to a new one, and none fails", async (t) => {
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
