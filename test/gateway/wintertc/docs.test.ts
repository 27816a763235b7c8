/** docs/gateway-wintertc.md: its tables name every member there is, and its program runs. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lint } from "../../../src/gateway/lint.ts";
import { ConnectContext, ServerContext } from "../../../src/gateway/wintertc/context.ts";
import { wintertc } from "../../../src/gateway/wintertc/handler.ts";
import { Tunnel } from "../../../src/gateway/wintertc/tunnel.ts";
import { connect, start } from "../../server/support.ts";

const PAGE = readFileSync(new URL("../../../docs/gateway-wintertc.md", import.meta.url), "utf8");
const named = [...PAGE.matchAll(/^\| (`.*?) +\|/gm)].join();

test("the page names every member of the contexts and of the tunnel", () => {
  const members = [ServerContext, ConnectContext].flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype));
  const fields = ["serverPriority", "onpriority", "connectProtocol", "readable", "writable", "closed"];
  const tunnel = Object.getOwnPropertyNames(Tunnel.prototype);
  const all = [...members, ...fields, ...tunnel].filter((name) => name !== "constructor");
  assert.ok(all.length > 20);
  for (const name of all) assert.match(named, new RegExp(`\\b${name}\\b`));
});

test("the page's program answers", async (t) => {
  const [, program] = /```js\n(.*?)```/s.exec(PAGE)!;
  const log: string[] = [];
  const module = program!.replace("export default", "return");
  const application = new Function("log", module)((url: string) => Promise.resolve(log.push(url)));
  const server = await start(t, lint(wintertc(application)));
  const client = await connect(t, server);
  assert.equal((await client.get("/path")).status, 103);
  assert.equal((await client.response()).text, "Hello, world!\n");
  assert.deepEqual(log, ["http://a/path"]);
});
