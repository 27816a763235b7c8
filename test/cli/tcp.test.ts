/** `portico tcp` as a process, by itself and opposite netcat and socat. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Progress, progressLine } from "../../src/cli/sockets/progress.ts";
import { connect } from "../../src/net/connect.ts";
import { socketPath } from "../server/support.ts";
import { folder } from "../support/folder.ts";
import { launch, type Portico, runPortico } from "../support/portico.ts";

const TIME = /^\[(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] /gm;

/** A service on a free port; it ends when the test does. */
async function service(t: TestContext, ...args: string[]): Promise<{ portico: Portico; port: string }> {
  const portico = launch(["tcp", ...args, "--port", "0"]);
  t.after(() => portico.stop("SIGKILL"));
  const [, port] = await portico.written(/ on 127\.0\.0\.1:(\d+)/);
  return { portico, port: port! };
}

/** Debian's netcat-openbsd; others have other flags. */
const noNetcat = /OpenBSD/.test(spawnSync("nc", ["-h"], { encoding: "utf8" }).stderr ?? "") ? false : "no OpenBSD nc";
const noPython = spawnSync("python3", ["--version"]).status === 0 ? false : "there is no python3";
const PYTHON = `import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    sys.stdout.writelines(s.makefile())`;
const noSocat = spawnSync("socat", ["-V"]).error === undefined ? false : "there is no socat";

/** What a program says to this input, and how it ends. */
async function say(child: ChildProcess, input: string | Buffer): Promise<{ output: string; code: number }> {
  child.stdin!.end(input);
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  return { output, code };
}

test("echo gives back every byte, to portico, and half-closes as it is half-closed", async (t) => {
  const { port } = await service(t, "echo");
  const text = `one\r\ntwo\nthe last line has no end: ${"é".repeat(500_000)}`;
  assert.deepEqual(await say(launch(["tcp", "connect", "127.0.0.1", port]).child, text), { output: text, code: 0 });
  assert.equal((await say(launch(["tcp", "connect", `localhost:${port}`]).child, "x")).output, "x");
});

for (const [name, skip, args] of [
  ["nc", noNetcat, (port: string) => ["-N", "127.0.0.1", port]],
  ["socat", noSocat, (port: string) => ["-t5", "-", `TCP:127.0.0.1:${port}`]],
  ["python3", noPython, (port: string) => ["-c", PYTHON, port]],
] as const) {
  test(`echo --clock answers ${name} by lines, and each connection for as long as it lasts`, { skip }, async (t) => {
    const { port } = await service(t, "echo", "--clock");
    const { output } = await say(spawn(name, args(port)), "one\r\ntwo\nthree");
    assert.equal(output.match(TIME)?.length, 3);
    assert.equal(output.replace(TIME, ""), "one\ntwo\nthree\n");
  });
}

test("connect and nc -l are peers, on TCP and on a unix socket", { skip: noNetcat }, async (t) => {
  const path = socketPath(t);
  for (const [listen, dial] of [
    [["-lv", "127.0.0.1", "0"], (port: string) => ["127.0.0.1", port]],
    [["-lvU", path], () => ["--unix", path]],
  ] as const) {
    const listener = spawn("nc", ["-N", ...listen]);
    t.after(() => listener.kill("SIGKILL"));
    const [notice] = await once(listener.stderr.setEncoding("utf8"), "data");
    const { child } = launch(["tcp", "connect", ...dial(/ (\d+)\n$/.exec(notice)?.[1] ?? "")]);
    const [there, back] = await Promise.all([say(listener, "from nc\n"), say(child, "from portico\n")]);
    assert.deepEqual([there.output, back.output], ["from portico\n", "from nc\n"]);
  }
});

test("listen takes one client, refuses the second, and both ends read all of it", async (t) => {
  const { portico, port } = await service(t, "listen");
  const file = Buffer.alloc(3_000_000, "ab").toString();
  const there = say(portico.child, file);
  const client = await connect({ hostname: "127.0.0.1", port: Number(port) });
  await portico.written(/connected: 127\.0\.0\.1:\d+/);
  await assert.rejects(connect({ hostname: "127.0.0.1", port: Number(port) }), { code: "ECONNREFUSED" });
  await client.end("thanks");
  let size = 0;
  for await (const piece of client) size += piece.length;
  assert.equal(size, file.length);
  assert.deepEqual(await there, { output: "thanks", code: 0 });
});

test("nobody there: one line that says who and why, and exit code 1", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  for (const [words, line] of [
    [["127.0.0.1", `${port}`], `cannot connect to 127.0.0.1:${port}: nothing is listening there (ECONNREFUSED)`],
    [["-U", "/nowhere.sock"], "cannot connect to /nowhere.sock: there is no such socket (ENOENT)"],
  ] as const) {
    const { code, stderr } = await runPortico(["tcp", "connect", ...words]);
    assert.deepEqual([code, stderr], [1, `portico: ${line}\n`]);
  }
  const { code, stderr } = await runPortico(["tcp", "connect", "nobody.invalid", "80"]);
  assert.equal(code, 1);
  assert.match(stderr, /^portico: cannot connect to nobody\.invalid:80: [^\n]+ \(E[A-Z_]+\)\n$/);
});

