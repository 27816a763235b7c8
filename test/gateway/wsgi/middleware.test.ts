/** Wrapping: a middleware is a function of an application that gives one; files stand before it as before any handler. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { lint } from "../../../src/gateway/lint.ts";
import { wsgi } from "../../../src/gateway/wsgi/handler.ts";
import type { StartResponse, WsgiApplication } from "../../../src/gateway/wsgi/interface.ts";
import { validate } from "../../../src/gateway/wsgi/validate.ts";
import { files } from "../../../src/static/files.ts";
import { connect, start, testEachWay } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";
import { ok, serve } from "./support.ts";

const paths: WsgiApplication = ({ SCRIPT_NAME, PATH_INFO }, startResponse) => {
  ok(startResponse);
  return [`${SCRIPT_NAME}|${PATH_INFO}`];
};

/** Adds a header to whatever the application answers. */
const branded =
  (application: WsgiApplication): WsgiApplication =>
  (environ, startResponse) =>
    application(environ, (status, headers, ...late) =>
      startResponse(status, [...headers, ["X-House", "ours"]], ...late),
    );

/** Changes every piece of the body, which it need not hold. */
const loud =
  (application: WsgiApplication): WsgiApplication =>
  async (environ, startResponse) => {
    const result = await application(environ, startResponse);
    return (async function* () {
      try {
        for await (const piece of result as AsyncIterable<string>) yield piece.toUpperCase();
      } finally {
        await result.close?.();
      }
    })();
  };

/** Gives what is under a prefix to another application, which sees itself at the root of it. */
const mount =
  (prefix: string, mounted: WsgiApplication, other: WsgiApplication): WsgiApplication =>
  (environ, startResponse) => {
    const { SCRIPT_NAME, PATH_INFO } = environ;
    if (PATH_INFO !== prefix && !PATH_INFO.startsWith(`${prefix}/`)) return other(environ, startResponse);
    const moved = { SCRIPT_NAME: SCRIPT_NAME + prefix, PATH_INFO: PATH_INFO.slice(prefix.length) };
    return mounted({ ...environ, ...moved }, startResponse);
  };

test("middlewares wrap each other, and each side of each keeps to the interface", async (t) => {
  const inner = validate(mount("/shop", validate(paths), validate(loud(validate(paths)))));
  const { client } = await serve(t, validate(branded(inner)));
  const mounted = await client.get("/shop/a");
  assert.deepEqual([mounted.text, mounted.field("X-House")], ["/shop|/a", "ours"]);
  assert.equal((await client.get("/shop")).text, "/shop|");
  assert.equal((await client.get("/shopping")).text, "|/SHOPPING");
});

test("shared files under a prefix stand before the application, which answers for the rest", async (t) => {
  const shared = folder({ "style.css": "body {}" });
  const handler = files(shared, { prefix: "/shared", next: lint(wsgi(paths)) });
  const client = await connect(t, await start(t, handler));
  const file = await client.get("/shared/style.css");
  assert.deepEqual([file.text, file.field("Content-Type")], ["body {}", "text/css; charset=utf-8"]);
  assert.equal((await client.get("/other")).text, "|/other");
});

testEachWay("the async context follows a request into its pieces, and never reaches the next one", async (t, start) => {
  const storage = new AsyncLocalStorage<string>();
  const application = async function* ({ PATH_INFO }: { PATH_INFO: string }, startResponse: StartResponse) {
    yield `${storage.getStore()} `;
    storage.enterWith(PATH_INFO);
    ok(startResponse);
    await new Promise(setImmediate);
    yield `${storage.getStore()} `;
    await new Promise(setImmediate);
    yield `${storage.getStore()}`;
  };
  const late: WsgiApplication = (environ, startResponse) => {
    ok(startResponse);
    return application(environ, () => async () => {});
  };
  const client = await connect(t, await start(lint(wsgi(late))));
  for (const path of ["/1", "/2"]) assert.equal((await client.get(path)).text, `undefined ${path} ${path}`);
  const pipelined = ["/3", "/4", "/5"];
  await client.send(pipelined.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  for (const path of pipelined) assert.equal((await client.response()).text, `undefined ${path} ${path}`);
});
