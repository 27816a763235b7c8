/** `portico udp` as a process, by itself and opposite netcat. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import dgram from "node:dgram";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { launch, runPortico } from "../support/portico.ts";

async function service(t: TestContext, ...args: string[]): Promise<string> {
  const portico = launch(["udp", "echo", ...args, "--port", "0"]);
  t.after(() => portico.stop("SIGKILL"));
  return (await portico.written(/ on 127\.0\.0\.1:(\d+)/))[1]!;
}

test("send prints the answer to a text, and to each line of its input", async (t) => {
  const port = await service(t);
  const { code, stdout } = await runPortico(["udp", "send", "127.0.0.1", port, "hello", "there"]);
  assert.deepEqual([code, stdout], [0, "hello there\n"]);
  const portico = launch(["udp", "send", `127.0.0.1:${port}`]);
  portico.child.stdin!.end("one\ntwo\n");
  assert.deepEqual(await portico.exited, { code: 0, signal: null });
  assert.equal(portico.output, "one\ntwo\n");
});

test("echo --clock puts the time in front", async (t) => {
  const port = await service(t, "--clock");
  const { stdout } = await runPortico(["udp", "send", "127.0.0.1", port, "now"]);
  assert.match(stdout, /^\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] now\n$/);
});

const skip = spawnSync("nc", ["-h"]).error === undefined ? false : "there is no nc";

test("echo answers nc -u", { skip }, async (t) => {
  const port = await service(t);
  const nc = spawn("nc", ["-u", "127.0.0.1", port]);
  t.after(() => nc.kill("SIGKILL"));
  nc.stdin.write("datagram");
  assert.equal(String((await once(nc.stdout, "data"))[0]), "datagram");
});

test("no answer is one line and exit code 1: at once when nobody is there, or after --timeout", async (t) => {
  const silent = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  t.after(() => silent.close());
  await once(silent, "listening");
  const { port } = silent.address();
  const late = await runPortico(["udp", "send", "127.0.0.1", `${port}`, "x", "--timeout", "0.1"]);
  const line = `portico: no answer came from 127.0.0.1:${port} within 0.1 s (ANSWER_TIMEOUT)\n`;
  assert.deepEqual([late.code, late.stderr], [1, line]);

  const gone = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(gone, "listening");
  const closed = gone.address().port;
  gone.close();
  const refused = await runPortico(["udp", "send", "127.0.0.1", `${closed}`, "x"]);
  const why = `portico: cannot reach 127.0.0.1:${closed}: nothing is listening there (ECONNREFUSED)\n`;
  assert.deepEqual([refused.code, refused.stderr], [1, why]);
});

test("with --timeout 0 nothing is waited for", async (t) => {
  const receiver = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  t.after(() => receiver.close());
  await once(receiver, "listening");
  const received = once(receiver, "message");
  const { code, stdout } = await runPortico(["udp", "send", "127.0.0.1", `${receiver.address().port}`, "x", "-w", "0"]);
  assert.deepEqual([code, stdout, String((await received)[0])], [0, "", "x"]);
});
