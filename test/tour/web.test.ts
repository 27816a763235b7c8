/** The tour's second half: web servers, driven as their texts drive them, and each weakness observed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type TestContext, test } from "node:test";
import { dial, serve } from "./support.ts";

/** Long enough that whoever does not wait for it is done before. */
const SLOW = { SLOW: "3000" };

async function get(url: string): Promise<string> {
  return (await fetch(url, { headers: { Connection: "close" } })).text();
}

test("08 gives its page to everybody, and makes everybody wait for one", async (t) => {
  const { program, port } = await serve(t, "08", { SLOW: "500" });
  const slow = await dial(t, port);
  const first = slow.get("/slow");
  await program.written(/\/slow asked for/);
  // The kernel accepts, although nobody reads.
  const quick = await dial(t, port);
  assert.match(await quick.get("/anything"), /^HTTP\/1\.1 200 OK\r\n.*<h1>Hello<\/h1>\n$/s);
  assert.match(program.output, /\/slow asked for\n\/slow answered\n\/anything asked for\n/);
  assert.match(await first, /<h1>Hello<\/h1>\n$/);
});

test("10 with no length or the right one is read whole; with a small one cut off, with a large one broken", async (t) => {
  const { url, port } = await serve(t, "10");
  assert.equal(await get(`${url}/absent`), "Hello, world!\n");
  assert.equal(await get(`${url}/small`), "Hello");
  assert.equal(await get(`${url}/equal`), "Hello, world!\n");
  await assert.rejects(get(`${url}/large`), /terminated/);
  // What is cut off stands where the next response should begin.
  const client = await dial(t, port);
  client.socket.write("GET /small HTTP/1.1\r\n\r\n");
  await client.until(/world/);
  client.socket.write("GET /absent HTTP/1.1\r\n\r\n");
  assert.match(
    await client.closed,
    /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 5\r\n\r\nHello, world!\nHTTP\/1\.1 200 OK\r\n/s,
  );
});

const curl = spawnSync("curl", ["--version"]).error === undefined ? false : "there is no curl";

test("curl leaves the rest of a small length alone, and calls a large one a partial file", {
  skip: curl,
}, async (t) => {
  const { url } = await serve(t, "10");
  const ask = (...paths: string[]) => {
    const { status, stdout, stderr } = spawnSync("curl", ["-sSv", ...paths.map((path) => url + path)], {
      encoding: "utf8",
    });
    return { status, stdout, stderr };
  };
  const two = ask("/small", "/equal");
  assert.deepEqual([two.status, two.stdout], [0, "HelloHello, world!\n"]);
  assert.match(two.stderr, /excess/i);
  const large = ask("/large");
  assert.deepEqual([large.status, large.stdout], [18, "Hello, world!\n"]);
  assert.match(large.stderr, /36 (bytes remaining|out of 50 bytes|bytes missing)|36 bytes/);
});

