/** How the command stops. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "../support/folder.ts";
import { follow, type Portico, startPortico } from "../support/portico.ts";

/** Answers /slow in two pieces; the second comes when /go is asked for, or never. */
const MODULE = `
  let release: () => void;
  const released = new Promise<void>((resolve) => { release = resolve });
  export default async (request: Request) => {
    if (request.url.endsWith("/go")) return (release(), new Response("gone on"));
    return new Response(new ReadableStream({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("first, "));
        await released;
        controller.enqueue(new TextEncoder().encode("second"));
        controller.close();
      },
    }));
  };
  if (process.env.GO_ON) process.once(process.env.GO_ON, () => setImmediate(() => release()));`;

interface Slow {
  readonly portico: Portico;
  /** The rest of the response, after what has come of it. */
  readonly rest: Promise<string>;
}

/** A server with a response half sent. */
async function inFlight(t: TestContext, env: Record<string, string> = {}): Promise<Slow> {
  const portico = await startPortico(["app.ts"], { cwd: folder({ "app.ts": MODULE }), env });
  t.after(() => portico.stop("SIGKILL"));
  const response = await fetch(`${portico.url}/slow`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "first, ");
  const rest = (async () => {
    let text = "";
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) text += piece.value;
    return text;
  })();
  rest.catch(() => {});
  return { portico, rest };
}

describe("a request in flight is let end, and the exit code is 0", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`on ${signal}`, async (t) => {
      const { portico, rest } = await inFlight(t, { GO_ON: signal });
      assert.deepEqual(await portico.stop(signal), { code: 0, signal: null });
      assert.equal(await rest, "second");
    });
  }
});

test("no connection is accepted any more once it stops", async (t) => {
  const { portico } = await inFlight(t);
  portico.child.kill("SIGTERM");
  await portico.written(/Waiting for requests in flight/);
  await assert.rejects(fetch(`${portico.url}/go`));
});

test("the same signal twice at once, as npm sends it, is one", async (t) => {
  const { portico, rest } = await inFlight(t, { GO_ON: "SIGINT" });
  portico.child.kill("SIGINT");
  assert.deepEqual(await portico.stop("SIGINT"), { code: 0, signal: null });
  assert.equal(await rest, "second");
});

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  test(`a second ${signal} cuts off what is in flight, with exit code ${code}`, async (t) => {
    const { portico, rest } = await inFlight(t);
    portico.child.kill(signal);
    await portico.written(/Waiting for requests in flight; once more \(Ctrl-C\) cuts them off\n/);
    assert.deepEqual(await portico.stop(signal), { code, signal: null });
    await assert.rejects(rest);
  });
}

test("an idle server stops at once and prints nothing more", async () => {
  const portico = await startPortico(["."], { cwd: folder({ "index.html": "home" }) });
  await (await fetch(portico.url)).text();
  assert.deepEqual(await portico.stop("SIGINT"), { code: 0, signal: null });
  assert.equal(portico.output.split("\n").length, 2);
});

test("an application's timers do not keep a stopped server", async () => {
  const module = 'setInterval(() => {}, 1000); export default () => new Response("ok")';
  const portico = await startPortico(["app.mjs"], { cwd: folder({ "app.mjs": module }) });
  assert.deepEqual(await portico.stop(), { code: 0, signal: null });
});

const NAMESPACE = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
const skip = spawnSync("unshare", [...NAMESPACE, "true"]).status === 0 ? false : "needs unshare and user namespaces";

for (const workers of [[], ["--workers", "2"]]) {
  test(`process 1 of a container can be stopped while it loads (${workers.join(" ") || "one process"})`, {
    skip,
  }, async (t) => {
    const loading = "console.log('loading;'); await new Promise((resolve) => setTimeout(resolve, 60_000));";
    const cwd = folder({ "app.mjs": loading });
    const bin = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));
    const command = [process.execPath, bin, "app.mjs", ...workers];
    const container = follow(spawn("unshare", [...NAMESPACE, ...command], { cwd, env: { ...process.env, PORT: "0" } }));
    t.after(() => container.stop("SIGKILL"));
    await container.written(/loading;/);
    const { pid } = container.child;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    process.kill(Number(first), "SIGTERM");
    assert.equal((await container.exited).code, workers.length === 0 ? 143 : 0);
  });
}
