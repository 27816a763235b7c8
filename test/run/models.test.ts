/** The concurrency models, seen from outside: what the texts' own experiments show of each. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { serial } from "../../src/run/serial.ts";
import { answer, connect, deferred, start } from "../server/support.ts";
import { folder } from "../support/folder.ts";
import { tooMany } from "../support/open-files.ts";
import { type Portico, runPortico, startPortico } from "../support/portico.ts";

/** An application that says who answers; `/gate` waits until somebody asks for `/open`. */
const APPLICATION = `
import { threadId } from "node:worker_threads";
let open: () => void = () => {};
const gate = new Promise<void>((resolve) => { open = resolve; });
export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/gate") await gate;
    if (pathname === "/open") open();
    if (pathname === "/second") await new Promise((resolve) => setTimeout(resolve, 1000));
    if (pathname === "/die") process.exit(7);
    return new Response(process.pid + " " + threadId);
  },
};
`;

function directory(): string {
  return folder({ "server.ts": APPLICATION, "index.html": "home" });
}

async function serve(t: TestContext, ...args: string[]): Promise<Portico> {
  const portico = await startPortico(["server.ts", ...args], { cwd: directory() });
  t.after(() => portico.stop("SIGKILL"));
  return portico;
}

async function text(url: string): Promise<string> {
  return (await fetch(url, { headers: { connection: "close" } })).text();
}

