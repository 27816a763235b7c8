/** The client against servers that others wrote. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { fetchHandler } from "../../src/gateway/fetch/handler.ts";
import { start } from "../server/support.ts";
import { folder } from "../support/folder.ts";
import { watched } from "./support.ts";

interface Place {
  readonly url: string;
  readonly unix?: string;
}

const TEXT = "so much text. ".repeat(500);

/** What each server does: `/echo` gives back, `/gzip` is coded if asked for, `/moved` leads to `/text`, `/none` is a 204. */
async function application(request: Request): Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/echo":
      return new Response(await request.arrayBuffer(), { headers: { "X-Method": request.method } });
    case "/text":
      return new Response(TEXT);
    case "/gzip":
      return new Response(gzipSync(TEXT), { headers: { "Content-Encoding": "gzip" } });
    case "/moved":
      return new Response(null, { status: 302, headers: { Location: "/text" } });
    case "/none":
      return new Response(null, { status: 204 });
    default:
      return new Response("nothing here", { status: 404 });
  }
}

/** The same behind node:http. */
async function nodeServer(t: TestContext): Promise<Place> {
  const server = http.createServer(async (incoming, outgoing) => {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece);
    const method = incoming.method!;
    const body = method === "GET" || method === "HEAD" ? null : Buffer.concat(pieces);
    const response = await application(new Request(`http://a${incoming.url}`, { method, body }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** nginx before it, on a unix socket. */
async function nginxServer(t: TestContext): Promise<Place> {
  const { url } = await nodeServer(t);
  const root = folder();
  const unix = join(root, "socket");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path "${root}/${name}";`,
  );
  writeFileSync(
    join(root, "nginx.conf"),
    `daemon off; master_process off; pid "${root}/pid"; error_log "${root}/log";
    events {}
    http {
      access_log off; ${temporary.join(" ")}
      server { listen "unix:${unix}"; location / { proxy_pass ${url}; proxy_http_version 1.1; proxy_redirect off; } }
    }`,
  );
  const nginx = spawn("nginx", ["-p", root, "-c", join(root, "nginx.conf"), "-e", join(root, "log")], {
    stdio: "ignore",
    env: ENVIRONMENT,
  });
  t.after(async () => {
    nginx.kill("SIGKILL");
    if (nginx.exitCode === null && nginx.signalCode === null) await once(nginx, "exit");
  });
  while (!existsSync(unix)) {
    assert.equal(nginx.exitCode, null, "nginx runs");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { url: "http://nginx", unix };
}

async function bunServer(t: TestContext): Promise<Place> {
  const program = join(folder(), "server.js");
  writeFileSync(
    program,
    `const TEXT = ${JSON.stringify(TEXT)}, gzipSync = Bun.gzipSync;
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: ${application.toString()} });
    console.log(server.port);`,
  );
  const bun = spawn(BUN!, [program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => bun.kill("SIGKILL"));
  const [port] = await once(bun.stdout.setEncoding("utf8"), "data");
  return { url: `http://127.0.0.1:${String(port).trim()}` };
}

async function porticoServer(t: TestContext): Promise<Place> {
  const { url } = await start(t, fetchHandler(application));
  return { url: url.slice(0, -1) };
}

/** Debian keeps servers where only root looks for programs. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
/** An installed one, or that of the benchmark. */
const BUN = [
  "bun",
  fileURLToPath(new URL(`../../bench/node_modules/@oven/bun-linux-${process.arch}/bin/bun`, import.meta.url)),
].find((program) => spawnSync(program, ["--version"]).error === undefined);

const hasNginx = spawnSync("nginx", ["-v"], { env: ENVIRONMENT }).error === undefined;

for (const [name, startServer, skip] of [
  ["Portico", porticoServer, false],
  ["node:http", nodeServer, false],
  ["nginx", nginxServer, hasNginx ? false : "there is no nginx"],
  ["Bun", bunServer, BUN === undefined ? "there is no Bun" : false],
] as const) {
  test(`requests of every kind to ${name} are answered, on one connection`, { skip }, async (t) => {
    const { url, unix } = await startServer(t);
    const { client, log } = watched(t, { unix });
    const ask = (path: string, init = {}) => client.request(url + path, init);

    assert.equal(await (await ask("/text")).text(), TEXT);
    assert.equal(await (await ask("/gzip")).text(), TEXT);
    assert.equal((await ask("/none")).status, 204);
    const moved = await ask("/moved");
    assert.deepEqual([moved.redirected, await moved.text()], [true, TEXT]);
    const missing = await ask("/missing");
    assert.deepEqual([missing.status, await missing.text()], [404, "nothing here"]);
    assert.equal(await (await ask("/text", { method: "HEAD" })).text(), "");

    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const got = await ask("/echo", { method, body: "content" });
      assert.deepEqual([got.headers.get("x-method"), await got.text()], [method, "content"]);
    }
    // Under nginx's limit of 1 MiB.
    const large = Buffer.alloc(900_000, "0123456789");
    const whole = await ask("/echo", { method: "POST", body: large });
    assert.ok(large.equals(await whole.bytes()));
    const streamed = await ask("/echo", { method: "POST", body: [large.subarray(0, 10), large.subarray(10)] });
    assert.ok(large.equals(await streamed.bytes()));
    const expected = await ask("/echo", { method: "POST", body: large, expectContinue: true });
    assert.ok(large.equals(await expected.bytes()));

    assert.equal(log.filter((line) => line === "open").length, 1, log.join("\n"));
    const texts = await Promise.all(Array.from({ length: 100 }, async () => (await ask("/text")).text()));
    assert.deepEqual(new Set(texts), new Set([TEXT]));
  });
}
