/** The package's front door, by the package's own name, as an application's dependency would be imported. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { test } from "node:test";
import { files, Server, serve } from "portico";
import type { ServerContext } from "portico/gateway";
import { folder } from "../support/folder.ts";

test("serve() listens at once, says where, and closes", async () => {
  const server = await serve({ port: 0, fetch: (request) => new Response(new URL(request.url).pathname) }).ready();
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  assert.equal(await (await fetch(`${server.url}path`)).text(), "/path");
  await server.close();
  await assert.rejects(fetch(server.url));
});

test("error() answers for what fetch() throws", async () => {
  const server = serve({
    port: 0,
    fetch() {
      throw new Error("oops");
    },
    error: (error) => new Response(String(error), { status: 503 }),
  });
  const { status } = await fetch((await server.ready()).url);
  assert.equal(status, 503);
  await server[Symbol.asyncDispose]();
});

test("serve() takes a handler object of WinterTC's draft, and its options beside it", async () => {
  const application = {
    [Symbol.for("wintertc.server.protocol")]: 1,
    greeting: "hello",
    fetch(ctx: ServerContext) {
      return new Response(`${this.greeting} ${ctx.request.method}`);
    },
    connect: () => new Response(null, { status: 403 }),
  };
  const server = await serve(application, { port: 0 }).ready();
  assert.equal(await (await fetch(server.url)).text(), "hello GET");
  const request = http.request(server.url, { method: "CONNECT", path: "a.example:443" }).end();
  const [{ statusCode }, socket] = await once(request, "connect");
  assert.equal(statusCode, 403);
  socket.destroy();
  await server.close();
});

test("ready() rejects with the system's code when the address cannot be had", async () => {
  const first = await serve({ port: 0, fetch: () => new Response() }).ready();
  const { port } = new URL(first.url);
  await assert.rejects(serve({ port: Number(port), fetch: () => new Response() }).ready(), { code: "EADDRINUSE" });
  await first.close();
});

test("files() is a handler that a Server takes", async () => {
  const server = await new Server(files(folder({ "index.html": "home" })), { port: 0 }).ready();
  assert.equal(await (await fetch(server.url)).text(), "home");
  await server.close();
});
