/** docs/gateway-node.md: its programs run. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "../../support/folder.ts";
import { startPortico } from "../../support/portico.ts";
import { install, runProgram } from "../../support/program.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const PAGE = readFileSync(join(ROOT, "docs/gateway-node.md"), "utf8");
const programs = new Map(
  [...PAGE.matchAll(/^```js\n\/\/ (\S+)\n(.*?)^```$/gms)].map(([, name, text]) => [name!, text!]),
);

test("the application answers as the page says", async (t) => {
  const portico = await startPortico(["application.js"], {
    cwd: folder({ "application.js": programs.get("application.js")!, "package.json": '{ "type": "module" }' }),
  });
  t.after(() => portico.stop());
  const [, path, output] = /^\$ curl http:\/\/127\.0\.0\.1:8000(\S+)\n(.*\n)/m.exec(PAGE)!;
  assert.equal(await (await fetch(new URL(path!, portico.url))).text(), output);
});

test("files are served within Express as the page says", { timeout: 30_000 }, async (t) => {
  const program = programs.get("mounted.js")!;
  assert.ok(program.includes("app.listen(3000);"));
  const cwd = folder({
    "mounted.mjs": program.replace(
      "app.listen(3000)",
      "const server = app.listen(0, () => console.log(server.address().port))",
    ),
    "assets/a.txt": "an asset",
  });
  install(cwd, "express");
  const port = await runProgram(t, cwd, "mounted.mjs");
  const asset = await fetch(`http://127.0.0.1:${port}/assets/a.txt`);
  assert.equal(await asset.text(), "an asset");
});

test("WebSockets are exported with their server, and told to go away, as the page says", {
  timeout: 30_000,
}, async (t) => {
  const cwd = folder({ "chat.mjs": programs.get("chat.js")! });
  install(cwd, "express", "ws");
  const portico = await startPortico(["chat.mjs"], { cwd });
  t.after(() => portico.stop("SIGKILL"));
  const { WebSocket } = createRequire(import.meta.url)("ws");
  const socket = new WebSocket(portico.url.replace("http:", "ws:"));
  const [message] = await once(socket, "message");
  assert.equal(String(message), "hello");
  const closed = once(socket, "close");
  await portico.stop();
  assert.equal((await closed)[0], 1001);
});
