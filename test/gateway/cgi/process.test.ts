/** Scripts as processes: how they are ended, how many there are, and that none is left. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { connect, INCOMPLETE } from "../../server/support.ts";
import { gone, isRunning } from "../../support/gone.ts";
import { serveScripts, sh } from "./support.ts";

/** Writes its process id, and its child's, and then one line of response. */
const FAMILY = "sleep 1000 & echo $$ $! > pids";

/** What some shells say of a child that was ended. */
const SHELL_TALK = [/\.sh: Terminated$/];

function pidsIn(directory: string): number[] {
  return readFileSync(path.join(directory, "pids"), "utf8").trim().split(" ").map(Number);
}

test("a client that leaves in the middle of a response ends the script and what it has started", async (t) => {
  for (const commands of ["while :; do sleep 0.01; echo x; done", "exec cat /dev/zero", "wait"]) {
    const { client, directory } = await serveScripts(t, { "a.sh": sh(`${FAMILY}; echo begun; ${commands}`) });
    await client.send("GET /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!client.received.includes("begun")) await new Promise((resolve) => client.socket.once("data", resolve));
    const pids = pidsIn(directory);
    assert.deepEqual(pids.map(isRunning), [true, true]);
    client.reset();
    await Promise.all(pids.map(gone));
  }
});

test("a client that leaves before the response ends the script, and so does one that leaves in the middle of its body", async (t) => {
  for (const request of ["GET /a.sh HTTP/1.1\r\n", "POST /a.sh HTTP/1.1\r\nContent-Length: 5\r\n"]) {
    const { client, directory, server } = await serveScripts(t, {
      "a.sh": `#!/bin/sh\n${FAMILY}\n>begun; cat; wait\n`,
      "begun.sh": sh("while [ ! -e begun ]; do sleep 0.01; done"),
    });
    await client.send(`${request}Host: a\r\n\r\n`);
    await (await connect(t, server)).get("/begun.sh");
    const pids = pidsIn(directory);
    client.reset();
    await Promise.all(pids.map(gone));
  }
});

test("a script that will not hear SIGTERM is killed", async (t) => {
  const { client, directory } = await serveScripts(
    t,
    {
      "a.sh": sh("trap '' TERM; sleep 1000 & echo $$ $! > pids; echo begun; while :; do sleep 0.1; done"),
    },
    { log: SHELL_TALK },
  );
  await client.send("GET /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!client.received.includes("begun")) await new Promise((resolve) => client.socket.once("data", resolve));
  const pids = pidsIn(directory);
  client.reset();
  await Promise.all(pids.map(gone));
});

test("a script may do its work on SIGTERM before it ends", async (t) => {
  const { client, directory } = await serveScripts(
    t,
    {
      "a.sh": sh("trap 'echo $$ $$ > pids; exit' TERM; echo begun; while :; do sleep 0.01; done"),
    },
    { log: SHELL_TALK },
  );
  await client.send("GET /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!client.received.includes("begun")) await new Promise((resolve) => client.socket.once("data", resolve));
  client.reset();
  await gone(await pidsWritten(directory));
});

async function pidsWritten(directory: string): Promise<number> {
  for (;;) {
    try {
      const [pid] = pidsIn(directory);
      if (pid) return pid;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a script that stands still is stopped: 504 before its response, a cut connection in the middle of it", async (t) => {
  const log = [/\.sh: was stopped: it neither read nor wrote anything for 1000 ms$/];
  const { client, server, directory, lines } = await serveScripts(
    t,
    {
      "silent.sh": `#!/bin/sh\n${FAMILY}\nwait\n`,
      "halting.sh": sh(`${FAMILY}; echo begun; wait`),
      "deaf.sh": "#!/bin/sh\nexec sleep 1000\n",
    },
    { timeout: 1000, log },
  );
  const { status, text } = await client.get("/silent.sh");
  assert.deepEqual([status, text], [504, "504 Gateway Timeout\n"]);
  await Promise.all(pidsIn(directory).map(gone));
  await assert.rejects(client.get("/halting.sh"), INCOMPLETE);
  await Promise.all(pidsIn(directory).map(gone));
  // More than its pipe holds: nobody but the script keeps it waiting.
  const deaf = await connect(t, server);
  await deaf.send(`POST /deaf.sh HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n${"a".repeat(1_000_000)}`);
  assert.equal((await deaf.response()).status, 504);
  assert.equal(lines.length, 3);
});

test("a script is not held to account for a client that takes its time", async (t) => {
  const { server } = await serveScripts(
    t,
    { "echo.sh": sh("exec cat"), "fill.sh": sh("head -c 20000000 /dev/zero") },
    { timeout: 500 },
  );
  const slowReader = await connect(t, server);
  await slowReader.send("GET /fill.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  slowReader.pause();
  const slowWriter = await connect(t, server);
  await slowWriter.send("POST /echo.sh HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
  // Time is what this is about: more than twice the limit.
  for (const byte of "abcd") {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await slowWriter.send(byte);
  }
  assert.equal((await slowWriter.response()).text, "abcd");
  slowReader.resume();
  assert.equal((await slowReader.response()).body.length, 20_000_000);
});

test("a script that closes its output has answered; it may live on, but not for ever", async (t) => {
  const { client, directory } = await serveScripts(
    t,
    { "a.sh": sh("echo done; echo $$ $$ > pids; exec >&-; exec sleep 1000") },
    { timeout: 1000 },
  );
  assert.equal((await client.get("/a.sh")).text, "done\n");
  await Promise.all(pidsIn(directory).map(gone));
});

test("an endless script that is asked with HEAD is answered at once, and stopped in time", async (t) => {
  const { client, directory } = await serveScripts(
    t,
    { "a.sh": sh("echo $$ $$ > pids; exec cat /dev/zero") },
    { timeout: 1000 },
  );
  await client.send("HEAD /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response("HEAD")).status, 200);
  await gone(await pidsWritten(directory));
});

test("a script that is killed in the middle of its response cuts the connection", async (t) => {
  const log = [/a\.sh: was killed by SIGKILL in the middle of its output$/];
  const { client } = await serveScripts(t, { "a.sh": sh("echo begun; kill -KILL $$") }, { log });
  await assert.rejects(client.get("/a.sh"), INCOMPLETE);
});

test("a script that ends short of its Content-Length cuts the connection", async (t) => {
  const log = [/a\.sh: ended its output 3 bytes short of its Content-Length$/];
  const tree = { "a.sh": "#!/bin/sh\nprintf 'Status: 200\\nContent-Length: 10\\n\\n1234567'\n" };
  const { client } = await serveScripts(t, tree, { log });
  await assert.rejects(client.get("/a.sh"), INCOMPLETE);
});

test("what a script writes to standard error is in the log, line by line, with its name", async (t) => {
  const log = [/^cgi: sub\/a\.sh: /];
  const { client, lines, logged } = await serveScripts(
    t,
    {
      "sub/a.sh": sh(
        "echo one >&2; printf '\\033[2Jtwo\\r\\n\\ttab\\n' >&2; head -c 9000 /dev/zero | tr '\\0' e >&2; echo ok",
      ),
    },
    { log },
  );
  assert.equal((await client.get("/sub/a.sh")).text, "ok\n");
  await logged(/: e{808}$/);
  const text = lines.map((line) => line.slice("cgi: sub/a.sh: ".length));
  assert.deepEqual(text, ["one", "\\x1b[2Jtwo\\x0d", "\ttab", "e".repeat(8192), "e".repeat(808)]);
});

test("no more scripts run at a time than may; the others wait their turn, and too many are sent away", async (t) => {
  const { server, directory } = await serveScripts(
    t,
    {
      // Fails if there are three of them at a time.
      "a.sh": sh(
        "mkdir one 2>/dev/null && mine=one || { mkdir two && mine=two; } || exit; while [ ! -e go ]; do sleep 0.01; done; rmdir $mine; echo ok",
      ),
      "go.sh": sh(""),
    },
    { maxScripts: 2, maxWaiting: 3 },
  );
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, server)));
  for (const client of clients) await client.send("GET /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  // Those that wait are in order: the sixth is the one too many.
  const refused = await clients[5]!.response();
  assert.deepEqual([refused.status, refused.field("Retry-After")], [503, "1"]);
  // One that leaves makes room.
  clients[4]!.reset();
  await clients[4]!.closed;
  writeFileSync(path.join(directory, "go"), "");
  for (const client of clients.slice(0, 4)) assert.equal((await client.response()).text, "ok\n");
  const late = await connect(t, server);
  assert.equal((await late.get("/a.sh")).text, "ok\n");
});

test("many requests at a time are all answered", async (t) => {
  const { server } = await serveScripts(t, { "a.sh": sh('echo "$QUERY_STRING"') }, { maxScripts: 8 });
  const clients = await Promise.all(Array.from({ length: 60 }, () => connect(t, server)));
  const answers = await Promise.all(clients.map((client, at) => client.get(`/a.sh?${at}`)));
  assert.deepEqual(
    answers.map(({ text }) => text),
    clients.map((_, at) => `${at}\n`),
  );
});
