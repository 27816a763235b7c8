import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { test } from "node:test";
import zlib from "node:zlib";
import { request } from "../../src/client/index.ts";
import type { Exchange } from "../../src/gateway/contract.ts";
import { fetchHandler } from "../../src/gateway/fetch/handler.ts";
import { addressOf, answer, deferred, readAll, start, testEachWay } from "../server/support.ts";
import { clientFor, response, scripted } from "./support.ts";

/** Says what it was asked. */
async function echo(exchange: Exchange): Promise<void> {
  const body = await readAll(exchange.body);
  const { method, target, fields } = exchange.head;
  const framing = fields.get("transfer-encoding") ?? fields.get("content-length");
  const told = JSON.stringify({ method, target, type: fields.get("content-type"), framing, body: body.toString() });
  exchange.start(200, ["Content-Type", "application/json"]);
  exchange.end(told);
}

/** Where a server listens, for `request`. */
function destination(server: Parameters<typeof addressOf>[0]): { url: string; unix?: string } {
  const address = addressOf(server);
  return "path" in address ? { url: "http://a/", unix: address.path } : { url: server.url };
}

testEachWay("GET gives a Response as fetch does", async (t, start) => {
  const server = await start((exchange) => answer(exchange, "hello", 404));
  const { url, unix } = destination(server);
  const got = await clientFor(t, { unix }).request(`${url}a?b#c`);
  assert.ok(got instanceof Response);
  assert.deepEqual([got.status, got.ok, got.statusText, got.redirected], [404, false, "Not Found", false]);
  assert.equal(got.url, `${url}a?b`);
  assert.equal(got.headers.get("content-type"), "text/plain");
  assert.equal(await got.text(), "hello");
  assert.ok(got.bodyUsed);
  await assert.rejects(got.text(), TypeError);
});

test("the body is read as text, JSON, bytes, a buffer, a blob, a form or a stream", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Content-Type", "application/x-www-form-urlencoded"]);
    exchange.end("12");
  });
  const client = clientFor(t);
  const get = () => client.request(server.url);
  assert.equal(await (await get()).text(), "12");
  assert.equal(await (await get()).json(), 12);
  assert.deepEqual(await (await get()).bytes(), new Uint8Array([0x31, 0x32]));
  assert.equal((await (await get()).arrayBuffer()).byteLength, 2);
  assert.equal(await (await (await get()).blob()).text(), "12");
  assert.deepEqual([...(await (await get()).formData())], [["12", ""]]);
  const pieces: Buffer[] = [];
  for await (const piece of (await get()).body!) pieces.push(Buffer.from(piece));
  assert.equal(Buffer.concat(pieces).toString(), "12");
  const original = await get();
  const copy = original.clone();
  assert.deepEqual([await original.text(), await copy.text()], ["12", "12"]);
});

test("a body is sent from text, bytes, a form, a blob, a stream, a file's stream or an iterable", async (t) => {
  const server = await start(t, echo);
  const client = clientFor(t);
  const post = async (body: Parameters<typeof client.request>[1] & object) =>
    (await client.request(server.url, { method: "POST", ...body })).json();
  const text = { type: "text/plain;charset=UTF-8", framing: "5", body: "hé!\n" };
  assert.deepEqual(await post({ body: "hé!\n" }), { method: "POST", target: "/", ...text });
  const bytes = { method: "POST", target: "/", type: null, framing: "2", body: "ab" };
  assert.deepEqual(await post({ body: Buffer.from("ab") }), bytes);
  assert.deepEqual(await post({ body: new Uint8Array(Buffer.from("xabx")).buffer.slice(1, 3) }), bytes);
  assert.deepEqual(await post({ body: new DataView(new Uint8Array([0x61, 0x62]).buffer) }), bytes);
  assert.deepEqual(await post({ body: new Blob(["ab"], { type: "x/y" }) }), { ...bytes, type: "x/y" });
  assert.equal((await post({ body: new URLSearchParams({ a: "b c" }) })).body, "a=b+c");
  const chunked = { ...bytes, framing: "chunked" };
  assert.deepEqual(await post({ body: Readable.from(["a", "b"]) }), chunked);
  assert.deepEqual(await post({ body: new Blob(["ab"]).stream() }), chunked);
  assert.deepEqual(await post({ body: [Buffer.from("a"), "b"] }), chunked);
  assert.deepEqual(await post({ body: new Response("ab").body! }), chunked);
  assert.deepEqual(await post({ body: [Buffer.from("ab")], headers: { "content-length": "2" } }), bytes);
  assert.deepEqual(await post({}), { ...bytes, framing: "0", body: "" });
});

