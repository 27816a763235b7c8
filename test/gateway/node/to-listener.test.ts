/** Handlers as listeners of node:http, and in an application of Express. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { Exchange, Handler } from "../../../src/gateway/contract.ts";
import { fetchHandler } from "../../../src/gateway/fetch/handler.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { fromNodeListener } from "../../../src/gateway/node/from-listener.ts";
import { toNodeListener } from "../../../src/gateway/node/to-listener.ts";
import { files } from "../../../src/static/files.ts";
import { Client, deferred, INCOMPLETE, readAll, start } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";

interface Mounted {
  readonly client: Client;
  readonly url: string;
  readonly reports: unknown[];
}

/** Serves a handler by node:http, under lint. */
async function mount(t: TestContext, handler: Handler): Promise<Mounted> {
  const reports: unknown[] = [];
  return { ...(await serveBy(t, toNodeListener(lint(handler), { onError: (error) => reports.push(error) }))), reports };
}

async function serveBy(t: TestContext, listener: http.RequestListener): Promise<Omit<Mounted, "reports">> {
  const server = http.createServer((request, response) => listener(request, response)).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return { client: new Client(socket, {}), url: `http://127.0.0.1:${port}/` };
}

test("a handler sees the request and its connection, and its response is sent as it is", async (t) => {
  const { client } = await mount(t, async (exchange) => {
    const { head, body, connection } = exchange;
    const sent = [head.method, head.target, head.minor, [...head.fields], body.length];
    const text = String(await readAll(body));
    const { remoteAddress, localAddress, encrypted } = connection;
    assert.ok(connection.remotePort > 0 && connection.localPort > 0);
    exchange.start(201, ["X-A", "1", "x-a", "2", "Set-Cookie", "a=1", "Set-Cookie", "b=2"], "Very Made");
    exchange.end(JSON.stringify([...sent, text, [...body.trailers], remoteAddress, localAddress, encrypted]));
  });
  await client.send(
    "POST /a?b HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n",
  );
  const answer = await client.response();
  assert.equal(answer.statusLine, "HTTP/1.1 201 Very Made");
  assert.deepEqual(
    answer.fields.filter((line) => /^(x-a|set-cookie):/i.test(line)),
    ["X-A: 1", "X-A: 2", "Set-Cookie: a=1", "Set-Cookie: b=2"],
  );
  const head = [
    ["Host", "a"],
    ["X-B", "1"],
    ["Transfer-Encoding", "chunked"],
  ];
  const rest = ["ab", [["X-T", "1"]], "127.0.0.1", "127.0.0.1", false];
  assert.deepEqual(JSON.parse(answer.text), ["POST", "/a?b", 1, head, null, ...rest]);
});

test("a response in pieces waits for its client, and may have trailers and informational responses", async (t) => {
  const waited = deferred<boolean>();
  const { client } = await mount(t, async (exchange) => {
    exchange.inform(103, ["Link", "</a.css>; rel=preload; as=style"]);
    exchange.start(200);
    let pieces = 0;
    while (exchange.write("a".repeat(65_536))) pieces++;
    await exchange.drained();
    waited.resolve(pieces > 0);
    exchange.end("b", ["X-Sum", "1"]);
  });
  client.pause();
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.resume();
  assert.equal((await client.response()).status, 103);
  const { body, trailers, field } = await client.response();
  assert.equal(field("Transfer-Encoding"), "chunked");
  assert.equal(body.at(-1), 98);
  assert.deepEqual(trailers, ["X-Sum: 1"]);
  await waited.promise;
});

test("an unread body, HEAD and an empty response leave the connection as it should be", async (t) => {
  const { client } = await mount(t, (exchange) => {
    exchange.start(exchange.head.method === "PUT" ? 204 : 200, ["X-A", "1"]);
    exchange.end(exchange.head.method === "PUT" ? undefined : "body");
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  assert.equal((await client.response()).text, "body");
  await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response("HEAD")).field("X-A"), "1");
  await client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  assert.equal((await client.response()).status, 204);
});

