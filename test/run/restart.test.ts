/** The same port, again and again. */
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { startPortico } from "../support/portico.ts";
import { serve, text } from "./support.ts";

test("the same port can be had 20 times in a row, while clients connect", async (t) => {
  const first = await serve(t, "--workers", "2");
  const port = String(first.port);
  let isOver = false;
  const knocking = (async () => {
    while (!isOver) await knock(Number(port));
  })();
  await first.stop();
  for (let i = 0; i < 20; i++) {
    const portico = await startPortico(["server.ts", port], { cwd: first.cwd });
    assert.equal(await text(portico.url), "version 1");
    assert.equal((await portico.stop()).code, 0);
  }
  isOver = true;
  await knocking;
});

/** A connection and a request, whatever comes of it. */
function knock(port: number): Promise<void> {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, agent: false }, (response) => response.resume());
    request.once("error", () => {}).once("close", resolve);
  });
}
