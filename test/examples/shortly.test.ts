/** The URL shortener, on both of its stores: in a browser, at its limits, and with four processes that share one. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launchBrowser, noBrowser, visit } from "../browser/support.ts";
import { type Portico, runPortico, startPortico } from "../support/portico.ts";

const FOLDER = fileURLToPath(new URL("../../examples/shortly/", import.meta.url));
const SERVE = [path.join(FOLDER, "server.ts"), "--static", path.join(FOLDER, "public"), "--prefix", "/static"];
const hasRedis = spawnSync("redis-server", ["--version"]).error === undefined;

/** The environment that gives an example a store of its own, for one test. */
type MakeStore = (t: TestContext) => Promise<Record<string, string>>;

function directory(t: TestContext): string {
  const created = mkdtempSync(path.join(tmpdir(), "portico-"));
  t.after(() => rmSync(created, { recursive: true }));
  return created;
}

const lmdb: MakeStore = async (t) => ({ SHORTLY_DATA: directory(t), REDIS_URL: "" });

/** A server that can be reached by its socket only, and keeps nothing. */
const redis: MakeStore = async (t) => {
  const socket = path.join(directory(t), "redis.sock");
  const child = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]);
  t.after(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  let log = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    log += text;
    if (/Ready to accept connections|connections on the unix socket|now ready to accept/.test(log)) break;
  }
  return { REDIS_URL: `unix://${socket}`, SHORTLY_DATA: "" };
};

async function start(t: TestContext, makeStore: MakeStore, ...args: string[]): Promise<Portico> {
  const env = await makeStore(t);
  const portico = await startPortico([...SERVE, ...args], { env });
  t.after(() => portico.stop("SIGKILL"));
  return portico;
}

function shorten({ url }: Portico, address: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { method: "POST", body: new URLSearchParams({ url: address }), redirect: "manual", ...init });
}

async function clicksOf({ url }: Portico, code: string): Promise<string> {
  return /<dd id="clicks">(.*?)<\/dd>/.exec(await (await fetch(`${url}/${code}+`)).text())![1]!;
}

const STORES: [name: string, makeStore: MakeStore, skip: string | false][] = [
  ["on LMDB", lmdb, false],
  ["on Redis", redis, hasRedis ? false : "redis-server is not installed"],
];