describe("serial", () => {
  test("makes the second request wait until the first is answered, and the third for the second", async (t) => {
    const gates = [deferred(), deferred(), deferred()];
    const begun: number[] = [];
    const server = await start(
      t,
      serial(async (exchange) => {
        const at = Number(exchange.head.target.slice(1));
        begun.push(at);
        await gates[at]!.promise;
        answer(exchange, String(at));
      }),
    );
    const clients = [];
    for (let at = 0; at < 3; at++) {
      const client = await connect(t, server);
      await client.send(`GET /${at} HTTP/1.1\r\nHost: a\r\n\r\n`);
      clients.push(client);
    }
    gates[2]!.resolve();
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    assert.deepEqual(begun, [0]);
    gates[0]!.resolve();
    assert.equal((await clients[0]!.response()).text, "0");
    while (begun.length < 2) await new Promise(setImmediate);
    assert.deepEqual(begun, [0, 1]);
    gates[1]!.resolve();
    assert.equal((await clients[2]!.response()).text, "2");
    assert.deepEqual(begun, [0, 1, 2]);
  });

  test("passes the turn on when a client leaves, and when a handler fails", async (t) => {
    const asked = deferred();
    const server = await start(
      t,
      serial(({ head }) => {
        if (head.target === "/leave") return asked.resolve();
        throw new Error("oops");
      }),
      { onError: () => {} },
    );
    const [first, second] = [await connect(t, server), await connect(t, server)];
    await first.send("GET /leave HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked.promise;
    await second.send("GET /fail HTTP/1.1\r\nHost: a\r\n\r\n");
    first.reset();
    assert.equal((await second.response()).status, 500);
    assert.equal((await second.get("/fail")).status, 500);
  });

  test("does not begin what nobody waits for any more", async (t) => {
    const gate = deferred();
    const begun: string[] = [];
    const handler = serial(async (exchange) => {
      begun.push(exchange.head.target);
      await gate.promise;
      answer(exchange, "done");
    });
    const server = await start(t, handler);
    const [first, second, third] = [await connect(t, server), await connect(t, server), await connect(t, server)];
    await first.send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n");
    while (handler.running < 1) await new Promise(setImmediate);
    await second.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n");
    while (handler.waiting < 1) await new Promise(setImmediate);
    await third.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n");
    while (handler.waiting < 2) await new Promise(setImmediate);
    second.reset();
    while (handler.waiting > 1) await new Promise(setImmediate);
    gate.resolve();
    assert.equal((await third.response()).text, "done");
    assert.deepEqual(begun, ["/first", "/third"]);
    assert.deepEqual([handler.running, handler.waiting], [0, 0]);
  });

  test("is a model of the command: requests that would wait for each other wait for ever", async (t) => {
    const { url } = await serve(t, "--model", "serial");
    const client = new AbortController();
    const held = fetch(`${url}/gate`, { signal: client.signal });
    const second = text(`${url}/open`);
    const first = await Promise.race([second.then(() => "second"), new Promise((resolve) => setTimeout(resolve, 500))]);
    assert.equal(first, undefined, "the second waits");
    client.abort();
    await assert.rejects(held);
    await second;
  });
});

describe("event-loop", () => {
  test("answers the second client while the first waits", async (t) => {
    const { url } = await serve(t);
    const held = text(`${url}/gate`);
    const [pid] = (await text(`${url}/open`)).split(" ");
    assert.equal((await held).split(" ")[0], pid);
  });

  test("holds a thousand requests that wait at the same time", { skip: tooMany(1000) }, async (t) => {
    const { url } = await serve(t, "--model", "event-loop");
    const started = Date.now();
    const answers = await Promise.all(Array.from({ length: 1000 }, () => text(`${url}/second`)));
    assert.equal(new Set(answers).size, 1);
    // One after the other they would take a thousand seconds.
    assert.ok(Date.now() - started < 100_000);
  });
});

for (const model of ["threads", "processes"] as const) {
  describe(model, () => {
    test("answers from each of its workers, on one port", async (t) => {
      const { url, child } = await serve(t, "--model", model, "--workers", "3");
      const names = new Set<string>();
      while (names.size < 3) names.add(await text(url));
      const pids = new Set([...names].map((name) => name.split(" ")[0]));
      assert.equal(pids.size, model === "threads" ? 1 : 3);
      assert.equal(pids.has(String(child.pid)), model === "threads");
    });

    test("replaces a worker that dies, and the others go on", async (t) => {
      const portico = await serve(t, "--model", model, "--workers", "2");
      await assert.rejects(text(`${portico.url}/die`));
      await portico.written(/worker (pid|thread) \d+ died: exit code 7; it is replaced/);
      const names = new Set<string>();
      while (names.size < 2) names.add(await text(portico.url));
    });

    test("serves a directory", async (t) => {
      const portico = await startPortico([".", "--model", model, "-w", "2"], { cwd: folder({ "index.html": "home" }) });
      t.after(() => portico.stop("SIGKILL"));
      assert.equal(await text(portico.url), "home");
    });

    test("does not start what cannot be loaded, and says so once", async () => {
      const cwd = folder({ "server.ts": "throw new Error('no database');" });
      const { code, stderr } = await runPortico(["server.ts", "--model", model, "-w", "4"], { cwd });
      assert.equal(code, 1);
      assert.match(stderr, /^portico: server\.ts threw while it was loaded, .*Error: no database\n$/);
    });

    test("says in one line that the port is taken", async (t) => {
      const other = await start(t, () => {});
      const { port } = new URL(other.url);
      const { code, stderr } = await runPortico(["server.ts", port, "--model", model], { cwd: directory() });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^portico: 127\\.0\\.0\\.1:${port} is in use.*\n$`));
    });
  });
}

describe("the plan", () => {
  test("several workers are processes; WEB_CONCURRENCY counts where no flag does", async (t) => {
    const portico = await startPortico(["server.ts"], { cwd: directory(), env: { WEB_CONCURRENCY: "2" } });
    t.after(() => portico.stop("SIGKILL"));
    const names = new Set<string>();
    while (names.size < 2) names.add(await text(portico.url));
  });

  const wrong: readonly [args: string[], line: RegExp][] = [
    [["--model", "fork"], /--model takes event-loop, serial, threads or processes, not "fork"/],
    [["--workers", "0"], /--workers takes a number from 1 to 9999 or auto, not "0"/],
    [["--workers", "many"], /--workers takes a number from 1 to 9999 or auto, not "many"/],
    [["--model", "serial", "-w", "2"], /the model serial has one worker, not 2/],
  ];
  for (const [args, line] of wrong) {
    test(`${args.join(" ")} is refused`, async () => {
      const { code, stderr } = await runPortico(["server.ts", ...args], { cwd: directory() });
      assert.equal(code, 2);
      assert.match(stderr, line);
    });
  }
});
