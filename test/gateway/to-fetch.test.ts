import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange, Handler } from "../../src/gateway/contract.ts";
import { lint } from "../../src/gateway/lint.ts";
import { toFetch } from "../../src/gateway/to-fetch.ts";

const URL_ = "http://a.example/path?query";

function fetchFrom(handler: Handler, init?: RequestInit & { duplex?: "half" }, url = URL_): Promise<Response> {
  return toFetch(lint(handler))(new Request(url, init));
}

async function readText({ body }: Exchange): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (let piece = await body.read(); piece !== null; piece = await body.read()) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test("a handler sees the request as a server would show it", async () => {
  const response = await fetchFrom(
    async (exchange) => {
      const { head, connection } = exchange;
      assert.deepEqual([head.method, head.target, head.minor], ["POST", "/path?query", 1]);
      assert.equal(head.fields.get("host"), "a.example");
      assert.equal(head.fields.get("x-one"), "1");
      assert.equal(connection.encrypted, true);
      exchange.start(201, ["X-Text", await readText(exchange), "Set-Cookie", "a=1", "Set-Cookie", "b=2"], "Made");
      exchange.end("done");
    },
    { method: "POST", body: "hello", headers: { "X-One": "1" } },
    "https://a.example/path?query",
  );
  assert.deepEqual([response.status, response.statusText], [201, "Made"]);
  assert.equal(response.headers.get("x-text"), "hello");
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(response.headers.get("content-type"), null);
  assert.equal(await response.text(), "done");
});

test("a response is there with its first piece, and its pieces come as they are written", async () => {
  let next!: () => void;
  const response = await fetchFrom(async (exchange) => {
    exchange.start(200);
    exchange.write("one ");
    await new Promise<void>((resolve) => (next = resolve));
    exchange.write(Buffer.from("two "));
    exchange.end("three");
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader.read()).value, "one ");
  next();
  assert.equal((await reader.read()).value, "two ");
  assert.equal((await reader.read()).value, "three");
  assert.equal((await reader.read()).done, true);
});

test("a reader that is slow makes the handler wait", async () => {
  let written = 0;
  const total = 100;
  const response = await fetchFrom(async (exchange) => {
    exchange.start(200);
    for (; written < total; written++) if (!exchange.write(new Uint8Array(16_384))) await exchange.drained();
    exchange.end();
  });
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  assert.ok(written < 10, `${written} pieces were written`);
  assert.equal((await response.arrayBuffer()).byteLength, total * 16_384);
});

test("a request body is read as it comes", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const response = fetchFrom(
    async (exchange) => {
      assert.equal(exchange.body.length, null);
      assert.equal(Buffer.from((await exchange.body.read())!).toString(), "first");
      void writer.write(Buffer.from("second"));
      void writer.close();
      exchange.start(200);
      exchange.end(await readText(exchange));
    },
    { method: "POST", body: readable, duplex: "half" },
  );
  await writer.write(Buffer.from("first"));
  assert.equal(await (await response).text(), "second");
});

test("a request body that is not wanted is cancelled", async () => {
  let cancelled = false;
  const cancel = () => {
    cancelled = true;
  };
  const body = new ReadableStream({ cancel }, { highWaterMark: 0 });
  await fetchFrom(
    async (exchange) => {
      exchange.body.discard();
      assert.equal(await exchange.body.read(), null);
      exchange.start(204);
      exchange.end();
    },
    { method: "POST", body, duplex: "half" },
  );
  assert.equal(cancelled, true);
});

for (const [status, method] of [
  [200, "HEAD"],
  [204, "GET"],
  [205, "GET"],
  [304, "GET"],
] as const) {
  test(`${method} with ${status} has no body, whatever is written`, async () => {
    const response = await fetchFrom(
      (exchange) => {
        exchange.start(status, ["Content-Length", "5"]);
        exchange.write("he");
        exchange.end("llo");
      },
      { method },
    );
    assert.equal(response.status, status);
    assert.equal(response.body, null);
  });
}

test("what a handler throws before it has started is what the call rejects with", async () => {
  const oops = new Error("oops");
  for (const handler of [
    () => Promise.reject(oops),
    () => {
      throw oops;
    },
  ]) {
    await assert.rejects(fetchFrom(handler), (error) => error === oops);
  }
});

test("what a handler throws while it streams breaks the body", async () => {
  const oops = new Error("oops");
  const response = await fetchFrom(async (exchange) => {
    exchange.start(200);
    exchange.write("x");
    throw oops;
  });
  await assert.rejects(response.text(), (error) => error === oops);
});

test("the signal aborts when the request's does, or the body is cancelled; never after the end", async () => {
  const signals: AbortSignal[] = [];
  const stream: Handler = async (exchange) => {
    signals.push(exchange.signal);
    exchange.start(200);
    while (exchange.write("x".repeat(65_536)));
    await assert.rejects(exchange.drained(), { name: "AbortError" });
    assert.equal(exchange.write("more"), false);
    exchange.end();
  };
  const client = new AbortController();
  const first = await fetchFrom(stream, { signal: client.signal });
  client.abort();
  await assert.rejects(first.text(), { name: "AbortError" });
  await (await fetchFrom(stream)).body!.cancel();
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );

  await assert.rejects(
    fetchFrom(() => {}, { signal: AbortSignal.abort() }),
    { name: "AbortError" },
  );

  const late = new AbortController();
  let kept!: AbortSignal;
  await fetchFrom(
    (exchange) => {
      kept = exchange.signal;
      exchange.start(200);
      exchange.end();
    },
    { signal: late.signal },
  );
  late.abort();
  assert.equal(kept.aborted, false);
});

test("nobody can take over, and informational responses are not for fetch", async () => {
  const response = await fetchFrom((exchange) => {
    exchange.inform(103, ["Link", "</a>"]);
    assert.throws(() => exchange.takeOver(), TypeError);
    exchange.start(200);
    exchange.end("fine");
  });
  assert.equal(await response.text(), "fine");
});
