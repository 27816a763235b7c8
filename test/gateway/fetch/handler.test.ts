/** From a fetch function's result to the wire and back. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { type FetchFunction, type FetchOptions, fetchHandler } from "../../../src/gateway/fetch/handler.ts";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { type Client, connect, deferred, INCOMPLETE, start } from "../../server/support.ts";

const reply = (body?: BodyInit | null, init?: ResponseInit) => new LightResponse(body, init) as Response;

interface Served {
  readonly client: Client;
  readonly reports: unknown[];
  readonly url: string;
}

async function serve(t: TestContext, fetch: FetchFunction, options?: FetchOptions): Promise<Served> {
  const reports: unknown[] = [];
  const server = await start(t, lint(fetchHandler(fetch, options)), { onError: (error) => reports.push(error) });
  return { client: await connect(t, server), reports, url: server.url };
}

/** A stream that gives pieces until it is cancelled, and says so. */
function endless(piece = "x".repeat(16_384)) {
  const cancelled = deferred<unknown>();
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulls++;
      controller.enqueue(Buffer.from(piece));
    },
    cancel: (reason) => cancelled.resolve(reason),
  });
  return { stream, cancelled: cancelled.promise, pulls: () => pulls };
}

describe("a response goes out whole", () => {
  const same: readonly [name: string, make: () => Response][] = [
    [
      "a light response",
      () =>
        reply("héllo", {
          status: 201,
          headers: [
            ["Set-Cookie", "a=1"],
            ["Set-Cookie", "b=2"],
          ],
        }),
    ],
    [
      "the platform's",
      () =>
        new Response("héllo", {
          status: 201,
          headers: [
            ["Set-Cookie", "a=1"],
            ["Set-Cookie", "b=2"],
          ],
        }),
    ],
  ];
  for (const [name, make] of same) {
    for (const [way, fetch] of [
      ["at once", () => make()],
      ["in a promise", async () => make()],
    ] as const) {
      test(`${name}, ${way}`, async (t) => {
        const { client } = await serve(t, fetch);
        const response = await client.get("/");
        assert.equal(response.statusLine, "HTTP/1.1 201 Created");
        assert.equal(response.text, "héllo");
        assert.equal(response.field("Content-Type"), "text/plain;charset=UTF-8");
        assert.deepEqual(
          response.fields.filter((line) => /^set-cookie/i.test(line)).map((line) => line.slice(12)),
          ["a=1", "b=2"],
        );
      });
    }
  }

  test("with a length, if its body is in memory", async (t) => {
    const bodies = [null, "", "text", Buffer.from("bytes"), new Blob(["blob"]), new URLSearchParams({ a: "1" })];
    const { client } = await serve(t, ({ url }) => reply(bodies[Number(new URL(url).search.slice(1))]));
    for (const [at, length] of [0, 0, 4, 5, 4, 3].entries()) {
      assert.equal((await client.get(`/?${at}`)).field("Content-Length"), String(length));
    }
  });

  test("with a length, if its stream is at its end", async (t) => {
    const { client } = await serve(t, () => {
      const stream = new ReadableStream({
        start(controller) {
          for (const piece of ["one, ", "two"]) controller.enqueue(Buffer.from(piece));
          controller.close();
        },
      });
      return reply(stream);
    });
    const response = await client.get("/");
    assert.deepEqual([response.field("Content-Length"), response.text], ["8", "one, two"]);
  });

  test("in chunks, if its stream goes on", async (t) => {
    const { client } = await serve(t, () => {
      const stream = new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from("one, "));
          await new Promise((resolve) => setTimeout(resolve));
          controller.enqueue(Buffer.from("two"));
          controller.close();
        },
      });
      return reply(stream);
    });
    const response = await client.get("/");
    assert.deepEqual([response.field("Transfer-Encoding"), response.text], ["chunked", "one, two"]);
  });

  test("with the reason it gives", async (t) => {
    const { client } = await serve(t, () => reply("", { status: 404, statusText: "Nobody Home" }));
    assert.equal((await client.get("/")).statusLine, "HTTP/1.1 404 Nobody Home");
  });

  test("with fields as they are when it is sent", async (t) => {
    const { client } = await serve(t, () => {
      const response = reply("x");
      response.headers.set("X-Later", "1");
      response.headers.delete("content-type");
      return response;
    });
    const response = await client.get("/");
    assert.equal(response.field("X-Later"), "1");
    assert.equal(response.field("Content-Type"), null);
  });

  test("as a clone of it does", async (t) => {
    const { client } = await serve(t, () =>
      reply("x", {
        headers: [
          ["Set-Cookie", "a"],
          ["Set-Cookie", "b"],
        ],
      }).clone(),
    );
    const { fields, text } = await client.get("/");
    assert.equal(text, "x");
    assert.equal(fields.filter((line) => /^set-cookie/i.test(line)).length, 2);
  });

  for (const status of [204, 304]) {
    test(`${status} has neither body nor length`, async (t) => {
      const { client } = await serve(t, () => reply(null, { status }));
      const response = await client.get("/");
      assert.equal(response.field("Content-Length"), null);
      assert.equal(response.field("Transfer-Encoding"), null);
      assert.equal((await client.get("/")).status, status);
    });
  }

  test("HEAD tells what GET would, and an endless stream is cancelled for it", async (t) => {
    const { stream, cancelled, pulls } = endless();
    const { client } = await serve(t, ({ method }) => (method === "HEAD" ? reply(stream) : reply("12345")));
    await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.response("HEAD")).status, 200);
    await cancelled;
    assert.ok(pulls() <= 1);
    assert.equal((await client.get("/")).text, "12345");
  });
});

