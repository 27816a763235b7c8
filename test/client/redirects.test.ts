import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { answer, readAll, start } from "../server/support.ts";
import { clientFor, response, scripted } from "./support.ts";

/** `/STATUS?location` redirects there; anything else says what it was asked. */
async function redirecting(exchange: Exchange): Promise<void> {
  const { method, target, fields } = exchange.head;
  const [, status, location] = /^\/(\d{3})\?(.*)$/.exec(target) ?? [];
  const body = (await readAll(exchange.body)).toString();
  if (status !== undefined) {
    exchange.start(Number(status), ["Location", decodeURIComponent(location!)]);
    return exchange.end("see there");
  }
  const names = ["authorization", "cookie", "content-type", "x-a"];
  answer(exchange, JSON.stringify([method, target, body, ...names.filter((name) => fields.has(name))]));
}

const SECRETS = { Authorization: "Bearer x", Cookie: "a=b", "X-A": "1" };

test("a redirect is followed, and the response says where it came from", async (t) => {
  const server = await start(t, redirecting);
  const got = await clientFor(t).request(`${server.url}301?${encodeURIComponent("/302?/end")}#part`);
  assert.deepEqual([got.redirected, got.url], [true, `${server.url}end`]);
  assert.deepEqual(await got.json(), ["GET", "/end", ""]);
});

for (const [status, method, expected] of [
  [301, "POST", ["GET", "/end", ""]],
  [302, "POST", ["GET", "/end", ""]],
  [303, "POST", ["GET", "/end", ""]],
  [303, "PUT", ["GET", "/end", ""]],
  [301, "PUT", ["PUT", "/end", "body", "content-type"]],
  [302, "DELETE", ["DELETE", "/end", "body", "content-type"]],
  [307, "POST", ["POST", "/end", "body", "content-type"]],
  [308, "POST", ["POST", "/end", "body", "content-type"]],
] as const) {
  test(`${status} turns ${method} into ${expected[0]}`, async (t) => {
    const server = await start(t, redirecting);
    const got = await clientFor(t).request(`${server.url}${status}?/end`, { method, body: "body" });
    assert.deepEqual(await got.json(), expected);
  });
}

test("303 leaves HEAD a HEAD", async (t) => {
  const methods: string[] = [];
  const server = await start(t, (exchange) => {
    methods.push(exchange.head.method);
    return redirecting(exchange);
  });
  assert.equal((await clientFor(t).request(`${server.url}303?/end`, { method: "HEAD" })).status, 200);
  assert.deepEqual(methods, ["HEAD", "HEAD"]);
});

test("a stream cannot be sent to where 307 leads", async (t) => {
  const server = await start(t, redirecting);
  const client = clientFor(t);
  const post = (status: number) =>
    client.request(`${server.url}${status}?/end`, { method: "POST", body: new Blob(["body"]).stream() });
  await assert.rejects(post(307), { code: "BODY_SPENT" });
  assert.deepEqual(await (await post(303)).json(), ["GET", "/end", ""]);
});

test("what one origin was told in confidence goes to no other", async (t) => {
  const [server, other] = [await start(t, redirecting), await start(t, redirecting)];
  const client = clientFor(t);
  const get = async (location: string) =>
    (await client.request(`${server.url}302?${encodeURIComponent(location)}`, { headers: SECRETS })).json();
  assert.deepEqual(await get("/end"), ["GET", "/end", "", "authorization", "cookie", "x-a"]);
  assert.deepEqual(await get(`${other.url}end`), ["GET", "/end", "", "x-a"]);
});

test("a unix socket stands for the host that was named, not for where it redirects", async (t) => {
  const { socketPath } = await import("../server/support.ts");
  const other = await start(t, redirecting);
  const unix = socketPath(t);
  await start(t, redirecting, { unix });
  const client = clientFor(t, { unix });
  assert.equal((await client.request("http://name/302?/end")).url, "http://name/end");
  const got = await client.request(`http://name/302?${encodeURIComponent(`${other.url}end`)}`);
  assert.equal(got.url, `${other.url}end`);
});

test('"manual" gives the redirect itself, "error" an error', async (t) => {
  const server = await start(t, redirecting);
  const client = clientFor(t);
  const got = await client.request(`${server.url}302?/end`, { redirect: "manual" });
  assert.deepEqual([got.status, got.headers.get("location"), await got.text()], [302, "/end", "see there"]);
  await assert.rejects(client.request(`${server.url}302?/end`, { redirect: "error" }), { code: "REDIRECTED" });
});

test("a redirect in circles ends", async (t) => {
  let asked = 0;
  const server = await start(t, (exchange) => {
    asked++;
    exchange.start(302, ["Location", "/again"]);
    exchange.end();
  });
  const client = clientFor(t, { limits: { maxRedirects: 3 } });
  await assert.rejects(client.request(server.url), { code: "TOO_MANY_REDIRECTS" });
  assert.equal(asked, 4);
});

test("a redirect to what is no http URL, or to two places, is an error, and one without a Location is a response", async (t) => {
  const server = await start(t, redirecting);
  const client = clientFor(t);
  for (const location of ["ftp://a/", "http://", "javascript:alert(1)"]) {
    const target = `${server.url}302?${encodeURIComponent(location)}`;
    await assert.rejects(client.request(target), { code: "BAD_REDIRECT" });
  }
  const twice = await scripted(t, async (peer) => {
    await peer.head();
    peer.send(response("", "Location: /a\r\nLocation: /b\r\n", "302 Found"));
  });
  await assert.rejects(client.request(twice.url), { code: "BAD_REDIRECT" });
  const without = await scripted(t, async (peer) => {
    await peer.head();
    peer.send(response("here", "", "302 Found"));
  });
  assert.equal(await (await client.request(without.url)).text(), "here");
  const unchanged = await scripted(t, async (peer) => {
    await peer.head();
    peer.send("HTTP/1.1 304 Not Modified\r\nLocation: /x\r\n\r\n");
  });
  assert.equal((await client.request(unchanged.url)).status, 304);
});

test("a Location in UTF-8 leads where a browser would go", async (t) => {
  const server = await scripted(t, async (peer) => {
    for (let head = await peer.head(); head !== null; head = await peer.head()) {
      const [, target] = head.split(" ");
      peer.send(target === "/" ? response("", "Location: /\xc3\xa9\r\n", "302 Found") : response(target!));
    }
  });
  assert.equal(await (await clientFor(t).request(server.url)).text(), "/%C3%A9");
});
