/** Responses that stream, wait and inform. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { deferred } from "../../server/support.ts";
import { same, serve, serveNode } from "./support.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const PIECE = Buffer.alloc(64 * 1024, "a");

test("write() says when the client takes nothing any more, and drain when it does", { timeout: 30_000 }, async (t) => {
  const full = deferred<number>();
  const drained = deferred();
  const { client } = await serve(t, async (_, res) => {
    let written = 1;
    while (res.write(PIECE)) written++;
    assert.equal(res.writableNeedDrain, true);
    full.resolve(written);
    await once(res, "drain");
    assert.equal(res.writableNeedDrain, false);
    drained.resolve();
    res.end();
  });
  client.pause();
  await client.send(GET);
  const written = await full.promise;
  client.resume();
  await drained.promise;
  assert.equal((await client.response()).body.length, written * PIECE.length);
});

test("a pipe goes at the pace of the client, and brings all of it", { timeout: 30_000 }, async (t) => {
  let made = 0;
  const { client } = await serve(t, (_, res) => {
    const source = new Readable({
      read() {
        this.push(made++ < 400 ? PIECE : null);
      },
    });
    source.pipe(res);
  });
  client.pause();
  await client.send(GET);
  client.resume();
  assert.equal((await client.response()).body.length, 400 * PIECE.length);
});

test("a callback of write() comes when there is room again, or with an error when the client has left", async (t) => {
  const [waiting, told] = [deferred(), deferred<Error | null | undefined>()];
  const { client } = await serve(t, (_, res) => {
    res.write("a", (error) => {
      assert.ok(!error);
      res.write(Buffer.alloc(32 * 1024 * 1024), told.resolve);
      waiting.resolve();
    });
  });
  client.pause();
  await client.send(GET);
  await waiting.promise;
  client.reset();
  assert.equal((await told.promise)?.name, "AbortError");
});

test("small pieces of one tick leave as one, large ones as they are", async (t) => {
  const { client } = await serve(t, async (req, res) => {
    res.write("a");
    res.write(Buffer.from("b"));
    if (req.url === "/whole") return res.end("c");
    await new Promise(setImmediate);
    res.write("c");
    res.write("d".repeat(20_000));
    return res.end("e");
  });
  const whole = await client.get("/whole");
  assert.deepEqual([whole.text, whole.field("Content-Length")], ["abc", "3"]);
  await client.send("GET /pieces HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const received = String(await client.rest());
  const chunks = ["2\r\nab", "1\r\nc", `4e20\r\n${"d".repeat(20_000)}`, "1\r\ne", "0", ""];
  assert.equal(received.slice(received.indexOf("\r\n\r\n") + 4), `${chunks.join("\r\n")}\r\n`);
});

test("an upload is sent back while it comes", async (t) => {
  const { client } = await serve(t, (req, res) => pipeline(req, res));
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  const head = "HTTP/1.1 200 OK\r\n";
  assert.equal((await client.take(head.length)).toString(), head);
  await client.send("2\r\nde\r\n0\r\n\r\n");
  const rest = await new Promise<string>((resolve) => {
    const look = () => {
      const text = client.received.toString();
      if (text.endsWith("0\r\n\r\n")) resolve(text);
      else client.socket.once("data", look);
    };
    look();
  });
  assert.match(rest, /\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n$/);
});

test("flushHeaders() sends the head alone", async (t) => {
  const flushed = deferred<() => void>();
  const { client } = await serve(t, (_, res) => {
    res.setHeader("X-A", "1").flushHeaders();
    flushed.resolve(() => res.end("late"));
  });
  await client.send(GET);
  const head = "HTTP/1.1 200 OK\r\n";
  assert.equal((await client.take(head.length)).toString(), head);
  (await flushed.promise)();
});

test("informational responses go ahead, as node:http sends them", async (t) => {
  const listener = (_: unknown, res: ServerResponse) => {
    res.writeProcessing();
    res.writeEarlyHints({
      link: ["</a.css>; rel=preload; as=style", "</b.js>; rel=preload; as=script"],
      "x-trace": "1",
    });
    res.end("final");
  };
  const clients = [await serveNode(t, listener), (await serve(t, listener)).client];
  for (const client of clients) {
    await client.send(GET);
    const [processing, hints, final] = [await client.response(), await client.response(), await client.response()];
    assert.deepEqual([processing.statusLine, processing.fields], ["HTTP/1.1 102 Processing", []]);
    assert.equal(hints.statusLine, "HTTP/1.1 103 Early Hints");
    assert.deepEqual(
      hints.fields.map((line) => line.toLowerCase()),
      ["link: </a.css>; rel=preload; as=style, </b.js>; rel=preload; as=script", "x-trace: 1"],
    );
    assert.equal(final.text, "final");
  }
});

test("HEAD is answered with the fields of GET and no body, however it is written", async (t) => {
  const request = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
  await same(t, (_, res) => res.setHeader("X-A", "1").end("body"), request, "HEAD");
  const streamed = (_: unknown, res: ServerResponse) => {
    res.setHeader("Content-Length", 4);
    res.write("bo");
    res.end("dy");
  };
  const { field } = await same(t, streamed, request, "HEAD");
  assert.equal(field("Content-Length"), "4");
});

test("Connection: close, or shouldKeepAlive, ends the connection with the response; HTTP/1.0 may keep it", async (t) => {
  const serveOne = (listener: Parameters<typeof serve>[1]) => serve(t, listener).then(({ client }) => client);
  const byField = await serveOne((_, res) => res.setHeader("Connection", "close").end("a"));
  const byProperty = await serveOne((_, res) => {
    res.shouldKeepAlive = false;
    res.end("a");
  });
  for (const client of [byField, byProperty]) {
    assert.equal((await client.get("/")).field("Connection"), "close");
    assert.equal(await client.closed, "end");
  }
  const old = await serveOne((_, res) => res.end("a"));
  await old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.equal((await old.response()).field("Connection"), "keep-alive");
});

test("a body is read on when its response has been sent, which does not wait for it", async (t) => {
  for (const fields of ["Content-Length: 200000", "Transfer-Encoding: chunked"]) {
    const read = deferred<number>();
    const { client } = await serve(t, async (req, res) => {
      res.statusCode = 202;
      res.end("accepted");
      let size = 0;
      for await (const piece of req) size += piece.length;
      read.resolve(size);
    });
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
    const { status, text } = await client.response();
    assert.deepEqual([status, text], [202, "accepted"]);
    const body = "a".repeat(200_000);
    await client.send(fields.startsWith("C") ? body : `30d40\r\n${body}\r\n0\r\n\r\n`);
    assert.equal(await read.promise, 200_000);
    await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
    assert.equal((await client.response()).text, "accepted");
  }
});

test("who stopped reading a body before its response ended cannot take what there was for all", async (t) => {
  const over = deferred<string[]>();
  const { client } = await serve(t, (req, res) => {
    const events: string[] = [];
    for (const event of ["end", "error", "close"]) req.on(event, () => events.push(event));
    req.once("data", () => {
      req.pause();
      res.end("enough");
      res.on("close", () => req.resume());
    });
    req.on("close", () => over.resolve(events));
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  assert.equal((await client.response()).text, "enough");
  assert.deepEqual(await over.promise, ["error", "close"]);
});

test("a body that nobody takes any more does not keep the connection, though it is still piped somewhere", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const stuck = deferred<IncomingMessage>();
  const { client, reports } = await serve(t, (req, res) => {
    req.pipe(new Writable({ write() {} }));
    res.writeHead(413).end("too large");
    stuck.resolve(req);
  });
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n${"x".repeat(300_000)}`);
  assert.equal((await client.response()).text, "too large");
  const request = await stuck.promise;
  while (request.readableLength < request.readableHighWaterMark) await new Promise(setImmediate);
  for (let rounds = 0; rounds < 2; rounds++) t.mock.timers.tick(5000);
  assert.equal(await client.closed, "end");
  assert.deepEqual(reports, []);
});

test("a request that comes to its end late does not reach the next one on its connection", async (t) => {
  let first: IncomingMessage | undefined;
  const over = deferred();
  const { client } = await serve(t, async (req, res) => {
    if (first === undefined) {
      first = req.on("error", () => {}).on("close", over.resolve);
      return req.once("data", async () => {
        req.pause();
        while (req.readableLength < req.readableHighWaterMark) await new Promise(setImmediate);
        res.end("first");
      });
    }
    first.resume();
    await over.promise;
    await new Promise(setImmediate);
    return res.end("second");
  });
  // More than a stream that is paused takes: what is left of it is asked for when it goes on.
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${"a".repeat(190_000)}`);
  assert.equal((await client.response()).text, "first");
  await client.send("a".repeat(10_000));
  assert.equal((await client.get("/")).text, "second");
});

test("a client that leaves while its body is read on is seen to have left", async (t) => {
  const over = deferred<string>();
  const { client } = await serve(t, (req, res) => {
    res.end("accepted");
    req.resume().on("error", ({ message }) => over.resolve(message));
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  assert.equal((await client.response()).text, "accepted");
  client.reset();
  assert.equal(await over.promise, "aborted");
});

test("a client that ends its side in the middle of a body that is read behind the response holds no connection", async (t) => {
  const { client } = await serve(t, (req, res) => {
    res.end("early");
    req.resume();
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
  assert.equal((await client.response()).text, "early");
  client.end();
  assert.equal(await client.closed, "end");
});
