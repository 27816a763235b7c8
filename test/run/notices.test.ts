/** What workers find, who all serve the same, is said once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { WorkerEvents } from "../../src/run/messages.ts";
import { Supervisor } from "../../src/run/supervisor.ts";
import { folder } from "../support/folder.ts";
import { startPortico } from "../support/portico.ts";

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
