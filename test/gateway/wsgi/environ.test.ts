/** What an application is told of its request. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { environOf } from "../../../src/gateway/wsgi/environ.ts";
import { wsgi } from "../../../src/gateway/wsgi/handler.ts";
import type { Environ, WsgiApplication } from "../../../src/gateway/wsgi/interface.ts";
import { deferred, start } from "../../server/support.ts";
import { ok, serve } from "./support.ts";

/** The environ that a request comes to. */
async function environFor(t: TestContext, request: string): Promise<Environ> {
  const seen = deferred<Environ>();
  const application: WsgiApplication = (environ, startResponse) => {
    seen.resolve(environ);
    ok(startResponse);
    return ["seen"];
  };
  const { client } = await serve(t, application);
  await client.send(request);
  return seen.promise;
}

const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\nHost: shop.test:81\r\n${fields}\r\n`;

test("the request's line, addresses and surroundings are variables of CGI and of WSGI", async (t) => {
  const environ = await environFor(t, get("/a/b?q=1%20&r"));
  const { REMOTE_PORT, SERVER_PORT, "wsgi.input": input, "wsgi.errors": errors, ...rest } = environ;
  assert.deepEqual(rest, {
    REQUEST_METHOD: "GET",
    SCRIPT_NAME: "",
    PATH_INFO: "/a/b",
    QUERY_STRING: "q=1%20&r",
    REQUEST_URI: "/a/b?q=1%20&r",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_SOFTWARE: "Portico",
    SERVER_NAME: "shop.test",
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_HOST: "127.0.0.1",
    HTTP_HOST: "shop.test:81",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input_terminated": true,
    "wsgi.multithread": true,
    "wsgi.multiprocess": false,
    "wsgi.run_once": false,
  });
  assert.match(REMOTE_PORT, /^[1-9]\d*$/);
  assert.match(SERVER_PORT, /^[1-9]\d*$/);
  assert.notEqual(SERVER_PORT, "81");
  assert.equal((await input.read()).length, 0);
  assert.equal(typeof errors.write, "function");
});

test("the body's type and length have variables without HTTP_, and a chunked body has no length", async (t) => {
  const known = await environFor(
    t,
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/x\r\nContent-Length: 3\r\n\r\nabc",
  );
  assert.deepEqual([known.CONTENT_TYPE, known.CONTENT_LENGTH], ["text/x", "3"]);
  assert.ok(!("HTTP_CONTENT_TYPE" in known) && !("HTTP_CONTENT_LENGTH" in known));
  const unknown = await environFor(t, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  assert.ok(!("CONTENT_TYPE" in unknown) && !("CONTENT_LENGTH" in unknown));
  assert.equal(unknown["wsgi.input_terminated"], true);
});

test("fields are variables, repeated ones joined; no HTTP_PROXY, and no name with an underscore", async (t) => {
  const environ = await environFor(
    t,
    get(
      "/",
      "X-User: ann\r\nX_User: eve\r\nProxy: evil\r\nCookie: a=1\r\nCookie: b=2\r\nAccept: x\r\naccept: y\r\nAuthorization: Basic eA==\r\n",
    ),
  );
  const fields = Object.entries(environ).filter(([name]) => name.startsWith("HTTP_"));
  assert.deepEqual(Object.fromEntries(fields), {
    HTTP_HOST: "shop.test:81",
    HTTP_X_USER: "ann",
    HTTP_COOKIE: "a=1; b=2",
    HTTP_ACCEPT: "x, y",
    HTTP_AUTHORIZATION: "Basic eA==",
  });
});

test("PATH_INFO is decoded as UTF-8, else byte by byte, and what is no escape stays", async (t) => {
  const paths: Record<string, string> = {
    "/caf%C3%A9/%2e%2e": "/café/..",
    "/caf%E9": "/café",
    "/a%2Fb%20c": "/a/b c",
    "/100%/%zz%4": "/100%/%zz%4",
    "//x": "//x",
    "http://other.test/a%20b?q": "/a b",
  };
  for (const [target, path] of Object.entries(paths)) {
    const environ = await environFor(t, get(target));
    assert.equal(environ.PATH_INFO, path, target);
    assert.equal(environ.REQUEST_URI, target);
  }
  assert.equal((await environFor(t, get("*").replace("GET", "OPTIONS"))).PATH_INFO, "*");
});

test("the flags tell the model, and the scheme is that of the connection", async (t) => {
  const seen = deferred<Environ>();
  const application: WsgiApplication = (environ, startResponse) => {
    seen.resolve(environ);
    ok(startResponse);
    return [];
  };
  const { client } = await serve(t, application, { multithread: false, multiprocess: true });
  await client.get("/");
  const environ = await seen.promise;
  assert.deepEqual([environ["wsgi.multithread"], environ["wsgi.multiprocess"]], [false, true]);

  const secure = deferred<string>();
  const surroundings = { errors: environ["wsgi.errors"], multithread: true, multiprocess: false };
  const handler = wsgi(application);
  const server = await start(t, (exchange) => {
    const connection = { ...exchange.connection, encrypted: true, remoteAddress: "", localPort: 0, localAddress: "" };
    secure.resolve(
      environOf({ ...exchange, head: exchange.head, body: exchange.body, connection } as typeof exchange, surroundings)[
        "wsgi.url_scheme"
      ],
    );
    return handler(exchange);
  });
  await (await fetch(server.url)).text();
  assert.equal(await secure.promise, "https");
});
