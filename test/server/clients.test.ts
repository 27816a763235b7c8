/** Clients that others wrote: Node's own, fetch, and curl where it is installed. */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import type { Server } from "../../src/server/server.ts";
import { answer, readAll, socketPath, start, testEachWay } from "./support.ts";

async function echo(exchange: Exchange): Promise<void> {
  const { method, target } = exchange.head;
  const body = await readAll(exchange.body);
  answer(exchange, body.length > 0 ? body : `${method} ${target}`);
}

interface NodeAnswer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: NodeJS.Dict<string>;
}

async function readNode(request: http.ClientRequest): Promise<NodeAnswer> {
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  return { status: response.statusCode, headers: response.headers, body, trailers: response.trailers };
}

testEachWay("Node's client sends 1,000 requests over four sockets", async (t, start, way) => {
  const server = await start(echo);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  const where = way.unix ? { socketPath: server.address as string } : { port: new URL(server.url).port };
  const sockets = new Set<unknown>();
  const send = async (i: number) => {
    const request = http.request({ ...where, agent, path: `/${i}`, method: i % 2 === 0 ? "GET" : "POST" });
    request.on("socket", (socket) => sockets.add(socket));
    // Every fourth by length, every fourth in chunks.
    if (i % 4 === 1) request.write("in ");
    request.end(i % 2 === 0 ? undefined : `body ${i}`);
    const { status, body } = await readNode(request);
    assert.equal(status, 200);
    assert.equal(String(body), i % 2 === 0 ? `GET /${i}` : `${i % 4 === 1 ? "in " : ""}body ${i}`);
  };
  await Promise.all(Array.from({ length: 1000 }, (_, i) => send(i)));
  assert.ok(sockets.size <= 4, `${sockets.size} sockets`);
});

test("Node's client understands HEAD, 204, 304, chunks and trailers on one connection", async (t) => {
  const server = await start(t, (exchange) => {
    const status = Number(exchange.head.target.slice(1));
    exchange.start(status, ["X-Status", String(status)]);
    exchange.write("one ");
    exchange.end("two", ["X-Sum", "7"]);
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = (method: string, status: number) =>
    readNode(http.request(new URL(`/${status}`, server.url), { agent, method }).end());
  for (const [method, status, body] of [
    ["HEAD", 200, ""],
    ["GET", 204, ""],
    ["GET", 304, ""],
    ["GET", 205, ""],
    ["GET", 200, "one two"],
    ["DELETE", 404, "one two"],
  ] as const) {
    const answer = await ask(method, status);
    assert.equal(answer.status, status);
    assert.equal(answer.headers["x-status"], String(status));
    assert.equal(String(answer.body), body);
    assert.deepEqual({ ...answer.trailers }, body === "" ? {} : { "x-sum": "7" });
  }
});

test("Node's client is told to continue, and of early hints", async (t) => {
  const server = await start(t, async (exchange) => {
    exchange.inform(103, ["Link", "</style.css>; rel=preload"]);
    await echo(exchange);
  });
  const headers = { Expect: "100-continue", "Content-Length": 4 };
  const request = http.request(server.url, { method: "POST", headers, agent: false });
  const statuses: number[] = [];
  request.on("information", ({ statusCode }) => statuses.push(statusCode));
  request.on("continue", () => request.end("body"));
  request.flushHeaders();
  assert.equal(String((await readNode(request)).body), "body");
  assert.deepEqual(statuses, [103, 100]);
});

test("fetch sends requests with and without bodies", async (t) => {
  const server = await start(t, echo);
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const init = i % 2 === 0 ? {} : { method: "PUT", body: `body ${i}` };
      const response = await fetch(new URL(`/${i}`, server.url), init);
      assert.equal(await response.text(), i % 2 === 0 ? `GET /${i}` : `body ${i}`);
    }),
  );
});

const curlIsMissing = spawnSync("curl", ["--version"]).status !== 0 && "curl is not installed";

