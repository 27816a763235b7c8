/** What the server adds to a response's head, and what it keeps out (RFC 9110 §6.6.1, §8.6, §15; RFC 9112 §6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { type Answer, answer, connect, start } from "./support.ts";

const CHUNKED = "chunked";

function streamed(exchange: Exchange): void {
  exchange.write("01234");
  exchange.end("56789");
}

/** How a response of ten bytes is framed, by who asks, by its status, and by how the application gives it. */
const cases: readonly [
  method: string,
  minor: number,
  status: number,
  how: "whole" | "streamed" | "declared" | "empty",
  length: string | null,
  coding: string | null,
  body: string,
][] = [
  ["GET", 1, 200, "whole", "10", null, "0123456789"],
  ["GET", 1, 200, "streamed", null, CHUNKED, "0123456789"],
  ["GET", 1, 200, "declared", "10", null, "0123456789"],
  ["GET", 1, 200, "empty", "0", null, ""],
  ["POST", 1, 200, "whole", "10", null, "0123456789"],
  ["GET", 0, 200, "whole", "10", null, "0123456789"],
  ["GET", 0, 200, "streamed", null, null, "0123456789"],
  ["GET", 0, 200, "declared", "10", null, "0123456789"],
  ["GET", 0, 200, "empty", "0", null, ""],
  ["HEAD", 1, 200, "whole", "10", null, ""],
  ["HEAD", 1, 200, "streamed", null, null, ""],
  ["HEAD", 1, 200, "declared", "10", null, ""],
  ["HEAD", 1, 200, "empty", null, null, ""],
  ["HEAD", 0, 200, "streamed", null, null, ""],
  ["GET", 1, 204, "whole", null, null, ""],
  ["GET", 1, 204, "streamed", null, null, ""],
  ["GET", 1, 204, "declared", null, null, ""],
  ["GET", 1, 204, "empty", null, null, ""],
  ["GET", 0, 204, "streamed", null, null, ""],
  ["HEAD", 1, 204, "empty", null, null, ""],
  ["GET", 1, 205, "whole", "0", null, ""],
  ["GET", 1, 205, "streamed", "0", null, ""],
  ["GET", 1, 205, "empty", "0", null, ""],
  ["GET", 1, 304, "whole", null, null, ""],
  ["GET", 1, 304, "streamed", null, null, ""],
  ["GET", 1, 304, "empty", null, null, ""],
  ["GET", 1, 404, "whole", "10", null, "0123456789"],
  ["GET", 1, 500, "streamed", null, CHUNKED, "0123456789"],
];

for (const [method, minor, status, how, length, coding, body] of cases) {
  const framed = coding ?? (length === null ? "without a length" : `with length ${length}`);
  test(`${method} on 1.${minor}, status ${status}, ${how}: the response goes ${framed}`, async (t) => {
    const server = await start(t, (exchange) => {
      if (exchange.head.target === "/after") return answer(exchange, "after");
      exchange.start(status, how === "declared" ? ["Content-Length", "10"] : []);
      if (how === "empty") exchange.end();
      else if (how === "whole") exchange.end("0123456789");
      else streamed(exchange);
    });
    const client = await connect(t, server);
    const keep = minor === 0 ? "Connection: keep-alive\r\n" : "";
    await client.send(`${method} / HTTP/1.${minor}\r\nHost: a\r\n${keep}\r\n`);
    const response = await client.response(method);
    assert.equal(response.status, status);
    assert.equal(response.field("Content-Length"), length);
    assert.equal(response.field("Transfer-Encoding"), coding);
    assert.equal(response.text, body);
    if (response.field("Connection") === "close") return assert.equal((await client.rest()).length, 0);
    // Not a byte too much or too few was sent: the next response starts where this one ended.
    assert.equal((await client.get("/after")).text, "after");
  });
}

async function responseTo(t: Parameters<typeof connect>[0], give: (exchange: Exchange) => void): Promise<Answer> {
  const server = await start(t, give);
  return (await connect(t, server)).get("/");
}

test("a response carries one Date, in the format of RFC 9110 §5.6.7, and it is now's", async (t) => {
  const before = Math.floor(Date.now() / 1000) * 1000;
  const date = (await responseTo(t, (exchange) => answer(exchange, "ok"))).field("Date")!;
  assert.match(date, /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/);
  const at = Date.parse(date);
  assert.ok(at >= before - 1000 && at <= Date.now(), `${date} lies between the request and now`);
});

test("a Date that the application gives stands", async (t) => {
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";
  const response = await responseTo(t, (exchange) => {
    exchange.start(200, ["date", date]);
    exchange.end();
  });
  assert.equal(response.field("Date"), date);
});

test("fields are sent in the application's order, repeated ones each on a line of its own", async (t) => {
  const response = await responseTo(t, (exchange) => {
    exchange.start(200, ["Set-Cookie", "a=1", "X-Between", "", "Set-Cookie", "b=2"]);
    exchange.end();
  });
  const own = response.fields.filter((line) => /^(set-cookie|x-)/i.test(line));
  assert.deepEqual(own, ["Set-Cookie: a=1", "X-Between: ", "Set-Cookie: b=2"]);
});

test("field values are sent one character a byte", async (t) => {
  const response = await responseTo(t, (exchange) => {
    exchange.start(200, ["X-Name", "Grüße\t!"]);
    exchange.end("Grüße");
  });
  assert.equal(response.field("X-Name"), "Grüße\t!");
  assert.equal(response.text, "Grüße");
});

test("the reason phrase is the registered one, the application's own, or none for a status nobody registered", async (t) => {
  const server = await start(t, (exchange) => {
    const [, status, reason] = exchange.head.target.split("/");
    exchange.start(Number(status), [], reason);
    exchange.end();
  });
  const client = await connect(t, server);
  assert.equal((await client.get("/404")).statusLine, "HTTP/1.1 404 Not Found");
  assert.equal((await client.get("/404/Nowhere")).statusLine, "HTTP/1.1 404 Nowhere");
  assert.equal((await client.get("/599")).statusLine, "HTTP/1.1 599 ");
});
