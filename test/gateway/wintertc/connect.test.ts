/** `connect()`: CONNECT and upgrades, the tunnel they open, and the ways to decline. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConnectContext } from "../../../src/gateway/wintertc/context.ts";
import type { Tunnel } from "../../../src/gateway/wintertc/tunnel.ts";
import { type Client, deferred } from "../../server/support.ts";
import { reply, serve, thrown } from "./support.ts";

const UPGRADE = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo, other\r\n\r\n";
const CONNECT = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";
const FALL_THROUGH = Symbol.for("wintertc.server.fallthrough");

const page = () => reply("page");

async function echo(ctx: ConnectContext): Promise<undefined> {
  const tunnel = await ctx.accept({ headers: { "x-tunnel": "echo", "content-length": "5" } });
  await tunnel.readable.pipeTo(tunnel.writable);
  return undefined;
}

/** Opens a tunnel, and gives both of its ends. */
async function open(
  t: Parameters<typeof serve>[0],
): Promise<{ client: Client; tunnel: Tunnel; context: ConnectContext }> {
  const opened = deferred<[Tunnel, ConnectContext]>();
  const { client } = await serve(t, {
    fetch: page,
    async connect(ctx) {
      opened.resolve([await ctx.accept(), ctx]);
      return undefined;
    },
  });
  await client.send(UPGRADE);
  assert.equal((await client.response("HEAD")).status, 101);
  const [tunnel, context] = await opened.promise;
  return { client, tunnel, context };
}

describe("accept()", () => {
  test("answers an upgrade with 101, and carries bytes both ways until both have ended", async (t) => {
    const protocols: (string | null)[] = [];
    const { client } = await serve(t, {
      fetch: page,
      connect(ctx) {
        protocols.push(ctx.connectProtocol, ctx.request.method);
        return echo(ctx);
      },
    });
    await client.send(`${UPGRADE}early, `);
    const { status, fields } = await client.response("HEAD");
    assert.equal(status, 101);
    const [date, ...rest] = fields;
    assert.match(date!, /^Date: /);
    assert.deepEqual(rest, ["Connection: Upgrade", "Upgrade: echo", "x-tunnel: echo"]);
    await client.send("late");
    assert.equal((await client.take(11)).toString(), "early, late");
    const large = "x".repeat(500_000);
    const sent = client.send(large);
    assert.equal((await client.take(large.length)).toString(), large);
    await sent;
    client.end();
    assert.equal((await client.rest()).length, 0);
    assert.deepEqual(protocols, ["echo", "GET"]);
  });

  test("answers CONNECT with 200", async (t) => {
    const { client } = await serve(t, {
      fetch: page,
      connect(ctx) {
        assert.equal(ctx.connectProtocol, null);
        return echo(ctx);
      },
    });
    await client.send(`${CONNECT}hello`);
    const response = await client.response("HEAD");
    assert.deepEqual([response.status, response.field("Content-Length")], [200, null]);
    assert.equal((await client.take(5)).toString(), "hello");
  });

  test("commits the exchange", async (t) => {
    const { client } = await serve(t, {
      fetch: page,
      async connect(ctx) {
        const tunnel = await ctx.accept();
        const again = [
          await thrown(() => ctx.accept()),
          await thrown(() => ctx.deny()),
          await thrown(() => ctx.deny(FALL_THROUGH)),
          await thrown(() => ctx.sendInformational(103)),
        ];
        const writer = tunnel.writable.getWriter();
        await writer.write(Buffer.from(again.join()));
        await writer.close();
        return undefined;
      },
    });
    await client.send(UPGRADE);
    await client.response("HEAD");
    assert.equal((await client.rest()).toString(), Array(4).fill("InvalidStateError").join());
  });

  test("is refused after deny()", async (t) => {
    const { client } = await serve(t, {
      fetch: page,
      async connect(ctx) {
        ctx.deny();
        assert.equal(await thrown(() => ctx.accept()), "InvalidStateError");
        return undefined;
      },
    });
    await client.send(UPGRADE);
    assert.equal((await client.response()).status, 503);
  });
});