test("words that make no sense: one line with what would, and exit code 2", async () => {
  for (const [words, line] of [
    [["conect"], /^portico: portico tcp has no command conect; did you mean connect\?\n$/],
    [["connect"], /^portico: a host and a port are needed; usage: portico tcp connect HOST PORT \[OPTIONS\]\n$/],
    [["connect", "a", "x"], /^portico: PORT takes a number from 0 to 65535, not "x"\n$/],
    [["connect", "a", "1", "b"], /^portico: there is no place for "b"; usage: [^\n]*\n$/],
    [["connect", "a", "1", "-w", "soon"], /^portico: --timeout takes a number of seconds, as 2 or 0\.5, not "soon"\n$/],
    [["connect", "a", "1", "--unik"], /^portico: there is no option --unik; did you mean --unix\?\n$/],
    [["echo", "--model", "fibres"], /^portico: --model takes event-loop, [^\n]*, not "fibres"\n$/],
    [["echo", "--unix", "/x", "--host", "::"], /^portico: --unix listens on a path, [^\n]*\n$/],
    [["serve"], /^portico: a module is needed; [^\n]*\n$/],
  ] as const) {
    const { code, stderr } = await runPortico(["tcp", ...words]);
    assert.equal(code, 2, words.join(" "));
    assert.match(stderr, line);
  }
});

test("a port that is taken is said to be, with by whom it is", async (t) => {
  const { port } = await service(t, "echo");
  const { code, stderr } = await runPortico(["tcp", "echo", port]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`^portico: 127\\.0\\.0\\.1:${port} is in use[^\\n]*; another port: --port \\d+\\n$`));
});

test("a connection on which nothing moves is given up after --timeout", async (t) => {
  const { portico, port } = await service(t, "echo");
  const waiting = launch(["tcp", "connect", "127.0.0.1", port, "--timeout", "0.2"]);
  const { code } = await waiting.exited;
  assert.equal(code, 1);
  assert.match(waiting.output, /^portico: 127\.0\.0\.1:\d+ neither sent nor took anything for 0\.2 s\n$/);
  assert.match(portico.output, /^echo on [^\n]*\n(.* broke: the peer has reset the connection \(ECONNRESET\)\n)?$/);
});

for (const model of ["serial", "threads", "processes"]) {
  test(`echo serves by the model ${model}, and ends on SIGTERM`, async (t) => {
    const workers = model === "serial" ? [] : ["--workers", "2"];
    const { portico, port } = await service(t, "echo", "--clock", "--model", model, ...workers);
    const talks = ["one", "two", "three"].map(async (word) => {
      const { output } = await say(launch(["tcp", "connect", "127.0.0.1", port]).child, `${word}\n`);
      return output.replace(TIME, "");
    });
    assert.deepEqual(await Promise.all(talks), ["one\n", "two\n", "three\n"]);
    assert.deepEqual(await portico.stop(), { code: 0, signal: null });
  });
}

test("serve runs a class from a TypeScript module, by processes too, and says what is wrong with one", async (t) => {
  const index = fileURLToPath(new URL("../../dist/net/index.js", import.meta.url));
  const cwd = folder({
    "shout.ts": `import { StreamRequestHandler } from ${JSON.stringify(index)};
export default class Shout extends StreamRequestHandler {
  override async handle(): Promise<void> {
    for await (const line of this.connection.lines()) await this.connection.write(line.toUpperCase() + "!\\n");
  }
}`,
    "empty.ts": "export const nothing = 1;",
  });
  for (const model of ["event-loop", "processes"]) {
    const { port } = await service(t, "serve", join(cwd, "shout.ts"), "--model", model);
    assert.equal((await say(launch(["tcp", "connect", "127.0.0.1", port]).child, "hey\nyou")).output, "HEY!\nYOU!\n");
  }
  const { code, stderr } = await runPortico(["tcp", "serve", join(cwd, "empty.ts")]);
  assert.equal(code, 1);
  assert.match(stderr, /^portico: [^\n]+empty\.ts exports no default function [^\n]*\n$/);
});

test("progress is for terminals, begins late, and leaves the line as it was", (t) => {
  t.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const lines: string[] = [];
  const write = (text: string) => lines.push(text);
  const progress = new Progress({ isTTY: true, write });
  const silent = new Progress({ isTTY: false, write: () => assert.fail("nobody watches") });
  progress.received = silent.received = 3 * 1024 * 1024;
  t.mock.timers.tick(999);
  assert.deepEqual(lines, []);
  t.mock.timers.tick(1);
  progress.stop();
  silent.stop();
  assert.deepEqual(lines.at(0), "\r3.0 MiB received, 0 B sent, 3.0 MiB/s\x1b[K");
  assert.deepEqual(lines.at(-1), "\r\x1b[K");
  assert.equal(progressLine(0, 1536, 2000), "0 B received, 1.5 KiB sent, 768 B/s");
});

test("each command of tcp and udp has a help of its own, at most 80 columns wide", async () => {
  for (const [command, names] of [
    ["tcp", ["echo", "serve", "connect", "listen"]],
    ["udp", ["echo", "send"]],
  ] as const) {
    const overview = await runPortico([command, "--help"]);
    for (const name of names) {
      assert.match(overview.stdout, new RegExp(`^  ${name} `, "m"));
      const { code, stdout } = await runPortico([command, name, "-h"]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: portico ${command} ${name} `));
      for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    }
  }
});
