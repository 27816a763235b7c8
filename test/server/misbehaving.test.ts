/** What an application can do wrong: the client is told no lies and no secrets, and the owner is told what it was. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Exchange, Handler } from "../../src/gateway/contract.ts";
import { type Answer, answer, type Client, connect, INCOMPLETE, start, testEachWay } from "./support.ts";

interface Report {
  readonly error: unknown;
  readonly exchange: Exchange;
}

/** A server that writes its reports down, and a client of it; `/fine` is answered whatever the handler does. */
async function observe(
  t: TestContext,
  handler: Handler,
): Promise<{ client: Client; reports: Report[]; another: () => Promise<Client> }> {
  const reports: Report[] = [];
  const server = await start(
    t,
    (exchange) => (exchange.head.target === "/fine" ? answer(exchange, "fine") : handler(exchange)),
    {
      onError: (error, exchange) => reports.push({ error, exchange: exchange! }),
    },
  );
  return { client: await connect(t, server), reports, another: () => connect(t, server) };
}

const PLAIN_500 = /^Internal Server Error\nThe server's log knows it as [0-9a-f]{12}\n$/;

/** That it is the plain page of a server error, and not a word more. */
function isPlain500(response: Answer): void {
  assert.equal(response.statusLine, "HTTP/1.1 500 Internal Server Error");
  assert.match(response.text, PLAIN_500);
  const names = response.fields.map((line) => line.slice(0, line.indexOf(":")));
  assert.deepEqual(names.sort(), ["Content-Length", "Content-Type", "Date"]);
}

const SECRET = "secret: the password is 1234";

for (const [value, thrown] of [
  ["an Error", new Error(SECRET)],
  ["a string", SECRET],
  ["undefined", undefined],
  ["null", null],
  ["an object without a prototype", Object.create(null)],
] as const) {
  for (const [how, handler] of [
    [
      "throws",
      () => {
        throw thrown;
      },
    ],
    ["rejects with", () => Promise.reject(thrown)],
    [
      "throws, having decided a status,",
      (exchange) => {
        exchange.start(200, ["X-Secret", SECRET, "Content-Length", "5"]);
        throw thrown;
      },
    ],
  ] satisfies [string, Handler][]) {
    test(`a handler that ${how} ${value} gets its client a plain 500, and the connection goes on`, async (t) => {
      const { client, reports } = await observe(t, handler);
      isPlain500(await client.get("/"));
      assert.equal((await client.get("/fine")).text, "fine");
      assert.equal(reports.length, 1);
      assert.equal(reports[0]!.error, thrown);
      assert.equal(reports[0]!.exchange.head.target, "/");
    });
  }
}

for (const [how, fail] of [
  [
    "throws",
    () => {
      throw new Error(SECRET);
    },
  ],
  ["rejects", () => Promise.reject(new Error(SECRET))],
  ["rejects later", () => new Promise((_, reject) => setImmediate(reject, new Error(SECRET)))],
] satisfies [string, () => Promise<void>][]) {
  testEachWay(`a handler that ${how} in the middle of a body breaks the response off`, async (t, start) => {
    const errors: unknown[] = [];
    const server = await start(
      (exchange) => {
        exchange.start(200);
        exchange.write("begun");
        return fail();
      },
      { onError: (error) => errors.push(error) },
    );
    const client = await connect(t, server);
    await assert.rejects(client.get("/"), INCOMPLETE);
    assert.ok(!client.received.includes("secret"));
    assert.deepEqual(
      errors.map((error) => (error as Error).message),
      [SECRET],
    );
  });
}

test("a handler that throws when the response is over is reported, and disturbs nobody", async (t) => {
  const { client, reports } = await observe(t, (exchange) => {
    answer(exchange, "done");
    throw new Error("too late");
  });
  assert.equal((await client.get("/")).text, "done");
  assert.equal((await client.get("/fine")).text, "fine");
  assert.equal((reports[0]!.error as Error).message, "too late");
});

test("a 500 in answer to HEAD has no body", async (t) => {
  const { client } = await observe(t, () => Promise.reject(new Error()));
  await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.response("HEAD");
  assert.equal(response.status, 500);
  assert.ok(Number(response.field("Content-Length")) > 0);
  assert.equal((await client.get("/fine")).text, "fine");
});

