import assert from "node:assert/strict";
import { appendFileSync, closeSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { type OpenFile, Root } from "../../src/static/root.ts";
import { readWhole } from "../../src/static/send.ts";
import { makeTree, settled } from "./support.ts";

async function openFile(t: TestContext, content: string): Promise<OpenFile> {
  const directory = makeTree(t, { file: content });
  await settled(path.join(directory, "file"));
  const file = new Root(directory, false).open(["file"]);
  assert.ok(file !== null && file !== "directory");
  t.after(() => closeSync(file.descriptor));
  return file;
}

test("a file is read whole, in memory of its own", async (t) => {
  const bytes = readWhole(await openFile(t, "content"));
  assert.equal(String(bytes), "content");
  assert.equal(bytes?.buffer.byteLength, 7);
  assert.equal(readWhole(await openFile(t, ""))?.length, 0);
});

const CHANGES: Readonly<Record<string, (location: string) => void>> = {
  shrank: (location) => truncateSync(location, 3),
  grew: (location) => appendFileSync(location, "!"),
  "was written anew at the same size": (location) => writeFileSync(location, "CONTENT"),
};

for (const [change, make] of Object.entries(CHANGES)) {
  test(`a file that ${change} since it was opened is not taken for what it was`, async (t) => {
    const file = await openFile(t, "content");
    make(file.path);
    assert.equal(readWhole(file), null);
  });
}
