/** From what an application gives to the wire. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Piece, WsgiApplication, WsgiHeaders, WsgiResult } from "../../../src/gateway/wsgi/interface.ts";
import { deferred, INCOMPLETE } from "../../server/support.ts";
import { ok, PLAIN, serve } from "./support.ts";

const messages = (reports: readonly unknown[]) => reports.map((report) => (report as Error).message);

/** Gives pieces, and notes how often it is closed. */
function closing(pieces: readonly Piece[] | (() => AsyncGenerator<Piece>)) {
  const closed = deferred();
  const result = {
    closes: 0,
    closed: closed.promise,
    close() {
      this.closes++;
      closed.resolve();
    },
  };
  if (typeof pieces === "function") return Object.assign(result, { [Symbol.asyncIterator]: pieces });
  return Object.assign(result, { [Symbol.iterator]: () => pieces[Symbol.iterator]() });
}

describe("a body is", () => {
  function* generated() {
    yield "a";
    yield Buffer.from("b");
    yield "";
    yield "ü";
  }
  async function* awaited() {
    yield* generated();
  }
  const streamed: Record<string, WsgiResult | Promise<WsgiResult>> = {
    "a list of several pieces": ["a", Buffer.from("b"), "", "ü"],
    "an iterable": new Set(["a", "b", "ü"]),
    "a generator": generated(),
    "an async generator": awaited(),
    "a promise of one": Promise.resolve(awaited()),
    "a web stream": new Blob(["ab", "ü"]).stream(),
  };
  for (const [name, result] of Object.entries(streamed)) {
    test(name, async (t) => {
      const { client } = await serve(t, (_, startResponse) => {
        startResponse("201 Made", [...PLAIN, ["Set-Cookie", "a"], ["Set-Cookie", "b"]]);
        return result;
      });
      const response = await client.get("/");
      assert.equal(response.statusLine, "HTTP/1.1 201 Made");
      assert.equal(response.text, "abü");
      assert.equal(response.field("Transfer-Encoding"), "chunked");
      assert.equal(response.fields.filter((line) => line.startsWith("Set-Cookie")).length, 2);
    });
  }

  test("a list of one piece, whose length is known then", async (t) => {
    const { client } = await serve(t, (environ, startResponse) => {
      ok(startResponse);
      return environ.PATH_INFO === "/bytes" ? [Buffer.from("ü")] : Promise.resolve(["ü"]);
    });
    for (const path of ["/bytes", "/text"]) {
      const response = await client.get(path);
      assert.deepEqual([response.text, response.field("Content-Length")], ["ü", "2"]);
    }
  });

  test("nothing", async (t) => {
    const { client } = await serve(t, (_, startResponse) => {
      ok(startResponse);
      return [];
    });
    assert.equal((await client.get("/")).field("Content-Length"), "0");
  });

  test("of the length that it declares", async (t) => {
    const { client } = await serve(t, (_, startResponse) => {
      startResponse("200 OK", [...PLAIN, ["Content-Length", "3"]]);
      return ["a", "bc"];
    });
    const response = await client.get("/");
    assert.deepEqual([response.text, response.field("Content-Length")], ["abc", "3"]);
  });
});

test("startResponse may be called as late as for the first piece", async (t) => {
  const { client } = await serve(t, function* (_, startResponse) {
    yield "";
    startResponse("404 Not Found", PLAIN);
    yield "gone";
  } as WsgiApplication);
  const response = await client.get("/");
  assert.deepEqual([response.status, response.text], [404, "gone"]);
});

test("each piece is sent when it is there", async (t) => {
  const next = deferred();
  const { client } = await serve(t, async function* (_: unknown, startResponse) {
    ok(startResponse);
    yield "first";
    await next.promise;
    yield "second";
  } as WsgiApplication);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  while (!client.received.includes("first")) await new Promise(setImmediate);
  next.resolve();
  assert.equal((await client.response()).text, "firstsecond");
});