const FIVE = ["Content-Length", "5"];

for (const [how, give] of [
  [
    "in one piece",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.end("1234");
    },
  ],
  [
    "in pieces",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.write("12");
      exchange.write("34");
      exchange.end();
    },
  ],
  [
    "later",
    async (exchange) => {
      exchange.start(200, FIVE);
      exchange.write("12");
      await new Promise(setImmediate);
      exchange.end("34");
    },
  ],
  [
    "as nothing at all",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.end();
    },
  ],
] satisfies [string, Handler][]) {
  testEachWay(`less than the declared length, ${how}, breaks the response off and is reported`, async (t, start) => {
    const errors: unknown[] = [];
    const server = await start(give, { onError: (error) => errors.push(error) });
    await assert.rejects((await connect(t, server)).get("/"), INCOMPLETE);
    assert.equal(errors.length, 1);
    assert.match((errors[0] as Error).message, /GET \/: .* of the 5 bytes of its Content-Length/);
  });
}

for (const [how, give] of [
  [
    "in one piece",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.end("12345six");
    },
  ],
  [
    "in one piece of bytes",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.end(Buffer.from("12345six"));
    },
  ],
  [
    "in the last of its pieces",
    (exchange) => {
      exchange.start(200, FIVE);
      exchange.write("12");
      exchange.write(Buffer.from("34"));
      exchange.end("5six");
    },
  ],
] satisfies [string, Handler][]) {
  testEachWay(`more than the declared length, ${how}, is cut to it and reported`, async (t, start) => {
    const errors: unknown[] = [];
    const server = await start(give, { onError: (error) => errors.push(error) });
    const client = await connect(t, server);
    for (let i = 1; i <= 2; i++) {
      assert.equal((await client.get("/")).text, "12345");
      assert.equal(errors.length, i);
      assert.match((errors[0] as Error).message, /GET \/: .* more than the 5 bytes of its Content-Length/);
    }
  });
}

for (const [what, give] of [
  ["CR LF in a field value", (exchange) => exchange.start(200, ["X", "a\r\nSet-Cookie: b=c"])],
  ["CR in a field value", (exchange) => exchange.start(200, ["X", "a\rb"])],
  ["LF in a field value", (exchange) => exchange.start(200, ["X", "a\nb"])],
  ["NUL in a field value", (exchange) => exchange.start(200, ["X", "a\0b"])],
  ["a character above U+00FF in a field value", (exchange) => exchange.start(200, ["X", "ā"])],
  ["CR LF in a field name", (exchange) => exchange.start(200, ["X: a\r\nY", "b"])],
  ["a space in a field name", (exchange) => exchange.start(200, ["X ", "b"])],
  ["an empty field name", (exchange) => exchange.start(200, ["", "b"])],
  ["a name without a value", (exchange) => exchange.start(200, ["X"])],
  ["CR LF in the reason", (exchange) => exchange.start(200, [], "OK\r\nX: y")],
  ["a Content-Length that is no number", (exchange) => exchange.start(200, ["Content-Length", "5, 5"])],
  ["two Content-Lengths", (exchange) => exchange.start(200, ["Content-Length", "5", "content-length", "5"])],
  ["a transfer coding", (exchange) => exchange.start(200, ["Transfer-Encoding", "gzip, chunked"])],
  ["status 99", (exchange) => exchange.start(99)],
  ["status 100", (exchange) => exchange.start(100)],
  ["status 101", (exchange) => exchange.start(101)],
  ["status 600", (exchange) => exchange.start(600)],
  ["status 200.5", (exchange) => exchange.start(200.5)],
  ["status NaN", (exchange) => exchange.start(Number.NaN)],
  ["a write before the start", (exchange) => exchange.write("a")],
  ["an end before the start", (exchange) => exchange.end("a")],
] satisfies [string, Handler | ((exchange: Exchange) => boolean)][]) {
  test(`${what} throws a TypeError, and the client gets a plain 500 and nothing of it`, async (t) => {
    const { client, reports } = await observe(t, (exchange) => {
      give(exchange);
      exchange.end("not reached");
    });
    isPlain500(await client.get("/"));
    assert.ok(reports[0]!.error instanceof TypeError);
    assert.equal((await client.get("/fine")).text, "fine");
    assert.equal(reports.length, 1);
  });

  test(`after ${what} the application can still answer in its own way`, async (t) => {
    const { client, reports } = await observe(t, (exchange) => {
      assert.throws(() => give(exchange), TypeError);
      assert.equal(exchange.started, false);
      answer(exchange, "sorry", 503);
    });
    assert.equal((await client.get("/")).text, "sorry");
    assert.equal((await client.get("/fine")).text, "fine");
    assert.deepEqual(reports, []);
  });
}

