/** What listeners do wrong, and what becomes of it. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { lint } from "../../../src/gateway/lint.ts";
import { fromNodeListener, fromNodeServer, type NodeListener } from "../../../src/gateway/node/from-listener.ts";
import { type Client, connect, deferred, INCOMPLETE, start } from "../../server/support.ts";
import { serve } from "./support.ts";

const OOPS = new Error("oops");

/** Ways to fail before the head was sent: each gets a 500, and the connection lives on. */
const EARLY: Record<string, NodeListener> = {
  "throws at once": () => {
    throw OOPS;
  },
  rejects: async () => {
    throw OOPS;
  },
  "throws with a head that was not sent yet": (_, res) => {
    res.writeHead(200, { "X-A": "1" });
    throw OOPS;
  },
  "throws with a piece that was not sent yet": (_, res) => {
    res.write("half");
    throw OOPS;
  },
  "throws when it is told of a body": (req) => {
    req.on("data", () => {
      throw OOPS;
    });
  },
};

describe("a listener gets a 500 that", () => {
  for (const [what, listener] of Object.entries(EARLY)) {
    test("a field that cannot be sent is refused by writeHead(), also before the request's body has come", async (t) => {
      const { client } = await serve(t, (_, res) => {
        try {
          res.writeHead(200, { "X-A": "a\r\nb" });
        } catch (error) {
          res.writeHead(500, { "X-B": "b" }).end((error as NodeJS.ErrnoException).code);
        }
      });
      for (const length of [0, 5]) {
        await client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
        const { status, text, field } = await client.response();
        assert.deepEqual([status, text, field("X-A"), field("X-B")], [500, "ERR_INVALID_CHAR", null, "b"]);
        await client.send("hello".slice(0, length));
      }
    });

    test(what, async (t) => {
      const closed = deferred();
      const { client, reports } = await serve(t, (req, res) => {
        res.on("close", closed.resolve);
        return listener(req, res);
      });
      for (let time = 1; time <= 2; time++) {
        await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
        const { status, field } = await client.response();
        assert.deepEqual([status, field("X-A")], [500, null]);
        assert.deepEqual(reports, Array(time).fill(OOPS));
      }
      await closed.promise;
    });
  }
});

test("a listener of a server that rejects gets a 500, unless a tracer stands in between", async (t) => {
  const reports: unknown[] = [];
  const server = createServer(async () => {
    throw OOPS;
  });
  const portico = await start(t, lint(fromNodeServer(server)), { onError: (error) => reports.push(error) });
  const client = await connect(t, portico);
  assert.equal((await client.get("/")).status, 500);
  assert.deepEqual(reports, [OOPS]);

  const traced: unknown[] = [];
  server.removeAllListeners("request").on("request", (_, res) => res.end("traced"));
  server.emit = (event: string, ...args: unknown[]) => {
    traced.push(event);
    return EventEmitter.prototype.emit.call(server, event, ...args);
  };
  assert.equal((await client.get("/")).text, "traced");
  assert.deepEqual(traced, ["request"]);
});

const LATE: Record<string, NodeListener> = {
  "throws at once": (_, res) => {
    res.flushHeaders();
    throw OOPS;
  },
  rejects: async (_, res) => {
    res.write("half");
    await new Promise(setImmediate);
    throw OOPS;
  },
  "destroys it with an error": (_, res) => {
    res.write("half");
    setImmediate(() => res.destroy(OOPS));
  },
  "writes to its socket": (req, res) => {
    res.write("half");
    req.socket.end("HTTP/1.1 200 OK\r\n\r\n");
  },
};

describe("the connection is cut when a listener, in the middle of its response,", () => {
  for (const [what, listener] of Object.entries(LATE)) {
    test(what, async (t) => {
      const closed = deferred();
      const { client, reports } = await serve(t, (req, res) => {
        res.on("close", closed.resolve);
        return listener(req, res);
      });
      await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await assert.rejects(client.response(), INCOMPLETE);
      await closed.promise;
      assert.match(String(reports), /^Error: (oops|request\.socket cannot be written to: .*)$/);
    });
  }
});

