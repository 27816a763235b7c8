/** How an application ends what it holds, whatever has it end: in every model, real processes and signals. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { folder } from "../support/folder.ts";
import { type Portico, startPortico } from "../support/portico.ts";

const requireHere = createRequire(import.meta.url);

const STORE = (version: number) => `
const store = { isOpen: true };
export default {
  async fetch(request: Request): Promise<Response> {
    if (request.url.endsWith("/wait")) {
      console.log("waiting");
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return new Response("version ${version}, " + (store.isOpen ? "open" : "closed"));
  },
  async close() {
    await new Promise((resolve) => setTimeout(resolve, 10));
    store.isOpen = false;
    console.log("store ${version} closed");
  },
};
`;

async function serve(t: TestContext, module: string, ...args: string[]): Promise<Portico & { readonly cwd: string }> {
  const cwd = folder({ "app.ts": module });
  const [dev, rest] = args[0] === "dev" ? [["dev"], args.slice(1)] : [[], args];
  const portico = await startPortico([...dev, "app.ts", ...rest], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  return Object.assign(portico, { cwd });
}

function count(portico: Portico, text: string): number {
  return portico.output.split(text).length - 1;
}

const MODELS = [
  { name: "event-loop", args: [], workers: 1 },
  { name: "processes", args: ["--workers", "2"], workers: 2 },
  { name: "threads", args: ["--model", "threads", "--workers", "2"], workers: 2 },
  { name: "dev", args: ["dev"], workers: 1 },
];

for (const { name, args, workers } of MODELS) {
  test(`${name}: close() is called once, behind the last request, and waited for`, async (t) => {
    const portico = await serve(t, STORE(1), ...args);
    const answer = fetch(`${portico.url}/wait`).then((response) => response.text());
    await portico.written(/^waiting$/m);
    assert.deepEqual(await portico.stop("SIGTERM"), { code: 0, signal: null });
    assert.equal(await answer, "version 1, open");
    assert.equal(count(portico, "store 1 closed"), workers);
  });

  test(`${name}: what close() rejects with is said in a line, and is no reason not to end`, async (t) => {
    const module = `export default { fetch: () => new Response(), close: async () => { throw new Error("no way") } }`;
    const portico = await serve(t, module, ...args);
    assert.deepEqual(await portico.stop("SIGTERM"), { code: 0, signal: null });
    assert.equal(portico.output.match(/ error close\(\) of app\.ts failed: Error: no way .*\n/g)?.length, workers);
  });

  test(`${name}: a close() that never ends is waited for as long as the grace lasts`, async (t) => {
    const module = `export default { fetch: () => new Response(), close: () => new Promise(() => {}) }`;
    const portico = await serve(t, module, ...args, "--grace-timeout", "200");
    assert.deepEqual(await portico.stop("SIGTERM"), { code: 0, signal: null });
  });
}

for (const { name, args } of MODELS.filter(({ workers }) => workers > 1)) {
  test(`${name}: a reload has the old code close, and a worker that is told to end at once still closes`, async (t) => {
    const portico = await serve(t, STORE(1), ...args);
    writeFileSync(join(portico.cwd, "app.ts"), STORE(2));
    portico.child.kill("SIGHUP");
    await portico.written(/reloaded 2 workers/);
    assert.equal(count(portico, "store 1 closed"), 2);
    assert.deepEqual(await portico.stop("SIGINT"), { code: 0, signal: null });
    assert.equal(count(portico, "store 2 closed"), 2);
  });
}

test("dev: a save has the old code close, once its last request is over", async (t) => {
  const portico = await serve(t, STORE(1), "dev");
  const answer = fetch(`${portico.url}/wait`).then((response) => response.text());
  await portico.written(/^waiting$/m);
  writeFileSync(join(portico.cwd, "app.ts"), STORE(2));
  assert.equal(await (await fetch(portico.url)).text(), "version 2, open");
  assert.equal(await answer, "version 1, open");
  await portico.written(/^store 1 closed$/m);
  assert.equal(count(portico, "store 2 closed"), 0);
});

test("a close() that hangs is said to be waited for, and a second Ctrl-C ends it", async (t) => {
  const portico = await serve(t, `export default { fetch: () => new Response(), close: () => new Promise(() => {}) }`);
  portico.child.kill("SIGINT");
  await portico.written(/^Waiting for the application to close; once more \(Ctrl-C\) cuts it off$/m);
  assert.deepEqual(await portico.stop("SIGINT"), { code: 130, signal: null });
});

/** An application with what is given beside it. The command cannot find packages from a folder of its own. */
const importing = (name: string, path: string) =>
  `import * as all from ${JSON.stringify(`file://${requireHere.resolve(path)}`)}; const ${name} = all.default.default ?? all.default;`;

const APPLICATIONS = {
  "a module's close(), behind the application's own": `
    export default { fetch: () => new Response(), close: () => console.log("own") };
    export const close = () => console.log("module's");`,
  "a function with a close(), as CommonJS exports it, once": `
    module.exports = (request) => new Response();
    module.exports.close = () => console.log("own");`,
  "[Symbol.asyncDispose]()": `
    export default { fetch: () => new Response(), async [Symbol.asyncDispose]() { console.log("own") } };`,
  "a wsgi application's module": `
    export function application(environ, start) { start("200 OK", []); return [] }
    export function close() { console.log("module's") }`,
  "Fastify's onClose hooks": `
    ${importing("fastify", "fastify")}
    const app = fastify();
    app.addHook("onClose", async () => console.log("own"));
    export default app;`,
  "the close listeners of a server of node:http": `
    import { createServer } from "node:http";
    const server = createServer((_, response) => response.end());
    server.on("close", async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log("own");
    });
    export default server;`,
};

for (const [what, module] of Object.entries(APPLICATIONS)) {
  test(`what is called: ${what}`, async (t) => {
    const name = module.includes("module.exports") ? "app.cjs.js" : "app.mjs";
    const portico = await startPortico([name], { cwd: folder({ [name]: module }) });
    t.after(() => portico.stop("SIGKILL"));
    await (await fetch(portico.url)).text();
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
    const said = portico.output.split("\n").filter((line) => line === "own" || line === "module's");
    const expected = ["own", "module's"].filter((line) => module.includes(`"${line}"`));
    assert.deepEqual(said, expected);
  });
}

/** Tells its WebSockets to go away, as their protocol has it. */
const SOCKETS = `
import { createServer } from "node:http";
${importing("ws", "ws")}
const server = createServer();
const sockets = new ws.WebSocketServer({ server });
sockets.on("connection", (socket) => socket.send("hello"));
export default server;
export const close = () => { for (const socket of sockets.clients) socket.close(1001, "away") };
`;

for (const { name, args } of MODELS) {
  test(`${name}: connections that were taken over are the application's to end`, async (t) => {
    const portico = await serve(t, SOCKETS, ...args);
    const { WebSocket } = requireHere("ws");
    const socket = new WebSocket(portico.url.replace("http:", "ws:"));
    await once(socket, "message");
    const closed = once(socket, "close");
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [1001, "away"]);
  });
}