for (const [name, makeStore, skip] of STORES) {
  describe(`shortly ${name}`, { skip, timeout: 240_000 }, () => {
    test("in a browser: shorten, follow, count, list", { skip: noBrowser }, async (t) => {
      const target = http
        .createServer((_, response) => void response.end("the end of a long way"))
        .listen(0, "127.0.0.1");
      await once(target, "listening");
      t.after(() => target.close().closeAllConnections());
      const address = `http://127.0.0.1:${(target.address() as { port: number }).port}/a/long/way?with=<b>&more`;
      const portico = await start(t, makeStore);
      const browser = await launchBrowser();
      t.after(() => browser.close());

      const { page, complaints } = await visit(browser, `${portico.url}/`);
      await page.getByLabel("A long address").fill("ftp://example.org");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText("Only addresses of the web").waitFor();
      await page.getByLabel("A long address").fill(address);
      await page.getByRole("button", { name: "Shorten" }).click();
      await page.getByText(new URL(address).href).waitFor();
      assert.equal(await page.locator("#clicks").textContent(), "0 times");

      await page.getByRole("link", { name: `${portico.url}/1` }).click();
      await page.getByText("the end of a long way").waitFor();
      await page.goBack();
      await page.reload();
      assert.equal(await page.locator("#clicks").textContent(), "once");
      await page.getByRole("link", { name: "Another one" }).click();
      const row = page.getByRole("row").filter({ hasText: new URL(address).href });
      assert.match((await row.textContent())!, /^\s*1.*1\s*$/s);
      // The address that was refused.
      assert.deepEqual(
        complaints.filter((complaint) => !complaint.includes("status of 400")),
        [],
      );
    });

    test("the same address gets the same code, another one the next", async (t) => {
      const portico = await start(t, makeStore);
      const codes: (string | null)[] = [];
      for (const address of ["http://a.example/", "http://b.example/x", "http://A.example"]) {
        codes.push((await shorten(portico, address)).headers.get("location"));
      }
      assert.deepEqual(codes, ["/1+", "/2+", "/1+"]);
      const followed = await fetch(`${portico.url}/2`, { redirect: "manual" });
      assert.deepEqual([followed.status, followed.headers.get("location")], [302, "http://b.example/x"]);
      assert.equal(followed.headers.get("cache-control"), "no-store");
      await fetch(`${portico.url}/2`, { method: "HEAD", redirect: "manual" });
      assert.equal(await clicksOf(portico, "2"), "once");
    });

    test("an address of any length that is taken has one code", async (t) => {
      const portico = await start(t, makeStore);
      const long = (size: number) => `http://a.example/${"x".repeat(size - 17)}`;
      const codes: (string | null)[] = [];
      for (const size of [1000, 2000, 1999, 2000]) {
        codes.push((await shorten(portico, long(size))).headers.get("location"));
      }
      assert.deepEqual(codes, ["/1+", "/2+", "/3+", "/2+"]);
      const followed = await fetch(`${portico.url}/2`, { redirect: "manual" });
      assert.equal(followed.headers.get("location"), long(2000));
    });

    test("what is no address is said to be none, and comes back escaped; unknown codes are 404", async (t) => {
      const portico = await start(t, makeStore);
      const host = new URL(portico.url).host;
      const wrong: [typed: string, problem: RegExp][] = [
        ["", /Please enter an address\./],
        ["somewhere", /This is not a whole address/],
        ['javascript:alert("<x>")', /Only addresses of the web/],
        ["https://me:secret@example.org/", /password/],
        [`http://${host}/1`, /short already/],
        [`http://localhost:${new URL(portico.url).port}/1`, /short already/],
        [`https://example.org/${"x".repeat(2000)}`, /at most 2000 characters/],
        [`https://example.org/${"ü".repeat(1000)}`, /at most 2000 characters/],
      ];
      for (const [typed, problem] of wrong) {
        const answer = await shorten(portico, typed);
        assert.equal(answer.status, 400, typed);
        const text = await answer.text();
        assert.match(text, problem);
        assert.ok(!text.includes("<x>"));
      }
      const noForm = { method: "POST", body: "none", headers: { "content-type": "multipart/form-data; boundary=b" } };
      assert.equal((await fetch(portico.url, noForm)).status, 400);
      for (const path of ["/1", "/1+", "/0", "/zzzzzzzzzzzz", "/a/b", "/%00"]) {
        assert.equal((await fetch(portico.url + path, { redirect: "manual" })).status, 404, path);
      }
    });

    test("four processes share one store and lose no click, also while they are replaced and one is added", async (t) => {
      const portico = await start(t, makeStore, "--workers", "4");
      assert.equal((await shorten(portico, "https://example.org/")).status, 303);
      // A new connection for each, so that all processes get some.
      const click = async () => {
        const request = http.get(`${portico.url}/1`, { agent: false });
        const [response] = (await once(request, "response")) as [http.IncomingMessage];
        response.resume();
        assert.equal(response.statusCode, 302);
      };
      const each = async () => {
        for (let i = 0; i < 100; i++) await click();
      };
      const clicking = Promise.all(Array.from({ length: 10 }, each));
      portico.child.kill("SIGTTIN");
      portico.child.kill("SIGHUP");
      await clicking;
      assert.equal(await clicksOf(portico, "1"), "1000 times");
    });
  });
}

test("links on LMDB are there after a restart", async (t) => {
  const env = await lmdb(t);
  const first = await startPortico(SERVE, { env });
  await shorten(first, "https://example.org/kept");
  await first.stop();
  const second = await startPortico(SERVE, { env });
  t.after(() => second.stop("SIGKILL"));
  const followed = await fetch(`${second.url}/1`, { redirect: "manual" });
  assert.equal(followed.headers.get("location"), "https://example.org/kept");
});

test("a Redis server that is not there is named at the start", async () => {
  const { code, stderr } = await runPortico(SERVE, { env: { REDIS_URL: "redis://127.0.0.1:1" } });
  assert.equal(code, 1);
  assert.match(stderr, /ECONNREFUSED/);
});

test("a Redis server that goes away is a page that says so, and one that comes back is found", async (t) => {
  if (!hasRedis) return t.skip("redis-server is not installed");
  const socket = path.join(directory(t), "redis.sock");
  const launch = async () => {
    const child = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", ""]);
    for await (const text of child.stdout.setEncoding("utf8")) if (/[Rr]eady to accept|unix socket/.test(text)) break;
    return child;
  };
  const first = await launch();
  const portico = await startPortico(SERVE, { env: { REDIS_URL: `unix://${socket}` } });
  t.after(() => portico.stop("SIGKILL"));
  assert.equal((await fetch(portico.url)).status, 200);
  first.kill("SIGKILL");
  await once(first, "exit");
  const broken = await fetch(portico.url);
  assert.equal(broken.status, 500);
  assert.match(await broken.text(), /Something is broken/);
  const second = await launch();
  t.after(() => second.kill("SIGKILL"));
  while ((await fetch(portico.url)).status !== 200) await delay(20);
});
