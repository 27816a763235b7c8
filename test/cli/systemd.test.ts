/** As systemd starts a service: with a socket that is bound already, and told what becomes of it. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import type net from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Bindable, bindShared, type SharedSocket } from "../../src/net/shared-socket.ts";
import { folder } from "../support/folder.ts";
import { follow, type Portico, runPortico } from "../support/portico.ts";

const BIN = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));
const cwd = folder({ "server.ts": "export default { fetch: () => new Response(String(process.pid)) };" });

async function has(program: string): Promise<boolean> {
  return promisify(execFile)(program, ["--version"]).then(
    () => true,
    () => false,
  );
}
const hasNotify = await has("systemd-notify");
const hasPython = await has("python3");

/** Starts the command with `socket` as its descriptor 3; the shell knows the process id that systemd would put in. */
async function start(
  t: TestContext,
  { fd }: SharedSocket,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Portico> {
  const exec = `LISTEN_PID=$$ exec "${process.execPath}" "${BIN}" "$@"`;
  const child = spawn("sh", ["-c", exec, "sh", ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe", fd],
    env: { ...process.env, PORT: "0", ...env },
  });
  const service = follow(child);
  t.after(() => service.stop("SIGKILL"));
  const [, url] = await service.written(/ {2}(http:\S+|unix:descriptor 3) {2}/);
  return Object.assign(service, { url: url! });
}

/** A socket that this process has bound, as systemd would. */
async function bound(t: TestContext, to: Bindable): Promise<SharedSocket> {
  const socket = await bindShared(to);
  t.after(() => socket.close());
  return socket;
}

async function ask(options: http.RequestOptions): Promise<string> {
  const request = http.get({ ...options, agent: false });
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece;
  return text;
}

for (const model of ["event-loop", "processes", "threads"]) {
  test(`${model}: a socket that systemd has bound is served, whatever the environment says of ports`, async (t) => {
    const socket = await bound(t, { port: 0, hostname: "127.0.0.1" });
    const { port } = socket.address as net.AddressInfo;
    const { url, child } = await start(t, socket, ["server.ts", "--model", model], { LISTEN_FDS: "1" });
    assert.equal(url, `http://127.0.0.1:${port}`);
    assert.match(await ask({ port }), /^\d+$/);
    child.kill("SIGTERM");
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

for (const model of ["event-loop", "processes"]) {
  test(`${model}: --fd takes a unix socket as well`, async (t) => {
    const socketPath = path.join(folder(), "s");
    const socket = await bound(t, { unix: socketPath });
    const { url } = await start(t, socket, ["server.ts", "--fd", "3", "--model", model]);
    assert.equal(url, "unix:descriptor 3");
    assert.match(await ask({ socketPath }), /^\d+$/);
  });
}

test("sockets that are meant for another process are left alone", async () => {
  const { code, stdout } = await runPortico(["server.ts", "--check", "--port", "8123"], {
    cwd,
    env: { LISTEN_PID: "1", LISTEN_FDS: "1" },
  });
  assert.equal(code, 0);
  assert.match(stdout, /at http:\/\/127\.0\.0\.1:8123 /);
});

test("what is no socket, and an address beside a descriptor, are said to be so", async () => {
  const wrong = await runPortico(["server.ts", "--fd", "999"], { cwd });
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^portico: descriptor 999 is no socket to listen on: [^\n]+\n$/);
  const workers = await runPortico(["server.ts", "--fd", "999", "--workers", "2"], { cwd });
  assert.equal(workers.code, 1);
  assert.match(workers.stderr, /^portico: descriptor 999 is no socket to listen on: [^\n]+\n$/);
  const both = await runPortico(["server.ts", "--fd", "3", "--host", "::"], { cwd });
  assert.equal(both.code, 2);
  assert.match(both.stderr, /^portico: --fd listens on a socket that has an address already: leave out --host\n/);
});

const LISTENER = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    for fd in fds: os.close(fd)
    print(data.decode().replace("\\n", " "), flush=True)
`;

/** What systemd is told, line by line. */
async function journal(t: TestContext): Promise<{ socketPath: string; heard: Portico["written"] }> {
  const directory = folder({ "listen.py": LISTENER });
  const socketPath = path.join(directory, "notify");
  const listener = follow(spawn("python3", [path.join(directory, "listen.py"), socketPath]));
  t.after(() => listener.stop("SIGKILL"));
  await listener.written(/bound/);
  return { socketPath, heard: listener.written };
}

const NOTES = { skip: hasNotify && hasPython ? false : "needs systemd-notify and python3" };

for (const model of ["event-loop", "processes"]) {
  test(`${model}: systemd is told when it serves, that it lives, and when it stops`, NOTES, async (t) => {
    const { socketPath, heard } = await journal(t);
    const socket = await bound(t, { port: 0, hostname: "127.0.0.1" });
    const env = { LISTEN_FDS: "1", NOTIFY_SOCKET: socketPath, WATCHDOG_USEC: "400000" };
    const { child } = await start(t, socket, ["server.ts", "--model", model, "--workers", "1"], env);
    await heard(/READY=1/);
    await heard(/WATCHDOG=1[\s\S]*WATCHDOG=1/);
    if (model === "processes") {
      child.kill("SIGHUP");
      await heard(/RELOADING=1 MONOTONIC_USEC=\d+[\s\S]*READY=1/);
    }
    child.kill("SIGTERM");
    await heard(/STOPPING=1/);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

test("a service that cannot reach systemd says so, and serves", async (t) => {
  const socket = await bound(t, { port: 0, hostname: "127.0.0.1" });
  const env = { LISTEN_FDS: "1", NOTIFY_SOCKET: "/nowhere/notify", PATH: "/nowhere:/bin" };
  const { written } = await start(t, socket, ["server.ts"], { ...env });
  await written(/systemd cannot be told READY=1: /);
  const { port } = socket.address as net.AddressInfo;
  assert.match(await ask({ port }), /^\d+$/);
});