test("what a listener does after its failure reaches nobody", async (t) => {
  const later = deferred<unknown>();
  const { client } = await serve(t, (req, res) => {
    if (req.url === "/fine") return res.end("fine");
    res.on("close", () => {
      res.write("more", later.resolve);
      res.end();
    });
    throw OOPS;
  });
  assert.equal((await client.get("/")).status, 500);
  assert.equal(((await later.promise) as { code: string }).code, "ERR_STREAM_DESTROYED");
  assert.equal((await client.get("/fine")).text, "fine");
});

test("what a listener does after its client has left reaches nobody", async (t) => {
  const [waiting, done] = [deferred(), deferred()];
  const { client, reports } = await serve(t, async (_, res) => {
    waiting.resolve();
    await once(res, "close");
    res.writeProcessing();
    res.writeHead(200, { "X-A": "1" });
    assert.equal(res.write("a"), false);
    res.end();
    assert.deepEqual([res.headersSent, res.writableEnded], [true, true]);
    done.resolve();
  });
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await waiting.promise;
  client.reset();
  await done.promise;
  assert.deepEqual(reports, []);
});

test("a listener that rejects when its response is complete is reported", async (t) => {
  const { client, reports } = await serve(t, async (_, res) => {
    res.end("done");
    await null;
    throw OOPS;
  });
  assert.equal((await client.get("/")).text, "done");
  assert.equal((await client.get("/")).text, "done");
  assert.ok(reports.length >= 1 && reports[0] === OOPS);
});

/** Without lint, which would find the listener's breach of the contract before the server does. */
async function serveUnlinted(t: TestContext, listener: NodeListener): Promise<{ client: Client; reports: unknown[] }> {
  const reports: unknown[] = [];
  const server = await start(t, fromNodeListener(listener), { onError: (error) => reports.push(error) });
  return { client: await connect(t, server), reports };
}

test("a body longer than its Content-Length is cut to it, and one that is shorter cuts the connection", async (t) => {
  const { client, reports } = await serveUnlinted(t, (req, res) => {
    res.writeHead(200, { "Content-Length": 4 });
    res.end(req.url === "/long" ? "too long" : "sho");
  });
  assert.equal((await client.get("/long")).text, "too ");
  assert.match(String(reports), /GET \/long: the application wrote more than the 4 bytes/);
  await assert.rejects(client.get("/short"), INCOMPLETE);
  assert.match(String(reports), /GET \/short: the application ended after 3 of the 4 bytes/);
});

test("what cannot be a field or a status throws what Node throws, and another can take its place", async (t) => {
  const codes: unknown[] = [];
  const { client } = await serveUnlinted(t, (_, res) => {
    const calls = [
      () => res.writeHead(200, { "X A": "1" }),
      () => res.writeHead(200, { "X-A": "1\r\n" }),
      () => res.writeHead(200, { "X-A": undefined as never }),
      () => res.writeHead(99),
      () => res.setHeader("X-A", "€"),
      () => res.writeHead(200, { Trailer: "X" }).writeHead(200),
    ];
    for (const call of calls) {
      try {
        call();
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code);
      }
    }
    res.end("fine");
  });
  assert.equal((await client.get("/")).text, "fine");
  assert.deepEqual(codes, [
    "ERR_INVALID_HTTP_TOKEN",
    "ERR_INVALID_CHAR",
    "ERR_HTTP_INVALID_HEADER_VALUE",
    "ERR_HTTP_INVALID_STATUS_CODE",
    "ERR_INVALID_CHAR",
    "ERR_HTTP_HEADERS_SENT",
  ]);
});

test("a body that is too large is refused with 413, and the listener is told", async (t) => {
  const told = deferred<unknown>();
  const reports: unknown[] = [];
  const listener: NodeListener = (req) => req.resume().on("error", told.resolve);
  const server = await start(t, fromNodeListener(listener), {
    limits: { maxRequestBodySize: 10 },
    onError: (error) => reports.push(error),
  });
  const client = await connect(t, server);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n");
  assert.equal((await client.response()).status, 413);
  assert.equal(((await told.promise) as { code: string }).code, "BODY_TOO_LARGE");
  assert.deepEqual(reports, []);
});

test("what comes behind a request in the same breath waits for its response", async (t) => {
  const { client } = await serve(t, (req, res) => {
    setTimeout(() => res.end(req.url), req.url === "/1" ? 10 : 0);
  });
  await client.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response()).text, "/1");
  assert.equal((await client.response()).text, "/2");
});
