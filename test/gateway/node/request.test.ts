/** Requests as `(request, response)` listeners see them: the same behind Portico as behind node:http. */
import assert from "node:assert/strict";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { finished, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { NodeRequest } from "../../../src/gateway/node/request.ts";
import { type NodeListener, same, serve } from "./support.ts";

/** Answers with what it has seen of the request. */
const tell: NodeListener = async (req, res) => {
  const body = await text(req);
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers, headersDistinct, rawHeaders } = req;
  const { trailers, rawTrailers, trailersDistinct, complete, aborted, readableEnded } = req;
  const head = { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers, headersDistinct, rawHeaders };
  const end = { body, trailers, rawTrailers, trailersDistinct, complete, aborted, readableEnded };
  const { remoteAddress, remoteFamily, localAddress, localFamily } = req.socket;
  const address = req.socket.address();
  assert.ok("port" in address && address.port === req.socket.localPort);
  assert.ok(req.socket.remotePort! > 0);
  res.end(JSON.stringify({ ...head, ...end, remoteAddress, remoteFamily, localAddress, localFamily }));
};

const REQUESTS: Record<string, string> = {
  "a plain request": "GET /a/../b?c=%20 HTTP/1.1\r\nHost: a\r\n\r\n",
  "fields of many kinds":
    "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nSet-Cookie: a\r\nUser-Agent: x\r\n" +
    "User-Agent: y\r\nAccept: a\r\nACCEPT: b\r\nX-Empty:\r\nX-Latin: \xe9\r\n\r\n",
  "names that all objects have":
    "GET / HTTP/1.1\r\nHost: a\r\nconstructor: 1\r\n__proto__: 2\r\n__proto__: 3\r\ntoString: 4\r\ntostring: 5\r\nage: 6\r\n\r\n",
  "an absolute target": "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
  "the asterisk": "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
  "a body of known length": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nh\xc3\xa9y!",
  "chunks with trailers":
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-T: 1\r\nX-T: 2\r\nX-U: 3\r\n\r\n",
};

describe("node:http and Portico show the same of", () => {
  for (const [what, request] of Object.entries(REQUESTS)) {
    test(what, async (t) => void (await same(t, tell, request)));
  }
});

test("more names than are remembered are read as well", async (t) => {
  const names = Array.from({ length: 40 }, (_, at) => `x-${at}`);
  const { client } = await serve(t, (req, res) => res.end(JSON.stringify(req.headers)));
  for (let turn = 0; turn < 15; turn++) {
    const own = names.map((name) => `${name}-${turn}`);
    const { text } = await client.get("/", own.map((name) => `${name}: 1\r\n${name}: 2\r\n`).join(""));
    assert.deepEqual(JSON.parse(text), { host: "a", ...Object.fromEntries(own.map((name) => [name, "1, 2"])) });
  }
});

const POST = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${"0123456789".repeat(20_000)}`;

/** Ways to read a body; each gives how many bytes it had. */
const READERS: Record<string, (req: IncomingMessage) => Promise<number>> = {
  "data events": (req) =>
    new Promise((resolve) => {
      let size = 0;
      req.on("data", (piece) => (size += piece.length)).on("end", () => resolve(size));
    }),
  "readable events": (req) =>
    new Promise((resolve) => {
      let size = 0;
      req.on("readable", () => {
        for (let piece = req.read(); piece !== null; piece = req.read()) size += piece.length;
      });
      req.on("end", () => resolve(size));
    }),
  "a loop": async (req) => {
    let size = 0;
    for await (const piece of req) size += piece.length;
    return size;
  },
  "text of an encoding": async (req) => {
    let size = 0;
    for await (const piece of req.setEncoding("latin1")) size += (piece as string).length;
    return size;
  },
  "a pipe into something slow": (req) =>
    new Promise((resolve) => {
      let size = 0;
      const slow = new Writable({
        highWaterMark: 1000,
        write(piece, _, done) {
          size += piece.length;
          setImmediate(done);
        },
      });
      req.pipe(slow).on("finish", () => resolve(size));
    }),
  pauses: (req) =>
    new Promise((resolve) => {
      let size = 0;
      req.on("data", (piece) => {
        size += piece.length;
        req.pause();
        setImmediate(() => req.resume());
      });
      req.on("end", () => resolve(size));
    }),
};

describe("a body is read by", () => {
  for (const [what, read] of Object.entries(READERS)) {
    test(what, async (t) => {
      const { text } = await same(t, async (req, res) => res.end(String(await read(req))), POST);
      assert.equal(text, "200000");
    });
  }
});

test("a request, its response and its socket are Node's own", async (t) => {
  const sockets = new Set<Socket>();
  const { client } = await serve(t, (req, res) => {
    sockets.add(req.socket);
    const isNodes = req instanceof IncomingMessage && res instanceof ServerResponse && req.socket instanceof Socket;
    res.end(String(isNodes && req.connection === req.socket && res.socket === req.socket && res.req === req));
  });
  assert.equal((await client.get("/")).text, "true");
  assert.equal((await client.get("/")).text, "true");
  assert.equal(sockets.size, 1, "one a connection");
});

test("what is put under a request and a response, as Express does, leaves them working", async (t) => {
  const proto = Object.create(IncomingMessage.prototype, { shout: { value: () => "Hey" } });
  const { client } = await serve(t, async (req, res) => {
    Object.setPrototypeOf(req, proto);
    Object.setPrototypeOf(res, Object.create(ServerResponse.prototype));
    assert.ok(!(req instanceof NodeRequest));
    const { shout } = req as unknown as { shout: () => string };
    res.end(`${shout()} ${await text(req)}`);
  });
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nho");
  assert.equal((await client.response()).text, "Hey ho");
});

test("a client that waits for 100 is told when the body is read, or by writeContinue()", async (t) => {
  const { client } = await serve(t, async (req, res) => {
    if (req.url === "/write") res.writeContinue();
    if (req.url === "/refuse") return res.writeHead(403).end();
    return res.end(await text(req));
  });
  for (const target of ["/read", "/write"]) {
    await client.send(`POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    assert.equal((await client.response()).status, 100);
    await client.send("ab");
    assert.equal((await client.response()).text, "ab");
  }
  await client.send("POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  assert.equal((await client.response()).status, 403);
  assert.equal(await client.closed, "end");
});

test("a request is seen to have ended, however late somebody looks", async (t) => {
  const requests: IncomingMessage[] = [];
  const { client } = await serve(t, (req, res) => {
    requests.push(req);
    res.end();
  });
  await client.get("/");
  await client.get("/");
  const [request] = requests;
  assert.deepEqual([request!.complete, request!.destroyed, request!.readableEnded], [true, true, true]);
  await new Promise<void>((resolve, reject) => finished(request!, (error) => (error ? reject(error) : resolve())));
});
