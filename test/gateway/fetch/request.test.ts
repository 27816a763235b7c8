import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { fetchHandler } from "../../../src/gateway/fetch/handler.ts";
import { LightRequest, type ServerRequest } from "../../../src/gateway/fetch/request.ts";
import { LightResponse } from "../../../src/gateway/fetch/response.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { connect, start } from "../../server/support.ts";
import { LIGHT, same } from "./both.ts";

const POST = { method: "POST", body: "[1]", headers: { "Content-Type": "application/json", "X-One": "1" } };

describe("a received request is read as the platform's", () => {
  for (const init of [{}, POST, { method: "HEAD" }, { method: "DELETE", body: "x" }] as const) {
    same(`properties of ${init.method ?? "GET"}`, async ({ received }) => {
      const request = await received(init);
      const { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect, referrer } = request;
      const { referrerPolicy, bodyUsed, duplex, signal } = request as Request & { duplex: string };
      const facts = { method, url, cache, credentials, destination, integrity, keepalive, mode, redirect, referrer };
      return [facts, referrerPolicy, bodyUsed, duplex, signal.aborted, request.body === null];
    });
  }
  same("name, tag and instances", async ({ received, Request }) => {
    const request = await received();
    return [
      request.constructor.name,
      Object.prototype.toString.call(request),
      Object.keys(request),
      request instanceof Request,
      request instanceof globalThis.Request,
      new globalThis.Request("http://a/") instanceof Request,
    ];
  });
  const ways = ["text", "json", "arrayBuffer", "blob", "formData"] as const;
  for (const first of ways) {
    for (const second of ways) {
      same(`${first}, then ${second}`, async ({ received }) => {
        const request = await received(POST);
        const errors: string[] = [];
        for (const way of [first, second]) await request[way]().catch((error) => errors.push(error.name));
        return [errors, request.bodyUsed];
      });
    }
    same(`${first} of a request without a body`, async ({ received }) => {
      const request = await received();
      const errors: string[] = [];
      for (let i = 0; i < 2; i++) await request[first]().catch((error) => errors.push(error.name));
      return [errors, request.bodyUsed];
    });
  }
  same("the values that the readers give", async ({ received }) => {
    const blob = await (await received(POST)).blob();
    const buffer = await (await received(POST)).arrayBuffer();
    return [
      await (await received(POST)).text(),
      await (await received(POST)).json(),
      blob.type,
      await blob.text(),
      buffer,
    ];
  });
  same("a form, urlencoded", async ({ received }) => {
    return [
      ...(await (await received({ method: "POST", body: new URLSearchParams({ a: "1", b: "é x" }) })).formData()),
    ];
  });
  same("a form with a file", async ({ received }) => {
    const body = new FormData();
    body.append("a", "1");
    body.append("file", new File(["content"], "näme.txt", { type: "text/plain" }));
    const form = await (await received({ method: "POST", body })).formData();
    const file = form.get("file") as File;
    return [form.get("a"), file.name, file.type, await file.text()];
  });
  same("headers that are changed", async ({ received }) => {
    const request = await received(POST);
    request.headers.set("x-one", "2");
    request.headers.delete("content-type");
    return [request.headers.get("x-one"), request.headers.has("content-type")];
  });
});

describe("a received request is made into others as the platform's", () => {
  same("clone, both read", async ({ received }) => {
    const one = await received(POST);
    const two = one.clone();
    two.headers.set("x-one", "2");
    return [
      await one.text(),
      await two.text(),
      one.headers.get("x-one"),
      two.headers.get("x-one"),
      two.url,
      two.method,
    ];
  });
  same("clone of one that was read", async ({ received }) => {
    const request = await received(POST);
    await request.text();
    return request.clone();
  });
  same("clone, whose signal is its own and follows the original's", async ({ received }) => {
    const leaving = new AbortController();
    const request = await received({ signal: leaving.signal });
    const copy = request.clone();
    const { signal } = copy;
    const facts = [signal === request.signal, signal === copy.signal, signal.aborted];
    leaving.abort();
    return [...facts, signal.aborted];
  });
  same("clone of one whose client has left", async ({ received }) => {
    const leaving = new AbortController();
    const request = await received({ signal: leaving.signal });
    leaving.abort();
    return request.clone().signal.aborted;
  });
  same("new Request of one that was read gives it another body", async ({ received, Request }) => {
    const request = await received({ method: "POST", body: "read" });
    await request.text();
    return new Request(request, { body: "new" }).text();
  });
  same("new Request of one that was read, with the body null", async ({ received, Request }) => {
    const request = await received({ method: "POST", body: "read" });
    await request.text();
    return new Request(request, { body: null }).text();
  });
  same("new Request with another body leaves the original's unread", async ({ received, Request }) => {
    const request = await received({ method: "POST", body: "original" });
    return [await new Request(request, { body: "new" }).text(), request.bodyUsed, await request.text()];
  });
  same("new Request of it", async ({ received, Request }) => {
    const one = await received(POST);
    const two = new Request(one);
    return [two.method, two.url, two.headers.get("x-one"), await two.text(), one.bodyUsed];
  });
  same("new Request of it, with changes", async ({ received, Request }) => {
    const two = new Request(await received(POST), { method: "PUT", body: "other", headers: { a: "1" } });
    return [two.method, two.url, [...two.headers], await two.text()];
  });
  same("new Request of its URL and itself", async ({ received, Request }) => {
    const one = await received();
    const two = new Request("http://other.example/", one);
    return [two.method, two.url];
  });
  same("new Request of one that was read", async ({ received, Request }) => {
    const one = await received(POST);
    await one.text();
    return new Request(one);
  });
  same("an abort of the original reaches the copy", async ({ received, Request }) => {
    const client = new AbortController();
    const two = new Request(await received({ signal: client.signal }));
    client.abort();
    return two.signal.aborted;
  });
  same("a subclass made of it", async ({ received, Request }) => {
    class Mine extends Request {
      get path(): string {
        return new URL(this.url).pathname;
      }
    }
    const mine = new Mine(await received());
    return [mine.path, mine instanceof Request];
  });
});

