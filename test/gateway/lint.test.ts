import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodySource, Exchange, Handler } from "../../src/gateway/contract.ts";
import { lint } from "../../src/gateway/lint.ts";
import { toFetch } from "../../src/gateway/to-fetch.ts";

const POST = { method: "POST", body: "hello" };

/** Rejects with the breach that lint finds in the handler. */
function call(handler: Handler, init: RequestInit = POST): Promise<Response> {
  return toFetch(lint(handler))(new Request("http://a.example/", init));
}

const BYTES = new Uint8Array(10);

const BREACHES: readonly [message: RegExp, ...calls: ((exchange: Exchange) => unknown)[]][] = [
  [/neither nothing nor a promise/, () => "a page"],
  [/start with status 199/, (x) => x.start(199)],
  [/start with status 600/, (x) => x.start(600)],
  [/start with status 200\.5/, (x) => x.start(200.5)],
  [/the response has started/, (x) => x.start(200), (x) => x.start(200)],
  [/field name that has no value/, (x) => x.start(200, ["A"])],
  [/field name "a b"/, (x) => x.start(200, ["a b", "c"])],
  [/field name ""/, (x) => x.start(200, ["", "c"])],
  [/with a: "b\\r\\nc: d"/, (x) => x.start(200, ["a", "b\r\nc: d"])],
  [/with a: " b"/, (x) => x.start(200, ["a", " b"])],
  [/with a: "€"/, (x) => x.start(200, ["a", "€"])],
  [/with a: 1$/, (x) => x.start(200, ["a", 1 as never])],
  [/fields that are no list/, (x) => x.start(200, { a: "b" } as never)],
  [/the reason "a\\nb"/, (x) => x.start(200, [], "a\nb")],
  [/transfer-encoding, which is the server's/, (x) => x.start(200, ["Transfer-Encoding", "chunked"])],
  [/keep-alive, which is the server's/, (x) => x.start(200, ["Keep-Alive", "timeout=5"])],
  [/Content-Length "1,1"/, (x) => x.start(200, ["Content-Length", "1,1"])],
  [/Content-Length "\+1"/, (x) => x.start(200, ["Content-Length", "+1"])],
  [/two Content-Lengths/, (x) => x.start(200, ["Content-Length", "1", "content-length", "1"])],
  [/write before start/, (x) => x.write("a")],
  [/end before start/, (x) => x.end()],
  [/neither a string nor bytes/, (x) => x.start(200), (x) => x.write(1 as never)],
  [/neither a string nor bytes/, (x) => x.start(200), (x) => x.end([1] as never)],
  [/write, and the exchange was ended/, (x) => x.start(200), (x) => x.end(), (x) => x.write("a")],
  [/end, and the exchange was ended/, (x) => x.start(200), (x) => x.end(), (x) => x.end()],
  [/more than the 1 bytes/, (x) => x.start(200, ["Content-Length", "1"]), (x) => x.write("é")],
  [/after 1 of the 2 bytes/, (x) => x.start(200, ["Content-Length", "2"]), (x) => x.write("a"), (x) => x.end()],
  [/inform with status 200/, (x) => x.inform(200)],
  [/inform with status 101/, (x) => x.inform(101)],
  [/inform after start/, (x) => x.start(200), (x) => x.inform(103)],
  [/inform with the field name/, (x) => x.inform(103, ["a:", "b"])],
  [/content-length among the trailers/, (x) => x.start(200), (x) => x.end("", ["Content-Length", "0"])],
  [/takeOver after start/, (x) => x.start(200), (x) => x.takeOver()],
  [/another read is under way/, (x) => Promise.all([x.body.read(), x.body.read()])],
  [/bytes were changed/, (x) => x.start(200), (x) => x.write(BYTES), () => BYTES.fill(1), (x) => x.end()],
];

for (const [message, ...calls] of BREACHES) {
  test(`lint finds ${message}`, async () => {
    const found: unknown[] = [];
    // The breach may come when the response is decided: then it breaks the handler, not the call.
    await call(async (exchange) => {
      const inner = lint(((linted) => calls.map((call) => call(linted)).at(-1)) as Handler);
      try {
        await inner(exchange);
      } catch (error) {
        found.push(error);
        exchange.abort(error);
      }
    }).catch(() => {});
    assert.equal(found.length, 1);
    assert.ok(found[0] instanceof TypeError);
    assert.match(found[0].message, message);
  });
}

test("a handler that keeps the contract is left alone, whatever it does", async () => {
  const response = await call(async (exchange) => {
    exchange.inform(103, ["Link", "</style.css>; rel=preload"]);
    const pieces: Uint8Array[] = [];
    for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) pieces.push(piece);
    assert.equal(await exchange.body.read(), null);
    exchange.body.discard();
    assert.equal(exchange.started, false);
    exchange.start(200, ["Content-Type", "text/plain", "X-Empty", "", "Connection", "close"], "Very OK");
    assert.equal(exchange.started, true);
    const buffer = new Uint8Array(300_000).fill(97);
    if (!exchange.write(buffer)) await exchange.drained();
    buffer.fill(98);
    if (!exchange.write(buffer)) await exchange.drained();
    exchange.end("é", ["X-Sum", "1"]);
  });
  assert.equal(response.statusText, "Very OK");
  assert.equal((await response.text()).length, 600_001);
});

test("a response without a body may say how long it would be, and is not measured by it", async () => {
  const head = await call(
    (exchange) => {
      exchange.start(200, ["Content-Length", "5"]);
      exchange.end();
    },
    { method: "HEAD" },
  );
  assert.equal(head.headers.get("content-length"), "5");
});

test("the server's side is held to the contract, too", () => {
  const exchange = (head: object, length: unknown = 0) => ({ head, body: { length } }) as unknown as Exchange;
  const fields = new Map();
  const head = { method: "GET", target: "/", minor: 1, fields };
  const handler = lint((linted) => void linted.body);
  assert.throws(() => handler(exchange({ ...head, method: "G T" })), /^TypeError: lint: the server gave the method/);
  assert.throws(() => handler(exchange({ ...head, target: "" })), /the server gave the target/);
  assert.throws(() => handler(exchange({ ...head, minor: 2 })), /the server gave HTTP\/1\.2/);
  assert.throws(
    () => handler(exchange({ ...head, fields: new Map([["a b", "c"]]) })),
    /the server with the field name/,
  );
  assert.throws(() => handler(exchange(head, -1)), /the server gave a body of length -1/);
  handler(exchange(head, null));
});

test("a body is read as text or piece by piece, not both, and only where the source can", async () => {
  const head = { method: "POST", target: "/", minor: 1, fields: new Map() };
  const bodyOf = async (inner: object) => {
    let body!: BodySource;
    await lint((exchange) => {
      body = exchange.body;
    })({ head, body: { length: 4, ...inner } } as unknown as Exchange);
    return body;
  };
  const read = () => Promise.resolve(null);
  assert.equal((await bodyOf({ read })).text, undefined);
  const both = await bodyOf({ read, text: () => Promise.resolve("text") });
  await both.read();
  await assert.rejects(both.text!(), /lint: body\.text, and it was read before/);
  assert.equal(await (await bodyOf({ read, text: () => Promise.resolve("text") })).text!(), "text");
  await assert.rejects((await bodyOf({ text: () => Promise.resolve(1) })).text!(), /body\.text gave no string/);
});