test("a form with a file arrives as browsers send it, with its length", async (t) => {
  const server = await start(
    t,
    fetchHandler(async (request) => {
      const form = await request.formData();
      const file = form.get("f") as File;
      return Response.json([
        form.get('a"b'),
        file.name,
        file.type,
        await file.text(),
        request.headers.has("content-length"),
      ]);
    }),
  );
  const body = new FormData();
  body.set('a"b', "one\ntwo");
  body.set("f", new File(["content"], 'n"1.txt', { type: "text/x" }));
  const got = await clientFor(t).request(server.url, { method: "POST", body });
  assert.deepEqual(await got.json(), ["one\r\ntwo", 'n"1.txt', "text/x", "content", true]);
});

test("HEAD and 204 have no body, whatever their fields say", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(exchange.head.method === "HEAD" ? 200 : 204);
    exchange.end();
  });
  const client = clientFor(t);
  for (const method of ["head", "DELETE"]) {
    const got = await client.request(server.url, { method });
    assert.equal(got.body, null);
    assert.equal(await got.text(), "");
  }
});

test("fields go out as they were given, with those that a client adds", async (t) => {
  const heads: string[] = [];
  const server = await scripted(t, async (peer) => {
    for (let head = await peer.head(); head !== null; head = await peer.head()) {
      heads.push(head);
      peer.send(response(""));
    }
  });
  const client = clientFor(t);
  await client.request(server.url);
  await client.request(server.url, {
    decode: false,
    headers: { Host: "other:1", "User-Agent": "me", "X-A": "1", Connection: "x", Upgrade: "h2c", TE: "trailers" },
  });
  await client.request(server.url, { headers: [["Connection", "close"]] });
  const host = `Host: 127.0.0.1:${server.port}\r\n`;
  assert.equal(
    heads[0],
    `GET / HTTP/1.1\r\n${host}accept: */*\r\nuser-agent: portico\r\naccept-encoding: gzip, deflate, br\r\n\r\n`,
  );
  assert.equal(heads[1], "GET / HTTP/1.1\r\nhost: other:1\r\nuser-agent: me\r\nx-a: 1\r\naccept: */*\r\n\r\n");
  assert.match(heads[2]!, /\r\nConnection: close\r\n/);
  assert.equal(server.connections, 1);
});

test("a Request is sent as it is, so that a server can pass on what it got", async (t) => {
  const upstream = await start(t, echo);
  const client = clientFor(t);
  const proxy = await start(
    t,
    fetchHandler((request) => client.request(new Request(new URL("/up", upstream.url), request))),
  );
  const got = await clientFor(t).request(proxy.url, { method: "PUT", body: "through" });
  const told = { method: "PUT", target: "/up", type: "text/plain;charset=UTF-8", framing: "7", body: "through" };
  assert.deepEqual(await got.json(), told);
});

test("a Request that a server got goes to another by that one's name, and what comes back can be handed on", async (t) => {
  const upstream = await start(t, (exchange) => {
    const { fields } = exchange.head;
    exchange.start(200, ["Content-Encoding", "gzip", "Connection", "x", "X-Asked", `${fields.get("accept-encoding")}`]);
    exchange.end(zlib.gzipSync(`for ${fields.get("host")}`));
  });
  const client = clientFor(t);
  const relay = (decode: boolean) =>
    start(
      t,
      fetchHandler(async (request) => {
        const got = await client.request(new Request(upstream.url, request), { decode });
        return decode ? got : new Response(got.body, got);
      }),
    );
  const expected = `for ${new URL(upstream.url).host}`;
  const asking = { headers: { "Accept-Encoding": "zstd" } };
  const [decoding, passing] = [await relay(true), await relay(false)];

  const plain = await client.request(decoding.url, asking);
  assert.deepEqual([plain.headers.get("content-encoding"), await plain.text()], [null, expected]);
  assert.equal(plain.headers.get("x-asked"), "gzip, deflate, br");
  const coded = await client.request(passing.url, asking);
  assert.deepEqual([coded.headers.get("content-encoding"), await coded.text()], ["gzip", expected]);
  assert.equal(coded.headers.get("x-asked"), "zstd");
});

test("what cannot be sent is a TypeError, before a connection is made", async (t) => {
  const server = await scripted(t, () => {});
  const client = clientFor(t);
  const refused = (url: string, init = {}) => assert.rejects(client.request(url, init), TypeError);
  await refused("ftp://a/");
  await refused("/relative");
  await refused(`http://user:secret@127.0.0.1:${server.port}/`);
  await refused(server.url, { method: "CONNECT" });
  await refused(server.url, { headers: { "a b": "c" } });
  await refused(server.url, { headers: { a: "b\r\nc: d" } });
  await refused(server.url, { method: "POST", body: 12 });
});

