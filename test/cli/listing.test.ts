import assert from "node:assert/strict";
import { test } from "node:test";
import { folder } from "../support/folder.ts";
import { startPortico } from "../support/portico.ts";

const FILES = {
  "photos/porch.jpg": "a",
  "public/sub/b.txt": "b",
  "app.mjs": "export default { fetch: () => new Response('app') };",
};

test("a directory that is named lists what is in it", async () => {
  const portico = await startPortico([folder(FILES)]);
  const answer = await fetch(`${portico.url}/photos/`);
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /href="\.\/porch\.jpg"/);
  await portico.stop();
});

test("--no-listing makes that a 404", async () => {
  const portico = await startPortico([folder(FILES), "--no-listing"]);
  assert.equal((await fetch(`${portico.url}/photos/`)).status, 404);
  assert.equal((await fetch(`${portico.url}/photos/porch.jpg`)).status, 200);
  await portico.stop();
});

test("directories of --static are the application's to answer for", async () => {
  const portico = await startPortico(["app.mjs", "--static", "public"], { cwd: folder(FILES) });
  for (const path of ["/", "/sub/"]) assert.equal(await (await fetch(portico.url + path)).text(), "app");
  assert.equal(await (await fetch(`${portico.url}/sub/b.txt`)).text(), "b");
  await portico.stop();
});
