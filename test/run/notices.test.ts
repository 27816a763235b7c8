/** What workers find, who all serve the same, is said once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkerEvents } from "../../src/run/messages.ts";
import { Supervisor } from "../../src/run/supervisor.ts";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

for (const model of ["threads", "processes"]) {
  test(`a line of _headers that says nothing is named once, by three ${model}`, async (t) => {
    const root = folder({ "index.html": "home", _headers: "astray\n/*\n  X-A: 1\n", _redirects: "/nowhere\n" });
    const portico = await startPortico([root, "--model", model, "--workers", "3"]);
    t.after(() => portico.stop("SIGKILL"));
    assert.equal(portico.output.match(/_headers:1: .*; this line is ignored/g)?.length, 1, portico.output);
    assert.equal(portico.output.match(/_redirects:1: .*; this line is ignored/g)?.length, 1, portico.output);
    assert.equal((await fetch(portico.url)).headers.get("x-a"), "1");
  });
}

for (const model of ["threads", "processes"]) {
  test(`where an application asks to listen is not heard by ${model}, and that is said once`, async (t) => {
    const cwd = folder({
      "server.ts": "export default { port: 3111, hostname: '::1', fetch: () => new Response('home') };",
    });
    const portico = await startPortico(["server.ts", "--port", "0", "--model", model, "--workers", "2"], { cwd });
    t.after(() => portico.stop("SIGKILL"));
    assert.equal(portico.output.match(/the host ::1 in server\.ts is not for workers: --host ::1 is\n/g)?.length, 1);
    assert.doesNotMatch(portico.output, /3111/);
    assert.equal(await (await fetch(portico.url)).text(), "home");
    const { stdout, stderr } = await runPortico(["server.ts", "--check", "-w", "2"], { cwd, env: { PORT: "" } });
    assert.equal(stdout, "portico would serve application server.ts at http://127.0.0.1:8000 by 2 processes\n");
    assert.match(stderr, /^portico: warning: the port 3111 in server\.ts is not for workers: --port 3111 is\n/);
  });
}

test("what is found again, after it was gone, is said again, and still once", async (t) => {
  const workers: WorkerEvents[] = [];
  const said: string[] = [];
  const find = (line: string) => (worker: WorkerEvents) => worker.message({ kind: "notice", line });
  const supervisor = new Supervisor({
    spawn: async (events) => {
      workers.push(events);
      setImmediate(() => {
        find("wrong")(events);
        events.message({ kind: "ready" });
      });
      const end = () => events.ended("exit code 0");
      return { name: "", send: ({ kind }) => kind === "drain" && end(), kill: end };
    },
    workers: 3,
    workerTimeout: 0,
    grace: 0,
    say: () => {},
    note: (line) => said.push(line),
  });
  t.after(() => supervisor.stop({ force: true }));
  await supervisor.start();
  workers.forEach(find("also wrong"));
  assert.deepEqual(said, ["wrong", "also wrong"]);
  // Not in the order of the first time, and one of them has not looked in between.
  [workers[2]!, workers[0]!].forEach(find("wrong"));
  assert.deepEqual(said, ["wrong", "also wrong", "wrong"]);
  await supervisor.reload();
  assert.equal(workers.length, 6);
  assert.deepEqual(said, ["wrong", "also wrong", "wrong"], "new workers find what their predecessors found");
});
