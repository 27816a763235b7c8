/**
 * Where other servers' light classes have failed their users, and what the wire shows of it. What is not here is in the
 * tests of the classes themselves, which are compared with the platform's.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { type FetchFunction, fetchHandler } from "../../../src/gateway/fetch/handler.ts";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { type Client, connect, deferred, INCOMPLETE, start } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";
import { startPortico } from "../../support/portico.ts";

const MAKERS: Record<string, typeof Response> = { light: LightResponse as never, "the platform's": Response };

async function serve(t: TestContext, fetch: FetchFunction): Promise<{ client: Client; reports: string[] }> {
  const reports: string[] = [];
  const onError = (error: unknown) => reports.push(String(error));
  return { client: await connect(t, await start(t, lint(fetchHandler(fetch)), { onError })), reports };
}

for (const [name, Made] of Object.entries(MAKERS)) {
  describe(`a response that is ${name}`, () => {
    test("has the length of what is in memory, for HEAD too", async (t) => {
      const bodies: Record<string, () => BodyInit> = {
        "/string": () => "héllo",
        "/bytes": () => Buffer.from("héllo"),
        "/view": () => new DataView(new TextEncoder().encode("<héllo>").buffer, 1, 6),
        "/form": () => new URLSearchParams("a=1234"),
        "/empty": () => "",
      };
      const { client } = await serve(t, ({ url }) => new Made(bodies[new URL(url).pathname]!()));
      for (const [path, body] of Object.entries(bodies)) {
        const expected = await new Response(body()).text();
        const response = await client.get(path);
        assert.equal(response.text, expected);
        assert.equal(response.field("Content-Length"), String(Buffer.byteLength(expected)));
        await client.send(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        const head = await client.response("HEAD");
        assert.equal(head.field("Content-Length"), response.field("Content-Length"));
        assert.deepEqual(head.field("Content-Type"), response.field("Content-Type"));
      }
    });

    test("has no length on 204, whatever it declares", async (t) => {
      const { client } = await serve(t, () => new Made(null, { status: 204, headers: { "content-length": "1" } }));
      assert.equal((await client.get("/")).field("Content-Length"), null);
      assert.equal((await client.get("/")).status, 204);
    });

    test("ends the connection when its stream is shorter than its length", async (t) => {
      const { client, reports } = await serve(t, () => {
        return new Made(new Blob(["half"]).stream(), { headers: { "content-length": "8" } });
      });
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await assert.rejects(client.response(), INCOMPLETE);
      assert.match(reports.join(), /ended after 4 of the 8 bytes|end after 4 of the 8 bytes/);
    });

    test("streams what is not there yet, the first piece at once", async (t) => {
      const go = deferred();
      const { client } = await serve(t, () => {
        let pulls = 0;
        return new Made(
          new ReadableStream({
            async pull(controller) {
              if (pulls === 1) await go.promise;
              if (pulls === 2) return controller.close();
              controller.enqueue(Buffer.from(pulls++ === 0 ? "first, " : "second"));
            },
          }),
        );
      });
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      while (!client.received.includes("first, ")) await once(client.socket, "data");
      go.resolve();
      const response = await client.response();
      assert.deepEqual([response.text, response.field("Transfer-Encoding")], ["first, second", "chunked"]);
    });

    test("whose stream fails at once is a 500, as nothing was sent yet", async (t) => {
      const { client, reports } = await serve(t, () => {
        return new Made(
          new ReadableStream({
            start(controller) {
              controller.enqueue(Buffer.from("half"));
              controller.error(new Error("at once"));
            },
          }),
        );
      });
      assert.equal((await client.get("/")).status, 500);
      assert.deepEqual(reports, ["Error: at once"]);
    });

    test("has its stream cancelled when the client has left before it was returned", async (t) => {
      const asked = deferred();
      const cancelled = deferred<DOMException>();
      const { client, reports } = await serve(t, async ({ signal }) => {
        asked.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return new Made(
          new ReadableStream({
            pull: (controller) => controller.enqueue(Buffer.from("event")),
            cancel: (reason) => cancelled.resolve(reason),
          }),
        );
      });
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await asked.promise;
      client.reset();
      assert.equal((await cancelled.promise).name, "AbortError");
      assert.deepEqual(reports, []);
    });

    test("streams what is large", async (t) => {
      const { client } = await serve(t, () => new Made(new Blob(Array(64).fill("x".repeat(16_384))).stream()));
      const response = await client.get("/");
      assert.equal(response.body.length, 64 * 16_384);
    });

    test("whose stream never ends is pulled a little for HEAD, and cancelled", async (t) => {
      const cancelled = deferred();
      let given = 0;
      const { client } = await serve(t, () => {
        return new Made(
          new ReadableStream({
            pull(controller) {
              given += 1024;
              controller.enqueue(new Uint8Array(1024));
            },
            cancel: () => cancelled.resolve(),
          }),
        );
      });
      await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
      assert.equal((await client.response("HEAD")).status, 200);
      await cancelled.promise;
      assert.ok(given <= 128 * 1024, `${given} bytes were pulled`);
    });

    test("with a line end in a field is a 500 that does not repeat it", async (t) => {
      const { client, reports } = await serve(t, () => new Made("", { headers: { "x-a": "secret\r\nx-b: 1" } }));
      const response = await client.get("/");
      assert.equal(response.status, 500);
      assert.doesNotMatch(response.text + response.fields, /secret|x-b/);
      assert.match(reports.join(), /^TypeError/);
      assert.equal((await client.get("/")).status, 500);
    });

    test("with a line end in its status text is a 500", async (t) => {
      const { client } = await serve(t, () => new Made("", { statusText: "OK\r\nx-b: 1" }));
      const response = await client.get("/");
      assert.deepEqual([response.statusLine, response.field("x-b")], ["HTTP/1.1 500 Internal Server Error", null]);
    });
  });
}

test("a request's signal does not abort because its response is complete, or its connection ends later", async (t) => {
  const signals: AbortSignal[] = [];
  const { client } = await serve(t, async (request) => {
    signals.push(request.signal, request.clone().signal);
    return new LightResponse(await request.text()) as Response;
  });
  for (let i = 0; i < 2; i++) {
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    await client.response();
  }
  client.end();
  await client.closed;
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [false, false, false, false],
  );
});

test("a stream of events may be silent for longer than connections may be idle", async (t) => {
  const go = deferred();
  const handler = fetchHandler(({ url }) => {
    if (!url.endsWith("/events")) return new LightResponse("page") as Response;
    const events = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from("data: 1\n\n")),
      async pull(controller) {
        await go.promise;
        controller.enqueue(Buffer.from("data: 2\n\n"));
        controller.close();
      },
    });
    return new LightResponse(events) as Response;
  });
  const server = await start(t, lint(handler), { timeouts: { idle: 50 } });
  const listener = await connect(t, server);
  await listener.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
  for (let i = 0; i < 2; i++) {
    const idle = await connect(t, server);
    await idle.get("/");
    assert.equal(await idle.closed, "end");
  }
  go.resolve();
  assert.equal((await listener.response()).text, "data: 1\n\ndata: 2\n\n");
});

describe("an application that patches Response", () => {
  const patches: Record<string, string> = {
    "with a subclass": `globalThis.Response = class extends Response {
      constructor(body, init) { super(body === null ? body : body + "!", init); }
    };`,
    "with a proxy": `globalThis.Response = new Proxy(Response, {
      construct: (target, [body, ...rest], made) => Reflect.construct(target, [body + "!", ...rest], made),
    });`,
    "with a method": `const { json } = Response;
    Response.json = (value, init) => json.call(Response, value + "!", init);`,
  };
  for (const [way, patch] of Object.entries(patches)) {
    const body = way === "with a method" ? "Response.json('hello')" : "new Response('hello')";
    const handler = "export default { fetch: (request) => make(request) };";
    const app = `${patch}\nconst make = () => { const made = ${body}; if (!(made instanceof Response)) throw 0; return made; };`;

    test(`${way} has its patch`, async (t) => {
      for (const flags of [[], ["--native-fetch"]]) {
        const portico = await startPortico(["app.mjs", ...flags], { cwd: folder({ "app.mjs": `${app}\n${handler}` }) });
        t.after(() => portico.stop());
        assert.match(await (await fetch(portico.url)).text(), /hello!/);
      }
    });
  }

  for (const way of ["with a subclass", "with a proxy"]) {
    test(`${way}, before Portico is loaded, has its patch`, async (t) => {
      const cwd = folder({
        "patch.mjs": patches[way]!,
        "app.mjs":
          "export default { fetch: (request) => new Response('hello', { headers: new Headers(request.headers) }) };",
      });
      const portico = await startPortico(["app.mjs"], { cwd, env: { NODE_OPTIONS: "--import=./patch.mjs" } });
      t.after(() => portico.stop());
      const response = await fetch(portico.url, { headers: { "x-a": "1" } });
      assert.deepEqual([await response.text(), response.headers.get("x-a")], ["hello!", "1"]);
    });
  }
});