test("a method, host or length that cannot be sent is a TypeError, and spoils no connection", async (t) => {
  const server = await start(t, echo);
  const client = clientFor(t);
  const refused = (init: object) => assert.rejects(client.request(server.url, init), TypeError);
  await refused({ method: "GET /" });
  await refused({ headers: { host: "a/b" } });
  await refused({ method: "POST", body: "abc", headers: { "content-length": "4" } });
  assert.equal((await client.request(server.url)).status, 200);
});

test("a body that is not as long as it was said to be fails the request", async (t) => {
  const server = await start(t, echo, { onError: () => {} });
  const client = clientFor(t);
  const post = (pieces: string[]) =>
    client.request(server.url, { method: "POST", body: pieces, headers: { "content-length": "3" } });
  await assert.rejects(post(["ab"]), /Content-Length 3: the body has 2 bytes/);
  await assert.rejects(post(["ab", "cd"]), /Content-Length 3: the body has more bytes/);
});

test("what a body's source throws is what the request rejects with", async (t) => {
  const server = await start(t, echo, { onError: () => {} });
  const body = (async function* () {
    yield "a";
    throw new RangeError("no more");
  })();
  await assert.rejects(clientFor(t).request(server.url, { method: "POST", body }), new RangeError("no more"));
});

const CODED: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: zlib.gzipSync,
  "x-gzip": zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  "gzip, br": (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
  Identity: (bytes) => bytes,
};

for (const [coding, encode] of Object.entries({ ...CODED, "deflate (raw)": zlib.deflateRawSync })) {
  test(`${coding} is undone, in one piece and byte by byte`, async (t) => {
    const plain = "so much text. ".repeat(500);
    const coded = encode(Buffer.from(plain));
    const server = await start(t, async (exchange) => {
      exchange.start(200, ["Content-Encoding", coding.replace(" (raw)", "")]);
      if (exchange.head.target === "/whole") return exchange.end(coded);
      for (const byte of coded) if (!exchange.write(Buffer.of(byte))) await exchange.drained();
      exchange.end();
    });
    const client = clientFor(t);
    for (const target of ["whole", "bytes"]) {
      assert.equal(await (await client.request(server.url + target)).text(), plain);
    }
    assert.deepEqual(Buffer.from(await (await client.request(server.url, { decode: false })).bytes()), coded);
  });
}

test("a coding without a body, or that nobody knows, is left alone", async (t) => {
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Content-Encoding", exchange.head.target.slice(1)]);
    exchange.end(exchange.head.target === "/x-strange" ? "as it is" : "");
  });
  const client = clientFor(t);
  assert.equal(await (await client.request(`${server.url}x-strange`)).text(), "as it is");
  assert.equal(await (await client.request(`${server.url}gzip`)).text(), "");
});

test("a coded body that is no such thing, or is cut off, is an error with a code", async (t) => {
  const coded = zlib.gzipSync("a".repeat(1000));
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Content-Encoding", "gzip"]);
    exchange.end(exchange.head.target === "/cut" ? coded.subarray(0, -10) : "this is plain text");
  });
  const client = clientFor(t);
  for (const target of ["cut", "plain"]) {
    const got = await client.request(server.url + target);
    await assert.rejects(got.text(), { code: "BAD_CODING", name: "ClientError" });
  }
});

test("a small body that would decode to a huge one is stopped", async (t) => {
  const bomb = zlib.gzipSync(Buffer.alloc(20_000_000));
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Content-Encoding", "gzip"]);
    exchange.end(bomb);
  });
  const got = await clientFor(t, { limits: { maxDecodedSize: 1_000_000 } }).request(server.url);
  await assert.rejects(got.bytes(), { code: "BODY_TOO_LARGE" });
});

test("a large coded body is undone while it comes, under backpressure and without a leak of listeners", async (t) => {
  const plain = Buffer.alloc(8_000_000, randomBytes(65_536));
  const coded = zlib.gzipSync(plain, { level: 1 });
  const server = await start(t, (exchange) => {
    exchange.start(200, ["Content-Encoding", "gzip"]);
    exchange.end(coded);
  });
  const warnings: string[] = [];
  const warn = (warning: Error) => warnings.push(warning.name);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const signal = new AbortController().signal;
  const client = clientFor(t);
  const got = await Promise.all(Array.from({ length: 15 }, () => client.request(server.url, { signal })));
  for (const each of got) assert.ok(plain.equals(await each.bytes()));
  assert.deepEqual(warnings, []);
});

