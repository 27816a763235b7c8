/** Where the command listens, and what it says when it cannot. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { launch, runPortico, startPortico } from "../support/portico.ts";

const cwd = folder({ "index.html": "home" });

async function listening(address: net.ListenOptions): Promise<net.Server> {
  const server = net.createServer().listen(address);
  await once(server, "listening");
  return server;
}

function get(options: http.RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ ...options, agent: false }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      resolve(text);
    });
    request.on("error", reject);
  });
}

test("a flag's port goes before the environment's", async () => {
  const taken = await listening({ port: 0, host: "127.0.0.1" });
  const { port } = taken.address() as net.AddressInfo;
  const portico = await startPortico(["--port", "0"], { cwd, env: { PORT: String(port) } });
  assert.notEqual(portico.url, `http://127.0.0.1:${port}`);
  taken.close();
});

test("a busy port is named with the process that holds it, and another is offered", async (t) => {
  const taken = await listening({ port: 0, host: "127.0.0.1" });
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const { code, stdout, stderr } = await runPortico([".", String(port)], { cwd });
  assert.deepEqual([code, stdout], [1, ""]);
  const [, holder] = /^portico: 127\.0\.0\.1:\d+ is in use(.*); another port: --port \d+\n$/.exec(stderr)!;
  assert.ok(stderr.includes(`127.0.0.1:${port} is in use`), stderr);
  assert.ok(stderr.includes(`--port ${port === 65_535 ? port - 1 : port + 1}\n`), stderr);
  if (process.platform === "linux") assert.match(holder!, new RegExp(`^, by .*node.* \\(pid ${process.pid}\\)$`));
});

test("an IPv6 address is written in brackets", async (t) => {
  const taken = await listening({ port: 0, host: "::1" }).catch(() => undefined);
  if (taken === undefined) return t.skip("this machine has no IPv6 loopback");
  t.after(() => taken.close());
  const { port } = taken.address() as net.AddressInfo;
  const { stderr } = await runPortico(["--host", "::1", "--port", String(port)], { cwd });
  assert.ok(stderr.startsWith(`portico: [::1]:${port} is in use`), stderr);
  assert.match((await startPortico(["--host", "::1"], { cwd })).url, /^http:\/\/\[::1\]:\d+$/);
});

test("a host that is not of this machine, or none at all, is named", async () => {
  const foreign = await runPortico(["--host", "192.0.2.1"], { cwd });
  assert.deepEqual(
    [foreign.code, foreign.stderr],
    [1, "portico: 192.0.2.1 is not an address of this machine; all of them: --host 0.0.0.0\n"],
  );
  const unknown = await runPortico(["--host", "nowhere.invalid"], { cwd });
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^portico: there is no host named nowhere\.invalid; .*\n$/);
});

test("a privileged port is refused with a word on which ones are not", async (t) => {
  const floor = "/proc/sys/net/ipv4/ip_unprivileged_port_start";
  const isPrivileged = process.getuid?.() !== 0 && existsSync(floor) && Number(readFileSync(floor, "utf8")) > 80;
  if (!isPrivileged) return t.skip("port 80 is open to this user");
  const { code, stderr } = await runPortico(["--port", "80"], { cwd });
  assert.deepEqual(
    [code, stderr],
    [1, "portico: port 80 is for root alone; a port from 1024 up is for all: --port 8080\n"],
  );
});

test("a unix socket is listened on, printed, and gone after a clean stop", async () => {
  const path = join(folder(), "portico.sock");
  const portico = await startPortico(["--unix", path], { cwd });
  assert.equal(portico.url, `unix:${path}`);
  assert.equal(await get({ socketPath: path }), "home");
  assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  assert.ok(!existsSync(path));
});

test("a socket that a killed server has left is taken over", async () => {
  const path = join(folder(), "portico.sock");
  const killed = await startPortico(["--unix", path], { cwd });
  await killed.stop("SIGKILL");
  assert.ok(existsSync(path));
  await startPortico(["--unix", path], { cwd });
  assert.equal(await get({ socketPath: path }), "home");
});

test("a socket that a server listens on is left to it", async () => {
  const path = join(folder(), "portico.sock");
  await startPortico(["--unix", path], { cwd });
  const { code, stderr } = await runPortico(["--unix", path], { cwd });
  assert.deepEqual(
    [code, stderr],
    [1, `portico: a server is listening on ${path} already; another path: --unix PATH\n`],
  );
  assert.equal(await get({ socketPath: path }), "home");
});

test("a file that is no socket is left as it is", async () => {
  const path = join(folder(), "notes.txt");
  writeFileSync(path, "precious");
  const { code, stderr } = await runPortico(["--unix", path], { cwd });
  assert.deepEqual(
    [code, stderr],
    [1, `portico: ${path} is there already, and is not a socket; another path: --unix PATH\n`],
  );
  assert.equal(readFileSync(path, "utf8"), "precious");
});

test("a socket in a directory that is not there is refused", async () => {
  const path = join(folder(), "run", "portico.sock");
  const { code, stderr } = await runPortico(["--unix", path], { cwd });
  assert.deepEqual([code, stderr], [1, `portico: there is no directory ${join(path, "..")} for the socket ${path}\n`]);
});

test("a path that is too long for a socket is refused, not cut", async () => {
  const path = join(folder(), "s".repeat(120));
  const { code, stderr } = await runPortico(["--unix", path], { cwd });
  assert.equal(code, 1);
  assert.match(stderr, /^portico: .*s has \d+ bytes, and the path of a socket 10[37] at most\n$/);
});

test("a quiet server prints nothing, and serves", async () => {
  const module = 'export default () => new Response("quiet");';
  const path = join(folder(), "portico.sock");
  const portico = launch(["app.mjs", "--quiet", "--unix", path], { cwd: folder({ "app.mjs": module }) });
  let text: string | undefined;
  while (text === undefined && portico.child.exitCode === null)
    text = await get({ socketPath: path }).catch(() => undefined);
  assert.equal(text, "quiet");
  assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  assert.equal(portico.output, "");
});
