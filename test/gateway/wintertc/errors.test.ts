/** What becomes of what `fetch()` and `error()` throw or return: the draft's table "Error handling". */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ServerContext } from "../../../src/gateway/wintertc/context.ts";
import { wintertc } from "../../../src/gateway/wintertc/handler.ts";
import { PROTOCOL, type WintertcApplication } from "../../../src/gateway/wintertc/interface.ts";
import { deferred } from "../../server/support.ts";
import { reply, serve, thrown } from "./support.ts";

type Fetch = WintertcApplication["fetch"];

const faults: Record<string, [fetch: Fetch, report: RegExp]> = {
  "a throw": [
    () => {
      throw new Error("oops");
    },
    /^Error: oops$/,
  ],
  "a rejection": [() => Promise.reject(new Error("oops")), /^Error: oops$/],
  "nothing, without deny()": [() => undefined, /^TypeError: fetch returned undefined where a Response is wanted$/],
  "a promise of nothing": [async () => undefined, /^TypeError: fetch returned undefined/],
  "a string": [() => "x" as never, /^TypeError: fetch returned a string where a Response is wanted$/],
};

for (const [name, [fetch, report]] of Object.entries(faults)) {
  describe(name, () => {
    test("is a plain 500, and reported", async (t) => {
      const { client, reports } = await serve(t, { fetch });
      const response = await client.get("/");
      assert.equal(response.status, 500);
      assert.match(response.text, /^Internal Server Error\n/);
      assert.equal(reports.length, 1);
      assert.match(reports[0]!, report);
    });

    test("is answered by error(), which has the same context and the application for this", async (t) => {
      const contexts: unknown[] = [];
      const application = {
        status: 503,
        fetch: ((ctx) => {
          contexts.push(ctx);
          return fetch(ctx);
        }) as Fetch,
        async error(ctx: unknown, error: unknown) {
          assert.deepEqual([ctx], contexts);
          return reply(String(error), { status: this.status });
        },
      };
      const { client, reports } = await serve(t, application);
      const response = await client.get("/");
      assert.equal(response.status, 503);
      assert.match(response.text, report);
      assert.deepEqual(reports, []);
    });

    test("is denied by error()", async (t) => {
      const { client, reports } = await serve(t, {
        fetch,
        error(ctx) {
          ctx.deny({ code: "ERR_HTTP_INTERNAL_ERROR" });
          return undefined;
        },
      });
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal(await client.closed, "reset");
      assert.deepEqual(reports, []);
    });

    test("is a plain 500 if error() returns nothing", async (t) => {
      const { client, reports } = await serve(t, { fetch, error: () => undefined });
      assert.equal((await client.get("/")).status, 500);
      assert.match(reports.join(), report);
    });
  });
}

test("error() that fails itself is a plain 500, and is not asked again", async (t) => {
  for (const error of [() => Promise.reject(new Error("worse")), () => "no response" as never]) {
    let calls = 0;
    const { client, reports } = await serve(t, {
      fetch: faults["a throw"]![0],
      error() {
        calls++;
        return error();
      },
    });
    assert.equal((await client.get("/")).status, 500);
    assert.equal(calls, 1);
    assert.match(reports.join(), /^(Error: worse|TypeError: error returned a string where a Response is wanted)$/);
  }
});

test("a response whose stream fails at once is committed: a plain 500, and no matter for error()", async (t) => {
  const contexts: ServerContext[] = [];
  const { client, reports } = await serve(t, {
    fetch(ctx) {
      contexts.push(ctx);
      return reply(
        new ReadableStream({
          async pull(controller) {
            assert.equal(await thrown(() => ctx.deny()), "InvalidStateError");
            controller.error(new Error("at once"));
          },
        }),
      );
    },
    error: () => assert.fail("error() is not called"),
  });
  assert.equal((await client.get("/")).status, 500);
  assert.deepEqual(reports, ["Error: at once"]);
  assert.equal(await contexts[0]!.completed, undefined);
});

describe("after deny()", () => {
  const sequels: Record<string, [sequel: () => Response, report: RegExp]> = {
    "a value": [() => reply("late"), /^TypeError: fetch\(\) returned a value after deny\(\)$/],
    "a throw": [
      () => {
        throw new Error("late");
      },
      /^Error: late$/,
    ],
  };
  for (const [name, [sequel, report]] of Object.entries(sequels)) {
    test(`${name} is reported, not sent, and no matter for error()`, async (t) => {
      const { client, reports } = await serve(t, {
        fetch(ctx) {
          ctx.deny();
          return sequel();
        },
        error: () => assert.fail("error() is not called"),
      });
      assert.equal((await client.get("/")).status, 503);
      assert.equal((await client.rest()).length, 0);
      assert.match(reports.join(), report);
    });
  }
});

describe("a body that is the client's fault", () => {
  const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const limits = { maxRequestBodySize: 4 };
  const cases: Record<string, [request: string, code: string, status: number]> = {
    "too large": [`${CHUNKED}5\r\nlarge\r\n0\r\n\r\n`, "ERR_HTTP_CONTENT_TOO_LARGE", 413],
    malformed: [`${CHUNKED}zz\r\n`, "ERR_HTTP_PROTOCOL_ERROR", 400],
  };
  for (const [name, [request, code, status]] of Object.entries(cases)) {
    test(`${name}, has its own status as the fallback`, async (t) => {
      const { client, reports } = await serve(t, { fetch: async (ctx) => reply(await ctx.request.text()) }, { limits });
      await client.send(request);
      assert.equal((await client.response()).status, status);
      assert.deepEqual(reports, []);
    });

    test(`${name}, reaches error() with its code`, async (t) => {
      const methods: Pick<WintertcApplication, "fetch" | "error"> = {
        fetch: async (ctx) => reply(await ctx.request.text()),
        error: (_ctx, error) => reply((error as { code: string }).code, { status: 422 }),
      };
      const { client } = await serve(t, methods, { limits });
      await client.send(request);
      const response = await client.response();
      assert.deepEqual([response.status, response.text], [422, code]);
    });
  }

  test("too slow, is answered with 408, and error() is not called", { timeout: 30_000 }, async (t) => {
    const codes: unknown[] = [];
    const completed = deferred<unknown>();
    const { client } = await serve(
      t,
      {
        async fetch(ctx) {
          completed.resolve(ctx.completed!.catch((error) => error.code));
          return reply(
            await ctx.request.text().catch((error) => {
              codes.push(error.code);
              throw error;
            }),
          );
        },
        error: () => assert.fail("error() is not called"),
      },
      { timeouts: { receive: 50 } },
    );
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
    assert.equal((await client.response()).status, 408);
    assert.deepEqual(codes, ["ERR_HTTP_TIMEOUT"]);
    assert.equal(await completed.promise, "ERR_HTTP_TIMEOUT");
  });
});

test("an application of another version, or of none, is refused", () => {
  for (const version of [2, "1", undefined]) {
    assert.throws(() => wintertc({ [PROTOCOL]: version, fetch: () => reply() }), {
      name: "TypeError",
      message: `its wintertc.server.protocol is ${version}, and the version spoken here is 1`,
    });
  }
});