test("starting, ending or writing twice throws, and leaves the response as it was", async (t) => {
  const { client, reports } = await observe(t, (exchange) => {
    assert.equal(exchange.started, false);
    exchange.start(201, ["X", "first"]);
    assert.equal(exchange.started, true);
    assert.throws(() => exchange.start(500), TypeError);
    exchange.write("a");
    assert.throws(() => exchange.start(500), TypeError);
    assert.throws(() => exchange.inform(103), TypeError);
    exchange.end("b");
    assert.throws(() => exchange.start(500), TypeError);
    assert.throws(() => exchange.write("c"), TypeError);
    assert.throws(() => exchange.end("c"), TypeError);
    assert.throws(() => exchange.inform(103), TypeError);
  });
  const response = await client.get("/");
  assert.equal(response.status, 201);
  assert.equal(response.field("X"), "first");
  assert.equal(response.text, "ab");
  assert.equal((await client.get("/fine")).text, "fine");
  assert.deepEqual(reports, []);
});

test("a second start that nobody catches before anything was sent is a plain 500", async (t) => {
  const { client, reports } = await observe(t, (exchange) => {
    exchange.start(200, ["X", "first"]);
    exchange.start(200, ["X", "second"]);
  });
  isPlain500(await client.get("/"));
  assert.ok(reports[0]!.error instanceof TypeError);
});

testEachWay(
  "an application gives an exchange up: the connection breaks off, and a cause is reported",
  async (t, start) => {
    const errors: unknown[] = [];
    const cause = new Error("gave up");
    const server = await start(
      async (exchange) => {
        if (exchange.head.target === "/begun") {
          exchange.start(200);
          exchange.write("begun");
          await new Promise(setImmediate);
        }
        exchange.abort(exchange.head.target === "/silent" ? undefined : cause);
        assert.equal(exchange.signal.aborted, true);
        assert.equal(exchange.write("more"), false);
        exchange.end();
        exchange.abort(cause);
      },
      { onError: (error) => errors.push(error) },
    );
    for (const target of ["/silent", "/caused", "/begun"]) {
      await assert.rejects((await connect(t, server)).get(target), INCOMPLETE);
    }
    assert.deepEqual(errors, [cause, cause]);
  },
);

test("giving an exchange up resets the connection", async (t) => {
  const server = await start(t, (exchange) => exchange.abort());
  const client = await connect(t, server);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal(await client.closed, "reset");
});

test("giving an exchange up that is over does nothing", async (t) => {
  const { client, reports } = await observe(t, (exchange) => {
    answer(exchange, "done");
    exchange.abort(new Error("too late"));
  });
  assert.equal((await client.get("/")).text, "done");
  assert.equal((await client.get("/fine")).text, "fine");
  assert.deepEqual(reports, []);
});

test("one handler's failure is no other connection's business", async (t) => {
  const { client, another } = await observe(t, (exchange) => {
    exchange.start(200);
    exchange.write("begun");
    throw new Error("broken");
  });
  const other = await another();
  assert.equal((await other.get("/fine")).text, "fine");
  await assert.rejects(client.get("/"), INCOMPLETE);
  assert.equal((await other.get("/fine")).text, "fine");
});

test("a report that throws costs the client nothing", async (t) => {
  const said = t.mock.method(console, "error", () => {});
  const server = await start(
    t,
    () => {
      throw new Error(SECRET);
    },
    {
      onError: () => {
        throw new Error("of the report");
      },
    },
  );
  const client = await connect(t, server);
  isPlain500(await client.get("/"));
  assert.match(
    String(said.mock.calls[0]!.arguments[0]),
    /^What reports errors threw one itself, over \/ \([0-9a-f]{12}\)$/,
  );
});