describe("what is not spoken is refused by name", () => {
  test("websocket, webtransport, capsules and datagrams", async (t) => {
    const { client } = await serve(t, {
      fetch: page,
      async connect(ctx) {
        const ways = [await thrown(() => ctx.upgradeWebSocket()), await thrown(() => ctx.upgradeWebTransport())];
        const tunnel = await ctx.accept({ headers: { ways: ways.join() } });
        ways.push(await thrown(() => tunnel.capsules()), await thrown(() => tunnel.datagrams()));
        const writer = tunnel.writable.getWriter();
        await writer.write(Buffer.from(ways.join()));
        await writer.close();
        return undefined;
      },
    });
    await client.send(UPGRADE.replace("echo, other", "websocket"));
    await client.response("HEAD");
    assert.equal(
      (await client.rest()).toString(),
      "NotSupportedError,InvalidStateError,NotSupportedError,NotSupportedError",
    );
  });
});

describe("a tunnel", () => {
  test("that was closed still receives, and is closed when the client ends, too", async (t) => {
    const { client, tunnel, context } = await open(t);
    const closed = tunnel[Symbol.asyncDispose]();
    assert.equal((await client.rest()).length, 0);
    const text = new Response(tunnel.readable).text();
    await closed;
    assert.equal(await text, "");
    assert.equal(await tunnel.closed, undefined);
    assert.equal(await context.completed, undefined);
    await tunnel[Symbol.asyncDispose]();
    tunnel.destroy();
  });

  const ways: Record<string, (tunnel: Tunnel) => unknown> = {
    "destroy()": (tunnel) => tunnel.destroy(),
    "cancelling what it reads": (tunnel) => tunnel.readable.cancel(),
    "aborting what it writes": (tunnel) => tunnel.writable.abort(),
  };
  for (const [way, end] of Object.entries(ways)) {
    test(`is reset by ${way}`, async (t) => {
      const { client, tunnel, context } = await open(t);
      await end(tunnel);
      assert.equal(await client.closed, "reset");
      await assert.rejects(context.completed!, { code: "ERR_HTTP_CONNECT_ERROR" });
      await assert.rejects(tunnel.closed);
      await tunnel[Symbol.asyncDispose]();
    });
  }

  test("that is destroyed says why", async (t) => {
    const { tunnel } = await open(t);
    const reason = new Error("enough");
    tunnel.destroy(reason);
    await assert.rejects(tunnel.closed, reason);
    const code = "ERR_HTTP_CONNECT_ERROR";
    await assert.rejects(tunnel.readable.getReader().read(), { code, cause: reason });
    await assert.rejects(tunnel.writable.getWriter().closed, { code });
  });

  test("whose client is lost fails on every surface with the same code", async (t) => {
    const { client, tunnel, context } = await open(t);
    const read = tunnel.readable.getReader().read();
    client.reset();
    const code = "ERR_HTTP_CONNECTION_RESET";
    await assert.rejects(read, { code });
    await assert.rejects(tunnel.closed, { code });
    await assert.rejects(context.completed!, { code });
    await assert.rejects(tunnel.writable.getWriter().closed, { code });
  });

  test("refuses what is no bytes", async (t) => {
    const { tunnel } = await open(t);
    await assert.rejects(tunnel.writable.getWriter().write("text" as never), TypeError);
  });

  test("is reset when connect() fails after it, which is reported", async (t) => {
    const { client, reports } = await serve(t, {
      fetch: page,
      async connect(ctx) {
        const { readable } = await ctx.accept();
        await readable.getReader().read();
        throw new Error("oops");
      },
    });
    await client.send(UPGRADE);
    await client.response("HEAD");
    await client.send("x");
    assert.equal(await client.closed, "reset");
    assert.deepEqual(reports, ["Error: oops"]);
  });

  test("is ended with the server", async (t) => {
    const { client, tunnel } = await open(t);
    const received = new Response(tunnel.readable).text();
    client.end();
    assert.equal(await received, "");
    tunnel.close();
    await tunnel.closed;
    assert.equal((await client.rest()).length, 0);
  });
});

