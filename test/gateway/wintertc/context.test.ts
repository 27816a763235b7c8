/** ServerContext: what each member is, in each state of the exchange that the draft's table has. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, test } from "node:test";
import type { ServerContext } from "../../../src/gateway/wintertc/context.ts";
import type { ProtocolError } from "../../../src/gateway/wintertc/errors.ts";
import { connect, deferred, socketPath } from "../../server/support.ts";
import { reply, serve, thrown } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const EXPECTING = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";

describe("the connection", () => {
  test("is told by its addresses", async (t) => {
    const { client, server } = await serve(t, {
      fetch: ({ remoteAddress, localAddress }) => reply(JSON.stringify([remoteAddress, localAddress])),
    });
    const { address, port } = server.address as { address: string; port: number };
    assert.deepEqual(JSON.parse((await client.get("/")).text), [
      { address: client.socket.localAddress, port: client.socket.localPort, family: "IPv4" },
      { address, port, family: "IPv4" },
    ]);
  });

  test("has none on a unix socket", async (t) => {
    const { client } = await serve(
      t,
      { fetch: (ctx) => reply(JSON.stringify(ctx.remoteAddress)) },
      {
        unix: socketPath(t),
      },
    );
    assert.deepEqual(JSON.parse((await client.get("/")).text), { address: "", port: 0 });
  });

  test("is plain HTTP/1.1, whose priorities are the default and may be set to no effect", async (t) => {
    const { client } = await serve(t, {
      fetch(ctx) {
        ctx.serverPriority = { urgency: 1, incremental: true };
        ctx.onpriority = () => {};
        const { alpnProtocol, encrypted, serverName, clientPriority, autoContinue } = ctx;
        return reply(JSON.stringify([alpnProtocol, encrypted, serverName, clientPriority, autoContinue]));
      },
    });
    const expected = ["http/1.1", false, null, { urgency: 3, incremental: false }, true];
    assert.deepEqual(JSON.parse((await client.get("/", "Priority: u=1\r\n")).text), expected);
  });
});

test("the request is a Request, and the same each time", async (t) => {
  const { client } = await serve(t, {
    fetch(ctx) {
      assert.equal(ctx.request, ctx.request);
      assert.ok(ctx.request instanceof Request);
      return reply(`${ctx.request.method} ${new URL(ctx.request.url).pathname}`);
    },
  });
  assert.equal((await client.get("/path")).text, "GET /path");
});

test("methods are called on the object that holds them, and looked up each time", async (t) => {
  const application = {
    greeting: "hello",
    fetch() {
      return reply(this.greeting);
    },
  };
  const { client } = await serve(t, application);
  assert.equal((await client.get("/")).text, "hello");
});

describe("sendInformational()", () => {
  test("sends early hints before the response", async (t) => {
    const { client } = await serve(t, {
      fetch(ctx) {
        ctx.sendInformational(103, { Link: "</a.css>; rel=preload" });
        ctx.sendInformational(103);
        return reply("page");
      },
    });
    await client.send(GET);
    const hints = await client.response();
    assert.deepEqual([hints.status, hints.field("Link")], [103, "</a.css>; rel=preload"]);
    assert.equal((await client.response()).status, 103);
    assert.equal((await client.response()).text, "page");
  });

  test("refuses what is no interim status, and headers that cannot be sent", async (t) => {
    const { client } = await serve(t, {
      async fetch(ctx) {
        const outcomes = [];
        for (const status of [99, 101, 200, Number.NaN]) {
          outcomes.push(await thrown(() => ctx.sendInformational(status)));
        }
        outcomes.push(await thrown(() => ctx.sendInformational(103, { link: "a\r\nb" })));
        ctx.deny();
        return outcomes.join() === "RangeError,RangeError,RangeError,RangeError,TypeError" ? undefined : reply();
      },
    });
    assert.equal((await client.get("/")).status, 503, "nothing was sent, so that it could be denied");
  });

  test("sends the 100 that the client waits for, with fields; and no other", async (t) => {
    const { client, reports } = await serve(t, {
      async fetch(ctx) {
        ctx.sendInformational(100, { "x-a": "1" });
        const again = await thrown(() => ctx.sendInformational(100));
        return reply(`${await ctx.request.text()} ${again}`);
      },
    });
    await client.send(EXPECTING);
    const interim = await client.response();
    assert.deepEqual([interim.status, interim.field("X-A")], [100, "1"]);
    await client.send("body");
    assert.equal((await client.response()).text, "body InvalidStateError");
    assert.deepEqual(reports, []);
  });

  test("sends that 100 before any other interim response", async (t) => {
    const { client } = await serve(t, {
      async fetch(ctx) {
        ctx.sendInformational(103);
        return reply(await ctx.request.text());
      },
    });
    await client.send(EXPECTING);
    assert.equal((await client.response()).status, 100);
    assert.equal((await client.response()).status, 103);
    await client.send("body");
    assert.equal((await client.response()).text, "body");
  });

  const unsolicited = {
    "without an expectation": GET,
    "without a body": "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
    "in HTTP/1.0": "POST / HTTP/1.0\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody",
  };
  for (const [what, request] of Object.entries(unsolicited)) {
    test(`sends no 100 ${what}`, async (t) => {
      const { client } = await serve(t, {
        fetch: async (ctx) => reply(await thrown(() => ctx.sendInformational(100))),
      });
      await client.send(request);
      assert.equal((await client.response()).text, "InvalidStateError");
    });
  }
});

describe("100 (Continue) by itself", () => {
  test("is sent when the body is read, and rules out a denial", async (t) => {
    const { client } = await serve(t, {
      async fetch(ctx) {
        const text = ctx.request.text();
        const denied = await thrown(() => ctx.deny());
        return reply(`${await text} ${denied}`);
      },
    });
    await client.send(EXPECTING);
    assert.equal((await client.response()).status, 100);
    await client.send("body");
    assert.equal((await client.response()).text, "body InvalidStateError");
  });

  test("is not sent when the response comes without reading", async (t) => {
    const { client } = await serve(t, { fetch: () => reply("no", { status: 403 }) });
    await client.send(EXPECTING);
    assert.equal((await client.response()).status, 403);
  });

  test("is sent for a response that streams the body back", async (t) => {
    const { client } = await serve(t, { fetch: (ctx) => reply(ctx.request.body) });
    await client.send(EXPECTING);
    assert.equal((await client.response()).status, 100);
    await client.send("body");
    assert.equal((await client.response()).text, "body");
  });
});

describe("deny()", () => {
  test("is 503 and the end of the connection", async (t) => {
    const { client, reports } = await serve(t, { fetch: (ctx) => ctx.deny() as undefined });
    const response = await client.get("/");
    assert.deepEqual([response.status, response.field("Connection")], [503, "close"]);
    assert.equal((await client.rest()).length, 0);
    assert.deepEqual(reports, []);
  });

  const answers: Record<string, "503" | "cut"> = {
    ERR_HTTP_REQUEST_REJECTED: "503",
    ERR_HTTP_GOAWAY: "503",
    ERR_NO_SUCH_CODE: "503",
    ERR_HTTP_REQUEST_CANCELLED: "cut",
    ERR_HTTP_INTERNAL_ERROR: "cut",
    ERR_HTTP_CONNECT_ERROR: "cut",
  };
  for (const [code, answer] of Object.entries(answers)) {
    test(`with ${code} is ${answer === "cut" ? "a connection cut" : "503"}`, async (t) => {
      const { client, reports } = await serve(t, {
        fetch(ctx) {
          ctx.deny({ code });
          return undefined;
        },
      });
      await client.send(GET);
      if (answer === "cut") assert.equal(await client.closed, "reset");
      else assert.equal((await client.response()).status, 503);
      assert.deepEqual(reports, []);
    });
  }

  test("is refused twice, after an interim response, and with a sentinel that is for upgrades", async (t) => {
    const { client } = await serve(t, {
      async fetch(ctx) {
        if (ctx.request.url.endsWith("/twice")) {
          ctx.deny();
          const again = [await thrown(() => ctx.deny()), await thrown(() => ctx.sendInformational(103))];
          assert.deepEqual(again, ["InvalidStateError", "InvalidStateError"]);
          return;
        }
        const fallThrough = await thrown(() => ctx.deny(Symbol.for("wintertc.server.fallthrough")));
        ctx.sendInformational(103);
        return reply(`${fallThrough} ${await thrown(() => ctx.deny())}`);
      },
    });
    await client.send(GET);
    assert.equal((await client.response()).status, 103);
    assert.equal((await client.response()).text, "InvalidStateError InvalidStateError");
    assert.equal((await client.get("/twice")).status, 503);
  });

  test("is refused once the response was returned", async (t) => {
    const outcomes = deferred<string[]>();
    const { client } = await serve(t, {
      fetch(ctx) {
        setImmediate(async () => {
          outcomes.resolve([await thrown(() => ctx.deny()), await thrown(() => ctx.sendInformational(103))]);
        });
        return reply("done");
      },
    });
    assert.equal((await client.get("/")).text, "done");
    assert.deepEqual(await outcomes.promise, ["InvalidStateError", "InvalidStateError"]);
  });
});

describe("completed", () => {
  test("resolves when the response was handed over, is the same each time, and can be asked for late", async (t) => {
    const contexts: ServerContext[] = [];
    const { client } = await serve(t, {
      fetch(ctx) {
        contexts.push(ctx);
        if (ctx.request.url.endsWith("/early")) assert.equal(ctx.completed, ctx.completed);
        return reply("done");
      },
    });
    await client.get("/early");
    await client.get("/late");
    assert.deepEqual(await Promise.all(contexts.map(({ completed }) => completed)), [undefined, undefined]);
  });

  test("resolves when the server has answered for the application", async (t) => {
    const completed = deferred<unknown>();
    const { client } = await serve(t, {
      fetch(ctx) {
        completed.resolve(ctx.completed);
        throw new Error("oops");
      },
    });
    assert.equal((await client.get("/")).status, 500);
    assert.equal(await completed.promise, undefined);
  });

  test("resolves when a denial was sent", async (t) => {
    const completed = deferred<unknown>();
    const { client } = await serve(t, {
      fetch(ctx) {
        completed.resolve(ctx.completed);
        ctx.deny({ code: "ERR_HTTP_REQUEST_CANCELLED" });
        return undefined;
      },
    });
    await client.send(GET);
    assert.equal(await completed.promise, undefined);
  });

  test("rejects when the client leaves, and nobody has to listen", async (t) => {
    const asked = deferred<ServerContext>();
    const { client, reports } = await serve(t, {
      fetch(ctx) {
        assert.ok(ctx.completed instanceof Promise);
        asked.resolve(ctx);
        return new Promise<Response>(() => {});
      },
    });
    await client.send(GET);
    const ctx = await asked.promise;
    client.reset();
    await assert.rejects(ctx.completed!, { name: "TypeError", code: "ERR_HTTP_CONNECTION_RESET" });
    assert.deepEqual(reports, []);
  });

  test("rejects when the response breaks off", async (t) => {
    const half = deferred();
    const asked = deferred<ServerContext>();
    const { client, reports } = await serve(t, {
      fetch(ctx) {
        asked.resolve(ctx);
        return reply(
          new ReadableStream({
            start: (controller) => controller.enqueue(Buffer.from("half")),
            async pull(controller) {
              await half.promise;
              controller.error(new Error("broken"));
            },
          }),
        );
      },
    });
    await client.send(GET);
    while (!client.received.includes("half")) await once(client.socket, "data");
    half.resolve();
    assert.equal(await client.closed, "reset");
    await assert.rejects((await asked.promise).completed!, { code: "ERR_HTTP_INTERNAL_ERROR" });
    assert.deepEqual(reports, ["Error: broken"]);
  });
});

test("waitUntil() keeps a closing server waiting, and what it rejects with is reported", async (t) => {
  const work = deferred();
  const { client, server, reports } = await serve(t, {
    fetch(ctx) {
      ctx.waitUntil(work.promise);
      return reply("done");
    },
  });
  assert.equal((await client.get("/")).text, "done");
  let isClosed = false;
  const closing = server.close().then(() => (isClosed = true));
  while (server.connections > 0) await new Promise(setImmediate);
  assert.equal(isClosed, false);
  work.reject(new Error("late"));
  await closing;
  assert.deepEqual(reports, ["Error: late"]);
});

describe("a client that leaves is told on every surface by one protocol error", () => {
  test("the signal and the body", async (t) => {
    const asked = deferred<ServerContext>();
    const outcome = deferred<unknown[]>();
    const { client, reports } = await serve(t, {
      async fetch(ctx) {
        asked.resolve(ctx);
        const error = await ctx.request.text().catch((error) => error);
        outcome.resolve([error.name, error.code, (ctx.request.signal.reason as ProtocolError).code]);
        // All of this is of no effect now, and no error.
        ctx.sendInformational(103);
        ctx.deny();
        return undefined;
      },
    });
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    await asked.promise;
    client.reset();
    const code = "ERR_HTTP_CONNECTION_RESET";
    assert.deepEqual(await outcome.promise, ["TypeError", code, code]);
    assert.deepEqual(reports, []);
  });

  test("a response's stream", async (t) => {
    const cancelled = deferred<ProtocolError>();
    const { client } = await serve(t, {
      fetch: () =>
        reply(
          new ReadableStream({
            pull: (controller) => controller.enqueue(Buffer.alloc(16_384)),
            cancel: (reason) => cancelled.resolve(reason),
          }),
        ),
    });
    await client.send(GET);
    client.pause();
    client.reset();
    assert.equal((await cancelled.promise).code, "ERR_HTTP_CONNECTION_RESET");
  });

  test("an end of the client's side leaves it able to read what is returned", async (t) => {
    const { client } = await serve(t, {
      async fetch(ctx) {
        if (!ctx.request.signal.aborted) {
          await new Promise((resolve) => ctx.request.signal.addEventListener("abort", resolve));
        }
        return reply("still here");
      },
    });
    await client.send(GET);
    client.end();
    assert.equal((await client.response()).text, "still here");
  });
});

test("each request has a context of its own on a connection", async (t) => {
  const { client, server } = await serve(t, {
    fetch: (ctx) => reply(ctx.request.url.slice(-1)),
  });
  for (const path of ["/1", "/2"]) assert.equal((await client.get(path)).text, path.slice(1));
  assert.equal((await (await connect(t, server)).get("/3")).text, "3");
});
