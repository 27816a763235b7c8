/** docs/fetch.md: its program answers as it reads, and its numbers are those of the list. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { folder } from "../../support/folder.ts";
import { startPortico } from "../../support/portico.ts";

const PAGE = readFileSync(new URL("../../../docs/fetch.md", import.meta.url), "utf8");
const LIST = readFileSync(new URL("wpt/passing.txt", import.meta.url), "utf8");

test("the page's program answers", async (t) => {
  const [, program] = /```ts\n(.*?)```/s.exec(PAGE)!;
  const portico = await startPortico(["app.ts"], { cwd: folder({ "app.ts": program! }) });
  t.after(() => portico.stop());
  const post = (body: string) => fetch(portico.url, { method: "POST", body });
  assert.deepEqual(await (await post('{"name":"Ada"}')).json(), { hello: "Ada" });
  assert.equal((await post("{")).status, 400);
  assert.equal((await fetch(portico.url)).status, 405);
});

test("the page says how many subtests of the web-platform-tests pass", () => {
  const subtests = LIST.split("\n").filter((line) => line !== "" && !/^(What ours pass|fetch\/api\/)/.test(line));
  assert.ok(PAGE.includes(`ours ${subtests.length}.`), `${subtests.length} are listed`);
});