describe("curl", { skip: curlIsMissing }, () => {
  interface Run {
    readonly stdout: Buffer;
    readonly stderr: string;
  }

  /** Runs curl on a target of the server; its proxies and settings are not ours. */
  function curl(server: Server, target: string, ...args: string[]): Promise<Run> {
    const all = ["--disable", "--noproxy", "*", "--silent", "--show-error", "--max-time", "60", ...args];
    return new Promise((resolve, reject) => {
      const options = { encoding: "buffer" as const, maxBuffer: 10_000_000 };
      execFile("curl", [...all, new URL(target, server.url).href], options, (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr: String(stderr) });
        else reject(new Error(`${error.message}: ${stderr}`));
      });
    });
  }

  function file(t: TestContext, bytes: Uint8Array): string {
    const folder = mkdtempSync(path.join(os.tmpdir(), "portico-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const name = path.join(folder, "file");
    writeFileSync(name, bytes);
    return name;
  }

  const large = Buffer.from(Array.from({ length: 2_000_000 }, (_, i) => (i * 31 + (i >> 9)) & 0xff));

  test("curl GETs", async (t) => {
    const server = await start(t, echo);
    const { stdout } = await curl(server, "/a?b=c", "--include");
    const [head, body] = String(stdout).split("\r\n\r\n");
    assert.match(head!, /^HTTP\/1\.1 200 OK\r\nDate: /);
    assert.equal(body, "GET /a?b=c");
  });

  test("curl asks for a head", async (t) => {
    const server = await start(t, echo);
    const { stdout } = await curl(server, "/head", "--head", "--write-out", "%{size_download} %{http_code}");
    assert.match(String(stdout), /\r\nContent-Length: 10\r\n/);
    assert.match(String(stdout), /0 200$/);
  });

  test("curl POSTs a file", async (t) => {
    const server = await start(t, async (exchange) => {
      assert.equal(exchange.head.fields.get("content-type"), "application/x-www-form-urlencoded");
      await echo(exchange);
    });
    const { stdout } = await curl(server, "/", "--data", `@${file(t, Buffer.from("a=1&b=2"))}`);
    assert.equal(String(stdout), "a=1&b=2");
  });

  test("curl speaks HTTP/1.0", async (t) => {
    const server = await start(t, (exchange) => {
      exchange.start(200, ["X-Minor", String(exchange.head.minor)]);
      exchange.write("streamed ");
      exchange.end("to the end");
    });
    const { stdout } = await curl(server, "/", "--http1.0", "--include");
    assert.match(String(stdout), /\r\nX-Minor: 0\r\nConnection: close\r\n\r\nstreamed to the end$/);
  });

  test("curl waits for 100 before it sends 2 MB", async (t) => {
    const server = await start(t, echo);
    const args = ["--header", "Expect: 100-continue", "--expect100-timeout", "50", "--verbose"];
    const { stdout, stderr } = await curl(server, "/", ...args, "--data-binary", `@${file(t, large)}`);
    assert.ok(stdout.equals(large));
    assert.match(stderr, /^< HTTP\/1\.1 100 Continue\r?$/m);
    assert.match(stderr, /^< HTTP\/1\.1 200 OK\r?$/m);
  });

  test("curl sends nothing of 2 MB when it is refused", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "no", 403));
    const args = ["--header", "Expect: 100-continue", "--expect100-timeout", "50"];
    const upload = ["--data-binary", `@${file(t, large)}`, "--write-out", " %{http_code} %{size_upload}"];
    const { stdout } = await curl(server, "/", ...args, ...upload);
    assert.equal(String(stdout), "no 403 0");
  });

  test("curl reads the refusal of 2 MB that it sends without asking", async (t) => {
    const server = await start(t, (exchange) => answer(exchange, "no", 403));
    const upload = ["--header", "Expect:", "--data-binary", `@${file(t, large)}`];
    const { stdout } = await curl(server, "/", ...upload, "--write-out", " %{http_code}");
    assert.equal(String(stdout), "no 403");
  });

  test("curl uploads a file with PUT", async (t) => {
    const server = await start(t, echo);
    const { stdout } = await curl(server, "/", "--upload-file", file(t, large));
    assert.ok(stdout.equals(large));
  });

  test("curl uploads in chunks", async (t) => {
    const server = await start(t, async (exchange) => {
      assert.equal(exchange.body.length, null);
      await echo(exchange);
    });
    const chunked = ["--header", "Transfer-Encoding: chunked"];
    const { stdout } = await curl(server, "/", ...chunked, "--upload-file", file(t, large));
    assert.ok(stdout.equals(large));
  });

  test("curl asks for 21 URLs over one connection", async (t) => {
    const server = await start(t, echo);
    const urls = Array.from({ length: 20 }, (_, i) => new URL(`/${i}`, server.url).href);
    const { stdout } = await curl(server, "/last", "--write-out", " %{num_connects}\n", ...urls);
    const expected = [...urls.keys(), "last"].map((name, i) => `GET /${name} ${i === 0 ? 1 : 0}\n`);
    assert.equal(String(stdout), expected.join(""));
  });

  test("curl takes what is not compressed, though it offers to decompress", async (t) => {
    const server = await start(t, async (exchange) => {
      assert.match(exchange.head.fields.get("accept-encoding") ?? "", /gzip/);
      await echo(exchange);
    });
    const { stdout } = await curl(server, "/plain", "--compressed", "--include");
    assert.doesNotMatch(String(stdout), /content-encoding/i);
    assert.match(String(stdout), /\r\n\r\nGET \/plain$/);
  });

  test("curl reaches a unix socket", async (t) => {
    const unix = socketPath(t);
    await start(t, echo, { unix });
    const server = await start(t, () => assert.fail("the other server is asked"));
    const { stdout } = await curl(server, "/over", "--unix-socket", unix);
    assert.equal(String(stdout), "GET /over");
  });
});