test("11 sends no byte beyond the length, cuts where bytes are missing, and says so", async (t) => {
  const { program, url } = await serve(t, "11");
  for (const path of ["/absent", "/equal"]) {
    const response = await fetch(url + path);
    assert.deepEqual([response.headers.get("content-length"), await response.text()], ["14", "Hello, world!\n"]);
  }
  const { port } = new URL(url);
  const client = await dial(t, Number(port));
  client.socket.write("GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.until(/Hello/);
  client.socket.end("GET /equal HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(await client.closed, /^HTTP\/1\.1 200 OK\r\n.*Content-Length: 5\r\n\r\nHello(HTTP\/1\.1 200 OK\r\n|$)/s);
  await program.written(/wrote more than the 5 bytes of its Content-Length/);
  for (const path of ["/large", "/stream"]) {
    await assert.rejects(get(url + path));
    await program.written(new RegExp(`GET ${path}: .*ended after 14 of the 50 bytes of its Content-Length`));
  }
});

/** A slow client, then quick ones: the quick ones are answered first, by somebody else. */
async function doesNotHoldUp(t: TestContext, number: string, who: RegExp, isBusy = /./) {
  const { program, url } = await serve(t, number, SLOW);
  let isDone = false;
  const slow = get(`${url}/slow`).finally(() => {
    isDone = true;
  });
  await program.written(isBusy);
  const quick = new Set<string>();
  let wasOvertaken = false;
  while (!isDone && !wasOvertaken) {
    const [, name] = who.exec(await get(`${url}/`))!;
    quick.add(name!);
    wasOvertaken = !isDone;
  }
  const [, slowOne] = who.exec(await slow)!;
  return { program, url, quick, slowOne: slowOne!, wasOvertaken };
}

test("12 has a process for each connection: a slow one holds up nobody, a crash costs one client", async (t) => {
  const { program, url, quick, slowOne, wasOvertaken } = await doesNotHoldUp(t, "12", /from pid (\d+)/);
  assert.ok(wasOvertaken);
  assert.ok(!quick.has(slowOne));
  await assert.rejects(get(`${url}/crash`));
  assert.match(await get(`${url}/`), /Hello from pid/);
  // The weakness: one for each, whether it says anything or not.
  const silent = await Promise.all([1, 2, 3].map(() => dial(t, Number(new URL(url).port))));
  const ports = silent.map(({ socket }) => socket.localPort);
  for (const port of ports) await program.written(new RegExp(`^${port} is for pid \\d+$`, "m"));
  const pids = ports.map((port) => new RegExp(`^${port} is for pid (\\d+)$`, "m").exec(program.output)![1]);
  assert.equal(new Set(pids).size, 3);
  for (const { socket } of silent) socket.destroy();
  for (const pid of pids) await program.written(new RegExp(`pid ${pid} has ended`));
});

test("13 has a thread for each connection: a slow one holds up nobody, a crash costs one client", async (t) => {
  const { program, url, quick, slowOne, wasOvertaken } = await doesNotHoldUp(t, "13", /from thread (\d+)/);
  assert.ok(wasOvertaken);
  assert.ok(!quick.has(slowOne));
  await assert.rejects(get(`${url}/crash`));
  await program.written(/a thread has ended: crashed/);
  assert.match(await get(`${url}/`), /Hello from thread/);
  const threads = [...program.output.matchAll(/is for thread (\d+)/g)].map(([, thread]) => thread);
  assert.equal(new Set(threads).size, threads.length);
});

test("14 has all its requests under way at once, in one process", async (t) => {
  const { url } = await serve(t, "14", { WAIT: "2000" });
  const answers = Array.from({ length: 50 }, () => get(`${url}/`));
  assert.ok((await Promise.all(answers)).every((text) => text === "Hello\n"));
  const [, most] = /0 now, (\d+) at most/.exec(await get(`${url}/waiting`))!;
  assert.ok(Number(most) > 25, `${most} of 50 at once`);
});

test("15 looks in vain for as long as a client is silent; 16 wakes up once for each request", async (t) => {
  const [polled, readiness] = [await serve(t, "15"), await serve(t, "16")];
  for (const { port } of [polled, readiness]) await dial(t, port);
  for (let i = 0; i < 3; i++) {
    const [, looks] = /(\d+) looks for this request/.exec(await get(polled.url))!;
    assert.ok(Number(looks) > 1, looks);
    assert.equal(await get(readiness.url), "1 wake-up for this request\n");
  }
});

test("18 lets one worker be slow and another answer, and replaces one that crashed", async (t) => {
  const { program, url, quick, slowOne, wasOvertaken } = await doesNotHoldUp(t, "18", /from pid (\d+)/, /is busy/);
  assert.ok(wasOvertaken);
  assert.ok([...quick].some((pid) => pid !== slowOne));
  assert.ok(!quick.has(String(program.child.pid)), "the supervisor serves nobody");
  await assert.rejects(get(`${url}/crash`));
  await program.written(/worker pid \d+ died: exit code 1; it is replaced/);
  assert.match(await get(`${url}/`), /Hello from pid/);
});

test("21 has the time of each request", async (t) => {
  const { url } = await serve(t, "21");
  const before = Date.now();
  const response = await fetch(url);
  const [, time] = /datetime="([^"]+)"/.exec(await response.text())!;
  assert.ok(Date.parse(time!) >= before && Date.parse(time!) <= Date.now());
  assert.deepEqual([response.status, response.headers.get("cache-control")], [200, "no-store"]);
  assert.notEqual(/datetime="([^"]+)"/.exec(await get(`${url}/other`))![1], time);
});

test("22 has a page for each path, and its status and fields reach the client as they are", async (t) => {
  const { url } = await serve(t, "22");
  for (const path of ["/", "/index"]) assert.equal(await get(url + path), "<h1>Index</h1>\n");
  const login = await fetch(`${url}/login`, { redirect: "manual" });
  assert.deepEqual([login.status, login.headers.get("location")], [303, "/index"]);
  assert.deepEqual(login.headers.getSetCookie(), ["visitor=1; HttpOnly"]);
  const missing = await fetch(`${url}/no/where`);
  assert.deepEqual([missing.status, missing.headers.get("x-asked-for")], [404, "/no/where"]);
});
