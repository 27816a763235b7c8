import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { usableCores } from "../../src/cli/cores.ts";
import { folder } from "../support/folder.ts";
import { runPortico, startPortico } from "../support/portico.ts";

const APPLICATION = "setInterval(() => {}, 1000); export default { fetch: () => new Response('ok') };";

const CHECKS: readonly [args: string[], line: string][] = [
  [["server.ts", "8080"], "application server.ts at http://127.0.0.1:8080 by the model event-loop"],
  [["server.ts", "8080", "-w", "3"], "application server.ts at http://127.0.0.1:8080 by 3 processes"],
  [["server.ts", "8080", "-w", "auto"], `application server.ts at http://127.0.0.1:8080 by ${usableCores()} processes`],
  [["server.ts", "8080", "-w", "1"], "application server.ts at http://127.0.0.1:8080 by the model event-loop"],
  [
    ["server.ts", "--host", "::1", "-p", "1", "--model", "threads", "-w", "2"],
    "application server.ts at http://[::1]:1 by 2 threads",
  ],
  [[".", "--unix", "sock", "--model", "serial"], "files from . at unix:sock by the model serial"],
];

for (const [args, line] of CHECKS) {
  test(`--check ${args.join(" ")} says what would run, and ends`, async () => {
    const { code, stdout } = await runPortico([...args, "--check"], { cwd: folder({ "server.ts": APPLICATION }) });
    assert.equal(stdout, `portico would serve ${line}\n`);
    assert.equal(code, 0);
  });
}

test("--check ends with 1 and a line when the application cannot be loaded", async () => {
  const { code, stderr } = await runPortico(["server.ts", "--check"], {
    cwd: folder({ "server.ts": "throw new Error('no database')" }),
  });
  assert.equal(code, 1);
  assert.match(stderr, /^portico: server\.ts threw while it was loaded, .*no database\n$/);
});

for (const args of [[], ["--workers", "2"]]) {
  test(`--pid names the process to signal, while it runs (${args.join(" ") || "one process"})`, async (t) => {
    const cwd = folder({ "server.ts": APPLICATION });
    const file = path.join(cwd, "portico.pid");
    writeFileSync(file, "999999999\n");
    const portico = await startPortico(["server.ts", "--pid", "portico.pid", ...args], { cwd });
    t.after(() => portico.stop("SIGKILL"));
    assert.equal(readFileSync(file, "utf8"), `${portico.child.pid}\n`);

    const second = await runPortico(["server.ts", "--pid", "portico.pid"], { cwd });
    assert.equal(second.code, 1);
    assert.equal(second.stderr, `portico: process ${portico.child.pid} runs already, says portico.pid (--pid)\n`);

    assert.equal((await portico.stop()).code, 0);
    assert.equal(existsSync(file), false);
  });
}
