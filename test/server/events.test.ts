/** What a server tells its observers: of every connection, and of every request, however it ended. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";
import { type TestContext, test } from "node:test";
import { FAULTS, type FaultCode } from "../../src/core/faults.ts";
import type { Exchange, Handler } from "../../src/gateway/contract.ts";
import type { EndedRequest, ObservedConnection, ServerObserver } from "../../src/server/events.ts";
import type { Server, ServerOptions } from "../../src/server/server.ts";
import type { ConnectionMessage, RequestEndMessage, RequestErrorMessage } from "../../src/server/tracing.ts";
import { answer, type Client, connect, deferred, readAll, start } from "./support.ts";

/** Remembers what it is told, and lets a test wait for it. */
class Witness implements Pick<ServerObserver, "opened" | "closed" | "ended"> {
  readonly connections: ObservedConnection[] = [];
  readonly #ended: EndedRequest[] = [];
  #wake: (() => void) | null = null;
  readonly gone = deferred();

  opened(connection: ObservedConnection): void {
    this.connections.push(connection);
  }

  closed(): void {
    this.gone.resolve();
  }

  ended(request: EndedRequest): void {
    this.#ended.push(request);
    this.#wake?.();
  }

  /** The next request that ends. */
  async next(): Promise<EndedRequest> {
    while (this.#ended.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#ended.shift()!;
  }

  /** How many were told and not taken by `next`. */
  get left(): number {
    return this.#ended.length;
  }
}

async function observe(
  t: TestContext,
  handler: Handler,
  options: ServerOptions = {},
): Promise<{ server: Server; client: Client; witness: Witness; failures: (string | null)[] }> {
  const witness = new Witness();
  const failures: (string | null)[] = [];
  const onError: ServerOptions["onError"] = (_error, _exchange, id) => failures.push(id);
  const server = await start(t, handler, { observers: [witness], onError, ...options });
  return { server, client: await connect(t, server), witness, failures };
}

function summary({ head, line, status, outcome, fault, received, sent }: EndedRequest): unknown[] {
  return [head === null ? line : `${head.method} ${head.target}`, status, outcome, fault, received, sent];
}

test("a response in one piece is complete, with its status and the bytes of both bodies", async (t) => {
  const { client, witness } = await observe(t, async (exchange) => {
    await readAll(exchange.body);
    answer(exchange, "twelve bytes", 201);
  });
  await client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  await client.response();
  const ended = await witness.next();
  assert.deepEqual(summary(ended), ["POST /a", 201, "complete", null, 5, 12]);
  assert.equal(ended.connection, witness.connections[0]);
  assert.equal(ended.connection.info.remoteAddress, "127.0.0.1");
  assert.equal(ended.id, null);
  assert.match(ended.responseFields, /^Content-Type: text\/plain\r\n/);
  assert.ok(ended.since > 0 && ended.since <= ended.began && ended.began <= ended.until);
});

test("a streamed response began before it ended", async (t) => {
  const { client, witness } = await observe(t, async (exchange) => {
    exchange.start(200);
    exchange.write("a");
    await new Promise((resolve) => setImmediate(resolve));
    exchange.end("b");
  });
  await client.get("/");
  const ended = await witness.next();
  assert.deepEqual(summary(ended), ["GET /", 200, "complete", null, 0, 2]);
  assert.ok(ended.since <= ended.began && ended.began < ended.until);
});

test("each of several pipelined requests is told of, in order", async (t) => {
  const { client, witness } = await observe(t, (exchange) => answer(exchange, exchange.head.target));
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /22 HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.response();
  await client.response();
  assert.deepEqual(summary(await witness.next()), ["GET /1", 200, "complete", null, 0, 2]);
  assert.deepEqual(summary(await witness.next()), ["GET /22", 200, "complete", null, 0, 3]);
  assert.equal(witness.connections[0]!.requests, 2);
});

test("a handler that throws has failed, under the id that its client and the report were given", async (t) => {
  const { client, witness, failures } = await observe(t, () => {
    throw new Error("of the test");
  });
  const { text } = await client.get("/");
  const ended = await witness.next();
  assert.deepEqual(summary(ended).slice(0, 4), ["GET /", 500, "failed", null]);
  assert.match(ended.id!, /^[0-9a-f]{12}$/);
  assert.ok(text.includes(ended.id!), text);
  assert.deepEqual(failures, [ended.id]);
});

test("a handler that throws in the middle of its response has failed, with the status that was sent", async (t) => {
  const { client, witness } = await observe(t, (exchange) => {
    exchange.start(200);
    exchange.write("abc");
    throw new Error("of the test");
  });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.closed;
  assert.deepEqual(summary(await witness.next()), ["GET /", 200, "failed", null, 0, 3]);
});

test("a response that is shorter than declared has failed", async (t) => {
  const { client, witness } = await observe(t, (exchange) => {
    exchange.start(200, ["Content-Length", "5"]);
    exchange.end("abc");
  });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.closed;
  assert.deepEqual(summary(await witness.next()), ["GET /", 200, "failed", null, 0, 3]);
});

/** The size of what a client is told. */
function said(code: FaultCode): number {
  return `${code}: ${FAULTS[code][1]}\n`.length;
}

test("a head that breaks a rule is refused, with as much of its first line as came", async (t) => {
  const { client, witness } = await observe(t, (exchange) => answer(exchange, "ok"));
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost : a\r\n\r\n");
  await client.response();
  await client.rest();
  assert.deepEqual(summary(await witness.next()), ["GET /", 200, "complete", null, 0, 2]);
  assert.deepEqual(summary(await witness.next()), [
    "GET /x HTTP/1.1",
    400,
    "refused",
    "BAD_FIELD_NAME",
    0,
    said("BAD_FIELD_NAME"),
  ]);
});

test("a head that was sound and is not answered here is refused by its name", async (t) => {
  const { client, witness } = await observe(t, (exchange) => answer(exchange, "ok"));
  await client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.rest();
  assert.deepEqual(summary(await witness.next()), [
    "TRACE /",
    501,
    "refused",
    "METHOD_NOT_SUPPORTED",
    0,
    said("METHOD_NOT_SUPPORTED"),
  ]);
});

test("a body that breaks a rule is refused when the handler passes the fault on", async (t) => {
  const { client, witness } = await observe(t, async (exchange) => void (await readAll(exchange.body)));
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  await client.rest();
  assert.deepEqual(summary(await witness.next()).slice(0, 4), ["POST /", 400, "refused", "BAD_CHUNK_SIZE"]);
});

test("a connection that is turned away is one refusal, without a request", async (t) => {
  const { witness, server } = await observe(t, (exchange) => answer(exchange, "ok"), { limits: { maxConnections: 1 } });
  const second = await connect(t, server);
  await second.rest();
  assert.deepEqual(summary(await witness.next()), [
    "",
    503,
    "refused",
    "TOO_MANY_CONNECTIONS",
    0,
    said("TOO_MANY_CONNECTIONS"),
  ]);
  assert.equal(witness.connections.length, 2);
});

for (const [how, leave] of [
  ["resets the connection", (client: Client) => client.reset()],
  ["ends its side", (client: Client) => client.end()],
] as const) {
  test(`a client that ${how} before there is a response has left, whatever the handler does then`, async (t) => {
    const { client, witness } = await observe(t, (exchange) => {
      const { promise, resolve } = deferred();
      exchange.signal.addEventListener("abort", () => resolve());
      leave(client);
      return promise.then(() => answer(exchange, "too late"));
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.deepEqual(summary(await witness.next()).slice(0, 4), ["GET /", 0, "left", null]);
    await witness.gone.promise;
    assert.equal(witness.left, 0);
    // The address is still known.
    assert.equal(witness.connections[0]!.info.remoteAddress, "127.0.0.1");
    assert.equal(witness.connections[0]!.state, "closed");
  });
}

test("a client that leaves in the middle of a response has left, with the status that it was sent", async (t) => {
  const { client, witness } = await observe(t, (exchange) => {
    exchange.start(200);
    exchange.write("abc");
  });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.take(1);
  client.reset();
  assert.deepEqual(summary(await witness.next()), ["GET /", 200, "left", null, 0, 3]);
});

test("what a closing server cuts off was cut", async (t) => {
  const arrived = deferred();
  const { client, witness, server } = await observe(t, () => arrived.resolve());
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await arrived.promise;
  await server.close({ force: true });
  assert.deepEqual(summary(await witness.next()).slice(0, 4), ["GET /", 0, "cut", null]);
});

test("a connection that was taken over is told of when it ends", async (t) => {
  const taken = deferred<Exchange>();
  const { client, witness } = await observe(t, (exchange) => {
    exchange.takeOver().end("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    taken.resolve(exchange);
  });
  await client.send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
  await taken.promise;
  assert.equal(witness.connections[0]!.state, "taken");
  assert.equal(witness.left, 0);
  client.end();
  await client.closed;
  assert.deepEqual(summary(await witness.next()).slice(0, 4), ["GET /x", 101, "taken", null]);
});

test("a connection can be watched: its state, its request, its bytes", async (t) => {
  const asked = deferred<Exchange>();
  const { client, server } = await observe(t, (exchange) => asked.resolve(exchange));
  const look = () => {
    const [{ state, requests, request }] = server.openConnections() as [ObservedConnection];
    return [state, requests, request?.target];
  };
  await client.send("GET /here ");
  // What is sent next is read after that.
  await waitFor(() => look()[0] === "head");
  await client.send("HTTP/1.1\r\nHost: a\r\n\r\n");
  const exchange = await asked.promise;
  await waitFor(() => look()[0] === "answer");
  assert.deepEqual(look(), ["answer", 1, "/here"]);
  answer(exchange, "ok");
  await client.response();
  await waitFor(() => look()[0] === "idle");
  assert.deepEqual(look(), ["idle", 1, undefined]);
  const [connection] = server.openConnections() as [ObservedConnection];
  assert.equal(connection.bytesReceived, "GET /here HTTP/1.1\r\nHost: a\r\n\r\n".length);
  assert.ok(connection.bytesSent > 2);
  assert.equal(connection.unsent, 0);
});

test("whoever wants to see bytes is shown what comes and what leaves, text and bytes, small and large", async (t) => {
  const seen = { in: "", out: "" };
  const spectator = {
    bytes: (_: ObservedConnection, way: "in" | "out", data: Uint8Array | string) => {
      seen[way] += typeof data === "string" ? data : Buffer.from(data).toString("latin1");
    },
  };
  const body = Buffer.alloc(40_000, "\xe9", "latin1");
  const server = await start(t, (exchange) => answer(exchange, body), { observers: [spectator] });
  const client = await connect(t, server);
  const { statusLine, fields } = await client.get("/");
  assert.equal(seen.in, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(seen.out, `${[statusLine, ...fields].join("\r\n")}\r\n\r\n${body.toString("latin1")}`);
});

test("tracers hear of connections and requests on diagnostics channels", async (t) => {
  const heard: unknown[] = [];
  const listen = (name: string, tell: (message: never) => unknown) => {
    const listener = (message: unknown) => heard.push([name, tell(message as never)]);
    diagnostics.subscribe(`portico.${name}`, listener);
    t.after(() => diagnostics.unsubscribe(`portico.${name}`, listener));
  };
  listen("connection.open", ({ connection }: ConnectionMessage) => connection.state);
  listen("request.start", ({ exchange }: { exchange: Exchange }) => exchange.head.fields.get("traceparent"));
  listen("request.error", ({ error }: RequestErrorMessage) => error);
  listen("request.end", ({ request }: RequestEndMessage) => [request.status, request.outcome]);
  listen("connection.close", ({ connection }: ConnectionMessage) => connection.state);

  const failure = new Error("of the test");
  const server = await start(
    t,
    (exchange) => {
      if (exchange.head.target === "/fail") throw failure;
      answer(exchange, "ok");
    },
    { onError() {} },
  );
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const client = await connect(t, server);
  await client.get("/", `traceparent: ${traceparent}\r\n`);
  await client.get("/fail");
  client.end();
  await client.closed;
  await waitFor(() => server.connections === 0);
  assert.deepEqual(heard, [
    ["connection.open", "fresh"],
    ["request.start", traceparent],
    ["request.end", [200, "complete"]],
    ["request.start", null],
    ["request.error", failure],
    ["request.end", [500, "failed"]],
    ["connection.close", "closed"],
  ]);
});

test("a store that is bound to the start of requests is in force in the handler, and after its awaits", async (t) => {
  const spans = new AsyncLocalStorage<string>();
  const channel = diagnostics.channel("portico.request.start");
  channel.bindStore(spans, (message) => (message as { exchange: Exchange }).exchange.head.target);
  t.after(() => channel.unbindStore(spans));
  const server = await start(t, async (exchange) => {
    await readAll(exchange.body);
    answer(exchange, String(spans.getStore()));
  });
  const client = await connect(t, server);
  assert.equal((await client.get("/one")).text, "/one");
  assert.equal((await client.get("/two")).text, "/two");
});

/** Turns the event loop until it is so; the test's time limit ends what never is. */
async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