test("an application that makes pieces faster than the client takes them waits", { timeout: 60_000 }, async (t) => {
  const made: number[] = [];
  const { client } = await serve(t, (environ, startResponse) => {
    const write = ok(startResponse);
    const piece = Buffer.alloc(64 * 1024);
    made.push(0);
    function* generate() {
      for (let i = 0; i < 320; i++) {
        made[made.length - 1] = i;
        yield piece;
      }
    }
    if (environ.PATH_INFO === "/iterable") return generate();
    return (async () => {
      for (const each of generate()) await write(each);
      return [];
    })();
  });
  for (const path of ["/iterable", "/write"]) {
    client.pause();
    await client.send(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    let last = -1;
    while (made.at(-1) !== last) {
      last = made.at(-1)!;
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    }
    assert.ok(last < 319, `${path} was held up at ${last}`);
    client.resume();
    assert.equal((await client.response()).body.length, 320 * 64 * 1024);
  }
});

test("write() sends ahead of what is returned", async (t) => {
  const { client } = await serve(t, async (_, startResponse) => {
    const write = ok(startResponse);
    await write("");
    await write("a");
    void write(Buffer.from("b"));
    return ["c"];
  });
  assert.equal((await client.get("/")).text, "abc");
});

describe("excInfo", () => {
  test("puts another response in the place of one that was not sent", async (t) => {
    const { client } = await serve(t, (_, startResponse) => {
      startResponse("200 OK", [...PLAIN, ["X-Old", "1"]]);
      startResponse("500 Oops", PLAIN, new Error("late"));
      return ["sorry"];
    });
    const response = await client.get("/");
    assert.deepEqual(
      [response.statusLine, response.text, response.field("X-Old")],
      ["HTTP/1.1 500 Oops", "sorry", null],
    );
  });

  test("is thrown once something was sent, and the client sees that the response is not whole", async (t) => {
    const late = new Error("late");
    const { client, reports } = await serve(t, function* (_, startResponse) {
      ok(startResponse);
      yield "begun";
      startResponse("500 Oops", PLAIN, late);
      yield "never";
    } as WsgiApplication);
    await assert.rejects(client.get("/"), INCOMPLETE);
    assert.deepEqual(reports, [late]);
  });
});

describe("HEAD and statuses without a body", () => {
  test("HEAD has GET's fields, and the application is asked for no more than begins the response", async (t) => {
    let asked = 0;
    const { client } = await serve(t, (environ, startResponse) => {
      ok(startResponse);
      if (environ.PATH_INFO === "/one") return ["12345"];
      return (function* () {
        for (; ; asked++) yield asked === 0 ? "" : "piece";
      })();
    });
    for (const [path, length] of [
      ["/one", "5"],
      ["/many", null],
    ] as const) {
      await client.send(`HEAD ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.equal((await client.response("HEAD")).field("Content-Length"), length);
    }
    assert.equal(asked, 1);
  });

  test("204 and 304 send none", async (t) => {
    const { client } = await serve(t, (environ, startResponse) => {
      startResponse(`${environ.PATH_INFO.slice(1)} X`, []);
      return ["dropped"];
    });
    for (const status of [204, 304, 200]) {
      const response = await client.get(`/${status}`);
      assert.deepEqual([response.status, response.text], [status, status === 200 ? "dropped" : ""]);
    }
  });
});

describe("close() is called once", () => {
  const ends: Record<string, () => { result: ReturnType<typeof closing>; headers?: WsgiHeaders }> = {
    "at the end": () => ({ result: closing(["a", "b"]) }),
    "of a single piece": () => ({ result: Object.assign(closing([]), ["a"]) }),
    "after an error": () => ({
      result: closing(async function* () {
        yield "a";
        throw new Error("midway");
      }),
    }),
    "when enough has come": () => ({
      result: closing(["abcdef", "never"]),
      headers: [...PLAIN, ["Content-Length", "3"]],
    }),
  };
  for (const [name, make] of Object.entries(ends)) {
    test(name, async (t) => {
      const { result, headers = PLAIN } = make();
      const { client } = await serve(t, (_, startResponse) => {
        startResponse("200 OK", headers);
        return result as WsgiResult;
      });
      await client.get("/").catch(() => {});
      await result.closed;
      assert.equal(result.closes, 1);
    });
  }

  test("when startResponse was never called", async (t) => {
    const result = closing(["a"]);
    const { client, reports } = await serve(t, () => result as WsgiResult);
    assert.equal((await client.get("/")).status, 500);
    assert.deepEqual(messages(reports), ["the application gave its body before it called startResponse"]);
    await result.closed;
    assert.equal(result.closes, 1);
  });

  test("at once when the client leaves, whatever the application waits for", async (t) => {
    const result = closing(async function* () {
      yield "begun";
      await new Promise(() => {});
    });
    const { client, reports } = await serve(t, (_, startResponse) => {
      ok(startResponse);
      return result as WsgiResult;
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while (!client.received.includes("begun")) await new Promise(setImmediate);
    client.reset();
    await result.closed;
    assert.equal(result.closes, 1);
    assert.deepEqual(reports, []);
  });

  test("when the client had left before there was a result", async (t) => {
    const [called, left] = [deferred(), deferred()];
    const result = closing(["a", "b"]);
    const { client, reports } = await serve(t, async (_, startResponse) => {
      ok(startResponse);
      called.resolve();
      await left.promise;
      return result as WsgiResult;
    });
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await called.promise;
    client.reset();
    await client.closed;
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    left.resolve();
    await result.closed;
    assert.equal(result.closes, 1);
    assert.deepEqual(reports, []);
  });

  test("and a generator's finally runs when the client leaves", async (t) => {
    const finished = deferred();
    const { client } = await serve(t, async function* (_: unknown, startResponse) {
      ok(startResponse);
      try {
        for (;;) {
          yield Buffer.alloc(16_384);
          await new Promise(setImmediate);
        }
      } finally {
        finished.resolve();
      }
    } as WsgiApplication);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.take(1000);
    client.reset();
    await finished.promise;
  });

  test("and what it throws is told, but harms no response", async (t) => {
    const { client, reports } = await serve(t, (_, startResponse) => {
      ok(startResponse);
      return Object.assign(new Set(["a", "b"]), { close: () => Promise.reject(new Error("no close")) });
    });
    assert.equal((await client.get("/")).text, "ab");
    assert.equal((await client.get("/")).text, "ab");
    assert.deepEqual(messages(reports).slice(0, 1), ["no close"]);
  });
});

describe("a Content-Length is kept", () => {
  test("what is over it is not sent, and the log says so", async (t) => {
    const { client, errors, reports } = await serve(t, (environ, startResponse) => {
      startResponse("200 OK", [...PLAIN, ["Content-Length", environ.QUERY_STRING]]);
      return environ.PATH_INFO === "/one" ? ["üüü"] : ["ü", "ü", "ü"];
    });
    for (const path of ["/one", "/many"]) assert.equal((await client.get(`${path}?4`)).text, "üü");
    assert.match(errors(), /^wsgi: GET \/one\?4: the application gave more than the 4 bytes of its Content-Length\n/);
    assert.equal((await client.get("/one?0")).text, "");
    assert.deepEqual(reports, []);
  });

  test("what falls short of it cuts the connection", async (t) => {
    const { client, reports } = await serve(t, (_, startResponse) => {
      startResponse("200 OK", [...PLAIN, ["Content-Length", "9"]]);
      return ["a", "b"];
    });
    await assert.rejects(client.get("/"), INCOMPLETE);
    assert.deepEqual(messages(reports), ["the application gave 2 of the 9 bytes of its Content-Length"]);
  });

  test("write() throws when it is over", async (t) => {
    const { client } = await serve(t, (_, startResponse) => {
      const write = startResponse("200 OK", [...PLAIN, ["Content-Length", "2"]]);
      void write("ab");
      assert.throws(() => write("c"), /^TypeError: write: more than the 2 bytes of its Content-Length$/);
      return [];
    });
    assert.equal((await client.get("/")).text, "ab");
  });
});

describe("what cannot be sent is refused where it is given", () => {
  const heads: Record<string, [args: readonly unknown[], message: string]> = {
    "a number for a status": [[200, []], 'startResponse: the status 200 is not of the form "200 OK"'],
    "a status without a reason": [["200", []], 'startResponse: the status "200" is not of the form "200 OK"'],
    "an informational status": [["103 Hints", []], 'startResponse: the status "103 Hints" is not of the form "200 OK"'],
    "a status of two lines": [
      ["200 OK\r\nX: y", []],
      'startResponse: the status "200 OK\\r\\nX: y" is not of the form "200 OK"',
    ],
    "an object of headers": [
      ["200 OK", { a: "b" }],
      "startResponse: the headers are a list of [name, value], not [object Object]",
    ],
    "a header that is a string": [["200 OK", ["a: b"]], 'startResponse: a header is [name, value], not "a: b"'],
    "a name that is none": [["200 OK", [["a b", "c"]]], 'startResponse: "a b" is no header name'],
    "a value that is no string": [
      ["200 OK", [["Content-Length", 5]]],
      "startResponse: the value of Content-Length is 5, not a string",
    ],
    "a value of two lines": [
      ["200 OK", [["A", "b\r\nC: d"]]],
      'startResponse: A holds a control character, or one beyond Latin-1: "b\\r\\nC: d"',
    ],
    "a length that is none": [
      ["200 OK", [["Content-Length", "five"]]],
      "startResponse: Content-Length five is not a number of bytes",
    ],
    "a hop-by-hop header": [
      ["200 OK", [["Connection", "close"]]],
      "startResponse: Connection belongs to the connection, which is the server's",
    ],
  };
  for (const [name, [args, message]] of Object.entries(heads)) {
    test(name, async (t) => {
      const { client } = await serve(t, (_, startResponse) => {
        assert.throws(() => (startResponse as (...args: readonly unknown[]) => unknown)(...args), {
          name: "TypeError",
          message,
        });
        ok(startResponse);
        return ["fine"];
      });
      assert.equal((await client.get("/")).text, "fine");
    });
  }

  const results: Record<string, [application: (start: () => void) => unknown, message: string]> = {
    "a result that is a string": [
      () => "body",
      "the application returned the body itself: it is wanted in pieces, if only one: [body]",
    ],
    "a result that is bytes": [
      () => Buffer.from("body"),
      "the application returned the body itself: it is wanted in pieces, if only one: [body]",
    ],
    "no result": [() => undefined, "the application returned undefined, not an iterable of strings or bytes"],
    "a promise of none": [async () => null, "the application returned null, not an iterable of strings or bytes"],
    "a Response": [
      () => new Response("x"),
      "the application returned [object Response], not an iterable of strings or bytes",
    ],
    "a piece that is a number": [() => [1], "a piece of the body is a string or bytes, not 1"],
    "a piece that is a promise": [
      () => ["", Promise.resolve("x")],
      "a piece of the body is a string or bytes, not a promise",
    ],
    "startResponse called twice": [
      (start) => {
        start();
        return ["x"];
      },
      "startResponse was called twice, without excInfo",
    ],
  };
  for (const [name, [application, message]] of Object.entries(results)) {
    test(`${name}: 500`, async (t) => {
      const { client, reports } = await serve(t, ((_, startResponse) => {
        ok(startResponse);
        return application(() => ok(startResponse));
      }) as WsgiApplication);
      assert.equal((await client.get("/")).status, 500);
      assert.deepEqual(messages(reports), [message]);
    });
  }

  test("what the application throws is a 500, which does not tell what it was", async (t) => {
    const { client, reports } = await serve(t, (environ) => {
      const error = new Error(`secret ${environ.PATH_INFO}`);
      if (environ.PATH_INFO === "/now") throw error;
      return Promise.reject(error);
    });
    for (const path of ["/now", "/later"]) {
      const response = await client.get(path);
      assert.equal(response.status, 500);
      assert.match(response.text, /^Internal Server Error\n/);
    }
    assert.deepEqual(messages(reports), ["secret /now", "secret /later"]);
  });
});