describe("Request has the platform's face", () => {
  same("name, length, prototypes and members", ({ Request }) => [
    Request.name,
    Request.length,
    Object.getPrototypeOf(Request) === Function.prototype,
    Object.getPrototypeOf(Request.prototype) === Object.prototype,
    Object.entries(Object.getOwnPropertyDescriptors(Request.prototype)).map(([name, { enumerable }]) => [
      name,
      enumerable,
    ]),
  ]);
  same("Request without new", ({ Request }) => (Request as unknown as () => void)());
  same("Request of nothing", ({ Request }) => new (Request as unknown as new () => Request)());
});

test("the platform's own Request refuses ours, so it is our Request that an application is given", async () => {
  const request = await LIGHT.received(POST);
  assert.equal(request.constructor, LightRequest);
  assert.equal(await new LightRequest(request).text(), "[1]");
});

test("a request prints as what it is, its body unread", async () => {
  const request = await LIGHT.received(POST);
  assert.match(inspect(request), /^Request \{\s+method: 'POST',\s+url: 'http:\/\/a\.example\/path\?query'/);
  assert.equal(request.bodyUsed, false);
});

test("bytes() and textStream() are there, also where the platform has none yet", async () => {
  const request = (await LIGHT.received(POST)) as ServerRequest;
  assert.deepEqual(await request.bytes(), new Uint8Array(Buffer.from("[1]")));
  let text = "";
  for await (const piece of ((await LIGHT.received(POST)) as ServerRequest).textStream()) text += piece;
  assert.equal(text, "[1]");
});

/** What `request.url` is for a request that is sent as it stands here. */
const URLS: readonly [sent: string, url: RegExp][] = [
  ["GET /path?a=b HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/path\?a=b$/],
  ["GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", /^http:\/\/a\.example:8080\/$/],
  ["GET / HTTP/1.1\r\nHost: a.example:80\r\n\r\n", /^http:\/\/a\.example\/$/],
  ["GET / HTTP/1.1\r\nHost: A.EXAMPLE\r\n\r\n", /^http:\/\/a\.example\/$/],
  ["GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", /^http:\/\/\[::1\]\/$/],
  ["GET / HTTP/1.1\r\nHost:\r\n\r\n", /^http:\/\/127\.0\.0\.1:\d+\/$/],
  ["GET / HTTP/1.0\r\n\r\n", /^http:\/\/127\.0\.0\.1:\d+\/$/],
  ["GET http://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/b\.example\/x$/],
  ["GET http://b.example HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/b\.example\/$/],
  ["OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/$/],
  ["GET //other.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/\/other\.example\/x$/],
  ["GET /a/../b/./c HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/b\/c$/],
  ["GET /%2e%2e/b HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/b$/],
  ["GET /a|b'\"<> HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/a/],
  ["GET /?q=a\\b HTTP/1.1\r\nHost: a.example\r\n\r\n", /^http:\/\/a\.example\/\?q=a\\b$/],
];

test("request.url is absolute and normal, whatever was sent", async (t) => {
  let url = "";
  const handler = fetchHandler((request) => {
    url = request.url;
    return new LightResponse() as Response;
  });
  const server = await start(t, lint(handler));
  for (const [sent, wanted] of URLS) {
    const client = await connect(t, server);
    url = "";
    await client.send(sent);
    const { status } = await client.response();
    if (status === 400) continue;
    assert.match(url, wanted, sent);
    assert.equal(new URL(url).href, url, "it is in the form that URL gives");
  }
});

test("the client's address is the connection's", async (t) => {
  const handler = fetchHandler((request) => new LightResponse(request.ip) as Response);
  const client = await connect(t, await start(t, lint(handler)));
  assert.equal((await client.get("/")).text, "127.0.0.1");
});