describe("an upgrade that is declined", () => {
  test("by a response, is answered by it, and the connection goes on", async (t) => {
    const { client } = await serve(t, { fetch: page, connect: () => reply("no", { status: 403 }) });
    await client.send(UPGRADE);
    assert.equal((await client.response()).status, 403);
    assert.equal((await client.get("/")).text, "page");
  });

  test("by falling through, is answered by fetch() with the same request and a context of its own", async (t) => {
    const seen: unknown[] = [];
    const { client } = await serve(t, {
      fetch(ctx) {
        seen.push(ctx.request, ctx);
        assert.equal(ctx.request.headers.get("upgrade"), "echo, other");
        return reply("instead");
      },
      async connect(ctx) {
        seen.push(ctx.request, ctx);
        ctx.deny(FALL_THROUGH);
        const inert = [
          await thrown(() => ctx.deny()),
          await thrown(() => ctx.deny(FALL_THROUGH)),
          await thrown(() => ctx.accept()),
          await thrown(() => ctx.upgradeWebSocket()),
        ];
        assert.deepEqual(inert, Array(4).fill("InvalidStateError"));
        return undefined;
      },
    });
    await client.send(UPGRADE);
    assert.equal((await client.response()).text, "instead");
    assert.equal(seen[0], seen[2]);
    assert.notEqual(seen[1], seen[3]);
  });

  test("by falling through, may still be denied by fetch()", async (t) => {
    const { client } = await serve(t, {
      fetch: (ctx) => ctx.deny() as undefined,
      connect: (ctx) => ctx.deny(FALL_THROUGH) as undefined,
    });
    await client.send(UPGRADE);
    assert.equal((await client.response()).status, 503);
  });

  test("by falling through and a value, is the fault of connect()", async (t) => {
    const { client, reports } = await serve(t, {
      fetch: () => assert.fail("fetch() is not called"),
      connect(ctx) {
        ctx.deny(FALL_THROUGH);
        return reply("both");
      },
    });
    await client.send(UPGRADE);
    assert.equal((await client.response()).status, 502);
    assert.match(reports.join(), /connect\(\) returned a value/);
  });

  test("cannot fall through when it is CONNECT, which is no other request", async (t) => {
    const { client } = await serve(t, {
      fetch: () => assert.fail("fetch() is not called"),
      async connect(ctx) {
        return reply(await thrown(() => ctx.deny(FALL_THROUGH)), { status: 403 });
      },
    });
    await client.send(CONNECT);
    assert.equal((await client.response()).text, "InvalidStateError");
  });
});

describe("connect() that fails", () => {
  const failures: Record<string, [connect: () => Promise<undefined>, report: RegExp]> = {
    "by throwing": [() => Promise.reject(new Error("oops")), /^Error: oops$/],
    "by returning nothing": [
      async () => undefined,
      /^TypeError: connect returned undefined where a Response is wanted$/,
    ],
  };
  for (const [name, [fail, report]] of Object.entries(failures)) {
    test(`${name}, is 502, and reported`, async (t) => {
      const { client, reports } = await serve(t, { fetch: page, connect: fail });
      await client.send(UPGRADE);
      const response = await client.response();
      assert.deepEqual([response.status, response.text], [502, "Bad Gateway\n"]);
      assert.match(reports.join(), report);
    });

    test(`${name}, is answered by error()`, async (t) => {
      const { client, reports } = await serve(t, {
        fetch: page,
        connect: fail,
        error: (_ctx, error) => reply(String(error), { status: 418 }),
      });
      await client.send(UPGRADE);
      const response = await client.response();
      assert.equal(response.status, 418);
      assert.match(response.text, report);
      assert.deepEqual(reports, []);
    });
  }
});

describe("fetch() is asked", () => {
  const requests: Record<string, string> = {
    "without Connection: upgrade": "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n",
    "with a body": UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 4\r\n\r\nbody"),
    "in HTTP/1.0": "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n",
    "to HTTP/2": UPGRADE.replace("echo, other", "h2c"),
  };
  for (const [what, request] of Object.entries(requests)) {
    test(`for an upgrade ${what}`, async (t) => {
      const { client } = await serve(t, { fetch: page, connect: () => assert.fail("connect() is not called") });
      await client.send(request);
      assert.equal((await client.response()).text, "page");
    });
  }

  test("for no CONNECT, which is 501 without connect()", async (t) => {
    const { client } = await serve(t, { fetch: () => assert.fail("fetch() is not called") });
    await client.send(CONNECT);
    assert.equal((await client.response()).status, 501);
  });

  test("for every upgrade of an application without connect()", async (t) => {
    const { client } = await serve(t, { fetch: page });
    await client.send(UPGRADE);
    assert.equal((await client.response()).text, "page");
  });
});
