/** What is refused before an application hears of it: each fault has its status, and is the connection's last word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerOptions } from "../../src/server/server.ts";
import { answer, connect, deferred, readAll, start, testEachWay } from "./support.ts";

const HOST = "Host: a\r\n";

const refusals: readonly [
  what: string,
  request: string,
  status: number,
  code: string,
  limits?: ServerOptions["limits"],
][] = [
  ["a method that is no token", `G(T / HTTP/1.1\r\n${HOST}\r\n`, 400, "BAD_METHOD"],
  ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "BAD_METHOD"],
  ["a target with a space", `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400, "BAD_VERSION"],
  ["a target without a slash", `GET a HTTP/1.1\r\n${HOST}\r\n`, 400, "BAD_TARGET"],
  ["a bare LF behind the request line", `GET / HTTP/1.1\n${HOST}\r\n`, 400, "BAD_LINE_END"],
  ["a version in lower case", `GET / http/1.1\r\n${HOST}\r\n`, 400, "BAD_VERSION"],
  ["HTTP/2.0", `GET / HTTP/2.0\r\n${HOST}\r\n`, 505, "VERSION_NOT_SUPPORTED"],
  ["HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400, "HOST_MISSING"],
  ["two Host fields", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400, "FIELD_REPEATED"],
  ["a Host that is none", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "BAD_HOST"],
  ["a space before a colon", `GET / HTTP/1.1\r\n${HOST}X : y\r\n\r\n`, 400, "BAD_FIELD_NAME"],
  ["a folded field", `GET / HTTP/1.1\r\n${HOST}X: y\r\n z\r\n\r\n`, 400, "FIELD_FOLDED"],
  ["NUL in a field", `GET / HTTP/1.1\r\n${HOST}X: \0\r\n\r\n`, 400, "BAD_FIELD_VALUE"],
  ["a signed Content-Length", `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\nbody`, 400, "BAD_CONTENT_LENGTH"],
  [
    "two Content-Lengths",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`,
    400,
    "FIELD_REPEATED",
  ],
  [
    "Content-Length with Transfer-Encoding",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    "LENGTH_WITH_ENCODING",
  ],
  [
    "Transfer-Encoding on HTTP/1.0",
    `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
    "BAD_TRANSFER_ENCODING",
  ],
  [
    "a transfer coding that is not chunked",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    400,
    "BAD_TRANSFER_ENCODING",
  ],
  [
    "a transfer coding before chunked",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    501,
    "CODING_NOT_SUPPORTED",
  ],
  ["an expectation nobody knows", `GET / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`, 417, "EXPECTATION_FAILED"],
  ["a request line over its limit", `GET /${"a".repeat(9000)} HTTP/1.1\r\n`, 414, "REQUEST_LINE_TOO_LONG"],
  [
    "a request line over a limit of one's own",
    `GET /${"a".repeat(90)} HTTP/1.1\r\n`,
    414,
    "REQUEST_LINE_TOO_LONG",
    { maxRequestLineSize: 50 },
  ],
  ["a field line over its limit", `GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(17_000)}`, 431, "FIELDS_TOO_LARGE"],
  [
    "fields over their limit in bytes",
    `GET / HTTP/1.1\r\n${HOST}${`X: ${"a".repeat(1000)}\r\n`.repeat(66)}\r\n`,
    431,
    "FIELDS_TOO_LARGE",
  ],
  [
    "fields over their limit in number",
    `GET / HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(100)}\r\n`,
    431,
    "TOO_MANY_FIELDS",
  ],
  [
    "fields over a limit of one's own in number",
    `GET / HTTP/1.1\r\n${HOST}X: y\r\nX: z\r\n\r\n`,
    431,
    "TOO_MANY_FIELDS",
    { maxHeaderCount: 2 },
  ],
  [
    "a body that says it is over the limit",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: ${128 * 1024 * 1024 + 1}\r\n\r\n`,
    413,
    "BODY_TOO_LARGE",
  ],
  [
    "a body that says it is over a limit of one's own",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 11\r\n\r\n`,
    413,
    "BODY_TOO_LARGE",
    { maxRequestBodySize: 10 },
  ],
];

for (const [what, request, status, code, limits] of refusals) {
  test(`${what} is refused with ${status}, and the application not asked`, async (t) => {
    const server = await start(t, () => assert.fail("the handler was called"), { limits });
    const client = await connect(t, server);
    await client.send(request);
    const response = await client.response();
    assert.equal(response.status, status);
    assert.equal(response.field("Connection"), "close");
    assert.match(response.field("Date") ?? "", / GMT$/);
    assert.match(response.text, new RegExp(`^${code}: `));
    assert.equal((await client.rest()).length, 0);
  });
}

testEachWay("a refusal that comes in pieces is the same refusal", async (t, start) => {
  const server = await start(() => assert.fail("the handler was called"));
  const client = await connect(t, server, { staysOpen: true });
  for (const byte of `GET / HTTP/1.1\r\n${HOST}X : y`) await client.send(byte);
  assert.match((await client.response()).text, /^BAD_FIELD_NAME: /);
  assert.equal(await client.closed, "end");
});

testEachWay("a refusal survives what the client goes on to send", async (t, start) => {
  const server = await start(() => assert.fail("the handler was called"), { limits: { maxRequestBodySize: 1000 } });
  const client = await connect(t, server, { staysOpen: true });
  await client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`);
  for (let i = 0; i < 10; i++) await client.send(Buffer.alloc(100_000));
  assert.equal((await client.response()).status, 413);
  assert.equal(await client.closed, "end");
});

testEachWay("requests before a malformed one are answered, and then it is refused", async (t, start) => {
  const server = await start(async (exchange) => {
    if (exchange.head.target === "/2") await new Promise(setImmediate);
    answer(exchange, exchange.head.target);
  });
  const client = await connect(t, server);
  await client.send(
    `GET /1 HTTP/1.1\r\n${HOST}\r\nGET /2 HTTP/1.1\r\n${HOST}\r\nBAD\r\nGET /3 HTTP/1.1\r\n${HOST}\r\n`,
  );
  assert.equal((await client.response()).text, "/1");
  assert.equal((await client.response()).text, "/2");
  assert.equal((await client.response()).status, 400);
  assert.equal((await client.rest()).length, 0);
});

test("a chunked body that passes the limit is refused with 413 where the application reads it", async (t) => {
  const seen = deferred<unknown>();
  const server = await start(
    t,
    async (exchange) => {
      await readAll(exchange.body).catch((error: unknown) => {
        seen.resolve(error);
        throw error;
      });
    },
    { limits: { maxRequestBodySize: 10 } },
  );
  const client = await connect(t, server, { staysOpen: true });
  await client.send(`POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n`);
  await client.send("3\r\n");
  const response = await client.response();
  assert.equal(response.status, 413);
  assert.match(response.text, /^BODY_TOO_LARGE: /);
  assert.equal(response.field("Connection"), "close");
  assert.equal(await client.closed, "end");
  assert.equal(((await seen.promise) as { code?: string }).code, "BODY_TOO_LARGE");
});

test("a body of exactly the limit is taken, by length and in chunks", async (t) => {
  const server = await start(t, async (exchange) => answer(exchange, await readAll(exchange.body)), {
    limits: { maxRequestBodySize: 10 },
  });
  const client = await connect(t, server);
  await client.send(`POST / HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\n0123456789`);
  assert.equal((await client.response()).text, "0123456789");
  await client.send(
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n`,
  );
  assert.equal((await client.response()).text, "0123456789");
});