test("a body over the limit is stopped, and one at the limit is not", async (t) => {
  const server = await start(t, (exchange) => answer(exchange, "x".repeat(Number(exchange.head.target.slice(1)))));
  const client = clientFor(t, { limits: { maxBodySize: 1000 } });
  assert.equal((await (await client.request(`${server.url}1000`)).text()).length, 1000);
  await assert.rejects((await client.request(`${server.url}1001`)).text(), { code: "BODY_TOO_LARGE" });
});

test("a response in pieces is streamed as it comes", async (t) => {
  const more = deferred();
  const server = await start(t, async (exchange) => {
    exchange.start(200);
    exchange.write("first");
    await more.promise;
    exchange.end("second");
  });
  const got = await clientFor(t).request(server.url);
  const reader = got.body!.getReader();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "first");
  more.resolve();
  assert.equal(Buffer.from((await reader.read()).value!).toString(), "second");
  assert.ok((await reader.read()).done);
});

test("a reader that does not read keeps the server from sending", async (t) => {
  const size = 64 * 1024 * 1024;
  let written = 0;
  const server = await start(t, async (exchange) => {
    if (exchange.head.target !== "/") return answer(exchange, "settled");
    exchange.start(200, ["Content-Length", String(size)]);
    const piece = Buffer.alloc(64 * 1024);
    for (; written < size; written += piece.length) if (!exchange.write(piece)) await exchange.drained();
    exchange.end();
  });
  const got = await clientFor(t).request(server.url);
  const reader = got.body!.getReader();
  let read = (await reader.read()).value!.length;
  // What the kernel's buffers and ours take is some megabytes; waiting for another connection's answer lets it settle.
  await (await request(`${server.url}other`)).text();
  assert.ok(written < size / 2, `${written} bytes left the server for a reader that took ${read}`);
  for (let next = await reader.read(); !next.done; next = await reader.read()) read += next.value.length;
  assert.equal(read, size);
});

test("a server that does not read keeps the body's source from being asked", async (t) => {
  let given = 0;
  const accepted = deferred();
  const server = await scripted(t, async (peer) => {
    peer.socket.pause();
    accepted.resolve();
  });
  const enough = 64 * 1024 * 1024;
  const body = (async function* () {
    const piece = Buffer.alloc(64 * 1024);
    for (; given < enough; given += piece.length) yield piece;
  })();
  const controller = new AbortController();
  const { signal } = controller;
  const pending = clientFor(t).request(server.url, { method: "PUT", body, signal });
  pending.catch(() => {});
  await accepted.promise;
  let before = -1;
  while (given !== before) {
    before = given;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(given < enough, `all of it was asked for`);
  controller.abort(new Error("enough"));
  await assert.rejects(pending, /enough/);
});

test("a signal ends a request that is under way, and the reading of a body", async (t) => {
  const left = deferred();
  const server = await start(t, async (exchange) => {
    if (exchange.head.target === "/body") {
      exchange.start(200);
      exchange.write("first");
    }
    await once(exchange.signal, "abort");
    if (exchange.head.target === "/body") left.resolve();
  });
  const client = clientFor(t);
  const aborted = new DOMException("changed my mind", "AbortError");
  await assert.rejects(client.request(server.url, { signal: AbortSignal.abort(aborted) }), aborted);
  const early = new AbortController();
  const pending = client.request(server.url, { signal: early.signal });
  setImmediate(() => early.abort(aborted));
  await assert.rejects(pending, aborted);
  const late = new AbortController();
  const got = await client.request(`${server.url}body`, { signal: late.signal });
  const text = got.text();
  late.abort(aborted);
  await assert.rejects(text, aborted);
  await left.promise;
});

test("AbortSignal.timeout limits a request as a whole", async (t) => {
  const server = await scripted(t, () => {});
  const pending = clientFor(t).request(server.url, { signal: AbortSignal.timeout(20) });
  await assert.rejects(pending, { name: "TimeoutError" });
});

test("a body of megabytes goes there and back, whole or in pieces", async (t) => {
  const server = await start(t, async (exchange) => {
    const body = await readAll(exchange.body);
    exchange.start(200);
    exchange.end(body);
  });
  const body = Buffer.alloc(3_000_000, "0123456789");
  const client = clientFor(t);
  for (const sent of [body, Readable.from([body.subarray(0, 5), body.subarray(5)])]) {
    const got = await client.request(server.url, { method: "POST", body: sent });
    assert.deepEqual(Buffer.from(await got.bytes()), body);
  }
});
