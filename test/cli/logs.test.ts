/** The logs of the command, as processes write them. */
import assert from "node:assert/strict";
import { type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "../support/folder.ts";
import { type Portico, runPortico, startPortico } from "../support/portico.ts";

const APPLICATION = `export default { async fetch(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/fail") throw new Error("the password is 1234");
  return new Response(pathname + " " + process.pid);
} };`;

function application(): string {
  return folder({ "server.mjs": APPLICATION });
}

async function get(portico: Portico, path: string): Promise<string> {
  return (await fetch(new URL(path, portico.url), { headers: { connection: "close" } })).text();
}

test("there is no access log until one is asked for", async () => {
  const portico = await startPortico(["server.mjs"], { cwd: application() });
  await get(portico, "/a");
  await portico.stop();
  assert.ok(!portico.output.includes("/a"), portico.output);
});

test("--access-log alone writes a line for each request to standard output, the last ones as it stops", async () => {
  const portico = await startPortico(["server.mjs", "--access-log"], { cwd: application() });
  await get(portico, "/a");
  await get(portico, "/b");
  await portico.stop();
  assert.match(portico.output, /127\.0\.0\.1 - - \[.*\] "GET \/a HTTP\/1\.1" 200 \d+ "-" ".+"\n127.*"GET \/b /);
});

test("a failed request's id is in the response, the access log and the error log; what failed only in the last", async () => {
  const cwd = application();
  const args = ["server.mjs", "--access-log=access.log", "--access-log-format", "json", "--log-format", "json"];
  const portico = await startPortico(args, { cwd });
  const body = await get(portico, "/fail");
  await portico.stop();
  const id = /as ([0-9a-f]{12})\n$/.exec(body)![1];
  assert.ok(!body.includes("password"));
  const access = JSON.parse(readFileSync(join(cwd, "access.log"), "utf8"));
  assert.deepEqual([access.status, access.outcome, access.id, access.target], [500, "failed", id, "/fail"]);
  const error = JSON.parse(portico.output.split("\n").find((line) => line.startsWith("{"))!);
  assert.deepEqual([error.id, error.message, error.target], [id, "the password is 1234", "/fail"]);
});

for (const model of ["event-loop", "threads", "processes"]) {
  test(`SIGUSR1 has the log of the model ${model} opened again, after a rotation, and no line is lost`, async () => {
    const cwd = application();
    const log = join(cwd, "access.log");
    const workers = model === "event-loop" ? [] : ["--workers", "2"];
    const args = ["server.mjs", "--model", model, ...workers, "--access-log=access.log"];
    const portico = await startPortico([...args, "--access-log-format", "%(U)s"], { cwd });
    const asked: string[] = [];
    const ask = async (path: string) => {
      asked.push(path);
      await get(portico, path);
    };
    for (let i = 0; i < 20; i++) await ask(`/before/${i}`);
    renameSync(log, `${log}.1`);
    portico.child.kill("SIGUSR1");
    // Whoever has opened the file again has made it: both workers answer until it has lines.
    for (let i = 0; lines(log).length === 0; i++) await ask(`/meanwhile/${i}`);
    for (let i = 0; i < 20; i++) await ask(`/after/${i}`);
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
    assert.deepEqual([...lines(`${log}.1`), ...lines(log)].sort(), asked.sort());
    assert.ok(!portico.output.includes("Debugger"), portico.output);
  });
}

test("several workers write whole lines to one file", async () => {
  const cwd = application();
  const args = ["server.mjs", "--workers", "2", "--access-log=access.log", "--access-log-format", "%(U)s %(p)s"];
  const portico = await startPortico(args, { cwd });
  const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => get(portico, `/${i}`)));
  await portico.stop();
  const expected = answers.map((answer) => answer.replace(/ (\d+)$/, " <$1>"));
  assert.deepEqual(lines(join(cwd, "access.log")).sort(), expected.sort());
});

test("a rejection that nothing handles is a line of the error log", async () => {
  const cwd = folder();
  writeFileSync(
    join(cwd, "server.mjs"),
    'export default { fetch() { Promise.reject(new Error("nobody\\n waits")); return new Response("ok"); } };',
  );
  const portico = await startPortico(["server.mjs"], { cwd });
  await get(portico, "/");
  await portico.stop();
  assert.match(
    portico.output,
    /Z error a promise of the application was rejected, and nothing handled it: Error: nobody waits at/,
  );
});

test("a format that is none, and a file that cannot be opened, are said before anything is served", async () => {
  const cwd = application();
  const format = await runPortico(["server.mjs", "--access-log-format", "comon"], { cwd });
  assert.equal(format.code, 2);
  assert.match(format.stderr, /^portico: --access-log-format: there is no format "comon"/);
  for (const workers of ["1", "2"]) {
    const file = await runPortico(["server.mjs", "-w", workers, "--access-log=./no/such"], { cwd });
    assert.equal(file.code, 1);
    assert.match(file.stderr, /^portico: the access log cannot be opened: ENOENT.*\n$/);
  }
});

test("a file behind --access-log without an equals sign is taken for what it was meant to be", async () => {
  const { code, stderr } = await runPortico([".", "--access-log", "access.log"], { cwd: application() });
  assert.equal(code, 2);
  assert.equal(stderr, "portico: --access-log takes its value behind an equals sign: --access-log=access.log\n");
});

/** None if the file is not there. */
function lines(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}

for (const model of ["event-loop", "threads", "processes"]) {
  test(`a server whose output nobody reads any more goes on, by the model ${model}`, async (t) => {
    const cwd = folder({
      "server.mjs":
        "export default { fetch: () => (console.log('out'), console.error('err'), new Response('served')) };",
    });
    const workers = model === "event-loop" ? [] : ["--workers", "2"];
    const portico = await startPortico(["server.mjs", "--model", model, ...workers, "--access-log"], { cwd });
    t.after(() => portico.stop("SIGKILL"));
    const { child } = portico;
    child.stdout!.destroy();
    child.stderr!.destroy();
    for (let i = 0; i < 20; i++) assert.equal(await get(portico, "/"), "served");
    if (model !== "event-loop") for (let i = 0; i < 3; i++) child.kill("SIGTTIN");
    for (let i = 0; i < 20; i++) assert.equal(await get(portico, "/"), "served");
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  });
}

test("and so does one whose disk is full", { skip: existsSync("/dev/full") ? false : "needs /dev/full" }, async (t) => {
  const cwd = folder({
    "server.mjs": "export default { fetch: () => (console.error('err'), new Response('served')) };",
  });
  const socketPath = join(cwd, "socket");
  const bin = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));
  const full = openSync("/dev/full", "w");
  const stdio: StdioOptions = ["ignore", full, full];
  const child = spawn(process.execPath, [bin, "server.mjs", "--unix", socketPath], { cwd, stdio });
  closeSync(full);
  t.after(() => child.kill("SIGKILL"));
  const ask = async () => {
    const [response] = await once(http.get({ socketPath, path: "/", agent: false }), "response");
    let text = "";
    for await (const piece of response.setEncoding("utf8")) text += piece;
    return text;
  };
  while (!existsSync(socketPath)) {
    assert.equal(child.exitCode, null, "it runs");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (let i = 0; i < 3; i++) assert.equal(await ask(), "served");
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});