test("the signal aborts when the client leaves, reads and drains reject, and nothing is reported", async (t) => {
  const [begun, over] = [deferred(), deferred<unknown[]>()];
  const { client, reports } = await mount(t, async ({ body, signal }) => {
    await body.read();
    begun.resolve();
    const read = await body.read().catch((error) => error.name);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    over.resolve([read, signal.reason.name]);
    throw signal.reason;
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  await begun.promise;
  client.reset();
  assert.deepEqual(await over.promise, ["AbortError", "AbortError"]);
  assert.deepEqual(reports, []);
});

const OOPS = new Error("oops");

test("what a handler throws becomes a 500 before anything is sent, and cuts the connection after", async (t) => {
  const { client, reports } = await mount(t, async (exchange) => {
    exchange.start(200, ["Content-Length", "10", "X-A", "1"]);
    if (exchange.head.target === "/late") exchange.write("half");
    throw OOPS;
  });
  const { status, field } = await client.get("/early");
  assert.deepEqual([status, field("X-A"), reports.length], [500, null, 1]);
  await assert.rejects(client.get("/late"), INCOMPLETE);
  assert.deepEqual(reports, [OOPS, OOPS]);
});

test("an abort cuts the connection, and says why", async (t) => {
  const { client, reports } = await mount(t, (exchange) => {
    exchange.start(200);
    exchange.write("half");
    exchange.abort(OOPS);
  });
  await assert.rejects(client.get("/"), INCOMPLETE);
  assert.deepEqual(reports, [OOPS]);
});

test("a body that breaks its Content-Length never looks whole", async (t) => {
  const listener = toNodeListener(
    (exchange) => {
      exchange.start(200, ["Content-Length", "10"]);
      exchange.write("half");
      exchange.end();
    },
    { onError: () => {} },
  );
  const { client } = await serveBy(t, listener);
  await assert.rejects(client.get("/"), INCOMPLETE);
});

test("misuse throws as behind Portico's own server", async (t) => {
  const calls: ((exchange: Exchange) => unknown)[] = [
    (x) => x.write("a"),
    (x) => x.end(),
    (x) => x.start(199),
    (x) => x.start(200, ["a b", "c"]),
    (x) => x.start(200, ["a", "b\r\n"]),
    (x) => x.takeOver(),
  ];
  const thrown: unknown[] = [];
  const listener = toNodeListener((exchange) => {
    for (const call of calls) assert.throws(() => thrown.push(call(exchange)), TypeError);
    exchange.start(200);
    assert.throws(() => exchange.start(200), TypeError);
    assert.throws(() => exchange.inform(103), TypeError);
    exchange.end("fine");
    assert.throws(() => exchange.end(), TypeError);
  });
  const { client } = await serveBy(t, listener);
  assert.equal((await client.get("/")).text, "fine");
  assert.deepEqual(thrown, []);
});

test("files and fetch functions are mounted in Express, which gets their errors", async (t) => {
  const { default: express } = await import("express" as string);
  const app = express().disable("x-powered-by");
  const site = folder({ "page.html": "<h1>Page</h1>", "sub/index.html": "<h1>Sub</h1>" });
  app.use("/site", toNodeListener(lint(files(site))));
  app.get("/fetch", toNodeListener(lint(fetchHandler(({ url }) => Response.json(new URL(url).pathname)))));
  app.get("/error", toNodeListener(lint(() => Promise.reject(OOPS))));
  app.use((error: Error, _request: unknown, response: { end(text: string): void }, _next: unknown) => {
    response.end(`express: ${error.message}`);
  });

  const { url } = await serveBy(t, app);
  const page = await fetch(new URL("/site/page.html", url));
  assert.match(page.headers.get("content-type")!, /^text\/html;/);
  assert.equal(await page.text(), "<h1>Page</h1>");
  const range = await fetch(new URL("/site/page.html", url), { headers: { range: "bytes=4-7" } });
  assert.deepEqual([range.status, await range.text()], [206, "Page"]);
  const again = await fetch(new URL("/site/page.html", url), {
    headers: { "if-none-match": page.headers.get("etag")! },
  });
  assert.equal(again.status, 304);
  assert.equal((await fetch(new URL("/site/none", url))).status, 404);
  const sub = await fetch(new URL("/site/sub?a", url));
  assert.deepEqual(
    [sub.url, await sub.text()],
    [`${url}site/sub/?a`, "<h1>Sub</h1>"],
    "a redirect stays below the mount",
  );
  assert.equal(await (await fetch(new URL("/fetch", url))).json(), "/fetch");
  assert.equal(await (await fetch(new URL("/error", url))).text(), "express: oops");
});

test("there and back again: a handler through node's interface is the handler", async (t) => {
  const handler: Handler = async (exchange) => {
    const body = await readAll(exchange.body);
    exchange.start(200, ["X-Length", String(body.length)]);
    exchange.write(body);
    exchange.end();
  };
  const { url } = await start(t, lint(fromNodeListener(toNodeListener(lint(handler)))));
  const response = await fetch(url, { method: "POST", body: "x".repeat(300_000) });
  assert.equal(response.headers.get("x-length"), "300000");
  assert.equal((await response.text()).length, 300_000);
});
