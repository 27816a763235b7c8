/** Connecting, and being told in one sentence why not. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { connect } from "../../src/net/connect.ts";
import { socketPath } from "../server/support.ts";
import { startTcp, textOf } from "./support.ts";

/** A port of loopback where nobody listens. */
async function closedPort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

test("a refused connection names host, port and cause, and keeps the system's code", async () => {
  const port = await closedPort();
  await assert.rejects(connect({ hostname: "127.0.0.1", port }), {
    name: "NetError",
    code: "ECONNREFUSED",
    message: `cannot connect to 127.0.0.1:${port}: nothing is listening there (ECONNREFUSED)`,
  });
});

test("a name whose addresses all refuse is one error, not a list", async () => {
  const port = await closedPort();
  await assert.rejects(connect({ hostname: "localhost", port }), {
    code: "ECONNREFUSED",
    message: `cannot connect to localhost:${port}: nothing is listening there (ECONNREFUSED)`,
  });
});

test("a host that does not exist is said to not exist", async () => {
  await assert.rejects(
    connect({ hostname: "nobody.invalid", port: 80 }),
    (error: { code: string; message: string }) => {
      assert.ok(["ENOTFOUND", "EAI_AGAIN"].includes(error.code), error.code);
      assert.match(error.message, /^cannot connect to nobody\.invalid:80: /);
      return true;
    },
  );
});

test("a unix socket that is not there is named by its path", async (t) => {
  const path = socketPath(t);
  const message = `cannot connect to ${path}: there is no such socket (ENOENT)`;
  await assert.rejects(connect({ unix: path }), { code: "ENOENT", message });
});

test("of a name with two addresses, the one that answers is taken", async (t) => {
  const server = await startTcp(t, (connection) => void connection.write("here"), { hostname: "127.0.0.1" });
  const connection = await connect({ hostname: "localhost", port: server.port });
  assert.equal(await textOf(connection), "here");
  await connection.close();
});

/** A port whose queue is full: it answers no further handshake, as a host that drops packets. Linux's way. */
async function fullPort(t: TestContext): Promise<number> {
  const program = `const server = require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    process.stdout.write(String(server.address().port), () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const port = Number((await once(child.stdout, "data"))[0]);
  for (let i = 0; i < 2; i++) {
    const socket = net.connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    await once(socket, "connect");
  }
  return port;
}

test("a connection that is not made in time is given up, with a code", { timeout: 30_000 }, async (t) => {
  if (process.platform !== "linux") return t.skip("how a full queue behaves is Linux's own");
  const port = await fullPort(t);
  await assert.rejects(connect({ hostname: "127.0.0.1", port, timeout: 200 }), {
    code: "CONNECT_TIMEOUT",
    message: `cannot connect to 127.0.0.1:${port}: no answer within 0.2 s (CONNECT_TIMEOUT)`,
  });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(connect({ hostname: "127.0.0.1", port, signal }), { name: "TimeoutError" });
});