describe("a request body", () => {
  test("is read by the readers, a large one too", async (t) => {
    const { client } = await serve(t, async (request) => reply(String((await request.arrayBuffer()).byteLength)));
    const body = "x".repeat(1_000_000);
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    assert.equal((await client.response()).text, "1000000");
  });

  test("is streamed back as it comes", async (t) => {
    const { client } = await serve(t, (request) => reply(request.body));
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await client.send("3\r\ntwo\r\n0\r\n\r\n");
    assert.equal((await client.response()).text, "onetwo");
  });

  test("that nobody reads does not hold the next request up", async (t) => {
    const { client } = await serve(t, () => reply("fine"));
    for (let i = 0; i < 3; i++) {
      await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`);
      assert.equal((await client.response()).text, "fine");
    }
  });

  test("read twice is refused, and does not hang", async (t) => {
    const { client } = await serve(t, async (request) => {
      await request.text();
      return reply(await request.text().catch((error) => error.name));
    });
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert.equal((await client.response()).text, "TypeError");
  });

  test("that is malformed gets its status, though the application only passes the rejection on", async (t) => {
    const { client, reports } = await serve(t, async (request) => reply(await request.text()));
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert.equal((await client.response()).status, 400);
    assert.deepEqual(reports, []);
  });
});

describe("what fetch does wrong", () => {
  const oops = new Error("oops");
  const wrong: readonly [name: string, fetch: FetchFunction, report: RegExp][] = [
    [
      "a throw",
      () => {
        throw oops;
      },
      /^Error: oops$/,
    ],
    ["a rejection", () => Promise.reject(oops), /^Error: oops$/],
    ["a string", () => "x" as never, /fetch returned a string where a Response is wanted/],
    ["nothing", () => undefined as never, /fetch returned undefined where/],
    ["a promise of null", async () => null as never, /fetch returned null where/],
    ["an object", () => ({ status: 200 }) as never, /fetch returned \[object Object\] where/],
    ["Response.error()", () => LightResponse.error() as Response, /Response\.error\(\)/],
    ["the platform's Response.error()", () => Response.error(), /Response\.error\(\)/],
  ];
  for (const [name, fetch, report] of wrong) {
    test(`${name} is a plain 500, reported, and the connection goes on`, async (t) => {
      const { client, reports } = await serve(t, (request) =>
        request.url.endsWith("/fine") ? reply("fine") : fetch(request),
      );
      const response = await client.get("/");
      assert.equal(response.status, 500);
      assert.match(response.text, /^Internal Server Error\n/);
      assert.equal(reports.length, 1);
      assert.match(String(reports[0]), report);
      assert.equal((await client.get("/fine")).text, "fine");
    });

    test(`${name} is answered by error() where there is one`, async (t) => {
      const { client, reports } = await serve(t, fetch, {
        error: (error) => reply(`sorry: ${String(error)}`, { status: 503 }),
      });
      const response = await client.get("/");
      assert.equal(response.status, 503);
      assert.match(response.text, /^sorry: (Type)?Error: /);
      assert.deepEqual(reports, []);
    });
  }

  test("a response that was sent before is refused", async (t) => {
    for (const once of [reply("x"), new Response("x")]) {
      const { client } = await serve(t, () => once);
      assert.equal((await client.get("/")).text, "x");
      assert.equal((await client.get("/")).status, 500);
    }
  });

  test("error() that throws itself is a plain 500", async (t) => {
    const { client, reports } = await serve(t, () => Promise.reject(oops), {
      error: () => {
        throw new Error("worse");
      },
    });
    assert.equal((await client.get("/")).status, 500);
    assert.deepEqual(reports.map(String), ["Error: worse"]);
  });

  test("a stream that breaks cuts the connection, so that nobody takes it for the whole", async (t) => {
    const half = deferred();
    const { client, reports } = await serve(t, () => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(Buffer.from("half")),
        async pull(controller) {
          await half.promise;
          controller.error(oops);
        },
      });
      return reply(stream);
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!client.received.includes("half")) await once(client.socket, "data");
    half.resolve();
    await assert.rejects(client.response(), INCOMPLETE);
    assert.deepEqual(reports, [oops]);
  });

  test("a stream of what is no bytes is told so", async (t) => {
    const cancelled = deferred<unknown>();
    const { client, reports } = await serve(t, () => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue("text"),
        cancel: (reason) => cancelled.resolve(reason),
      });
      return reply(stream);
    });
    assert.equal((await client.get("/")).status, 500);
    assert.match(String(reports[0]), /a body stream gave a string where bytes are wanted/);
    assert.equal(await cancelled.promise, reports[0]);
  });
});

describe("a client that leaves", () => {
  test("has its request's signal aborted with an AbortError", async (t) => {
    const aborted = deferred<DOMException>();
    const asked = deferred();
    const { client } = await serve(t, (request) => {
      asked.resolve();
      const { promise, resolve } = deferred<Response>();
      request.signal.addEventListener("abort", () => {
        aborted.resolve(request.signal.reason);
        resolve(reply());
      });
      return promise;
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await asked.promise;
    client.reset();
    const reason = await aborted.promise;
    assert.ok(reason instanceof DOMException);
    assert.equal(reason.name, "AbortError");
  });

  test("has its response's stream cancelled", async (t) => {
    const { stream, cancelled } = endless();
    const { client, reports } = await serve(t, () => reply(stream));
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.pause();
    client.reset();
    assert.equal(((await cancelled) as Error).name, "AbortError");
    assert.deepEqual(reports, []);
  });

  test("and a cancel() that rejects brings nobody down", async (t) => {
    const cancelled = deferred();
    const { client, reports } = await serve(t, () => {
      const stream = new ReadableStream({
        pull: (controller) => controller.enqueue(Buffer.alloc(16_384)),
        cancel() {
          cancelled.resolve();
          return Promise.reject(new Error("in cancel"));
        },
      });
      return reply(stream);
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.reset();
    await cancelled.promise;
    await new Promise(setImmediate);
    assert.deepEqual(reports, []);
  });

  test("late, when all was sent, aborts nothing", async (t) => {
    let signal!: AbortSignal;
    const { client } = await serve(t, (request) => {
      signal = request.signal;
      return reply("x");
    });
    await client.get("/");
    client.reset();
    await new Promise(setImmediate);
    assert.equal(signal.aborted, false);
  });

  test("or takes nothing, makes the stream wait", async (t) => {
    const { stream, pulls } = endless("x".repeat(65_536));
    const { client } = await serve(t, () => reply(stream));
    client.pause();
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let before = -1;
    while (pulls() > before) {
      before = pulls();
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    }
    assert.ok(before * 65_536 < 32 * 1024 * 1024, `${before} pieces were pulled`);
    client.reset();
  });
});

test("each request keeps its own context, on one connection, pipelined", async (t) => {
  const storage = new AsyncLocalStorage<string>();
  const { client } = await serve(t, (request) => {
    const before = storage.getStore();
    return storage.run(new URL(request.url).pathname, async () => {
      await new Promise(setImmediate);
      return reply(`${before} ${storage.getStore()}`);
    });
  });
  const paths = ["/1", "/2", "/3"];
  await client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (const path of paths) assert.equal((await client.response()).text, `undefined ${path}`);
});

describe("a response of fetch() is passed on", () => {
  test("decoded, with the fields that are still true", async (t) => {
    const { gzipSync } = await import("node:zlib");
    const coded = gzipSync("hello");
    const upstream = await start(t, (exchange) => {
      exchange.start(200, [
        "Content-Encoding",
        "gzip",
        "Content-Length",
        String(coded.length),
        "X-One",
        "1",
        "Set-Cookie",
        "a",
        "Set-Cookie",
        "b",
      ]);
      exchange.end(coded);
    });
    const { client } = await serve(t, () => fetch(upstream.url));
    const response = await client.get("/");
    assert.equal(response.text, "hello");
    assert.equal(response.field("Content-Encoding"), null);
    assert.equal(response.field("X-One"), "1");
    assert.equal(response.fields.filter((line) => /^set-cookie/i.test(line)).length, 2);
  });

  test("with its length, when it was not coded", async (t) => {
    const upstream = await start(t, (exchange) => {
      exchange.start(404, ["Content-Type", "text/x"]);
      exchange.end("not here");
    });
    const { client } = await serve(t, () => fetch(upstream.url));
    const response = await client.get("/");
    assert.deepEqual([response.status, response.field("Content-Length"), response.text], [404, "8", "not here"]);
  });
});
