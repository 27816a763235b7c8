/** The package's front door, by the package's own name, as an application's dependency would be imported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, Server, serve } from "portico";
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
