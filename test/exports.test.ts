/** What package.json exports is there once it is built: for Node.js, for TypeScript, and as the room's index says it. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

type Entry = string | { readonly types: string; readonly default: string };

const root = new URL("..", import.meta.url);
const { name, exports } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  name: string;
  exports: Record<string, Entry>;
};
const rooms = Object.entries(exports).flatMap(([path, entry]) => (typeof entry === "string" ? [] : [{ path, entry }]));

for (const { path, entry } of rooms) {
  const specifier = name + path.slice(1);
  const index = path === "." ? "src/index.ts" : `src/${path.slice(2)}/index.ts`;

  test(`${specifier} is what ${index} exports, and its types are there`, async () => {
    assert.ok(existsSync(new URL(index, root)), `${index} is there`);
    const built = (await import(specifier)) as Record<string, unknown>;
    const source = (await import(new URL(index, root).href)) as Record<string, unknown>;
    assert.deepEqual(Object.keys(built).sort(), Object.keys(source).sort());
    assert.ok(Object.keys(built).length > 0);
    assert.ok(existsSync(new URL(entry.types, root)), `${entry.types} is there`);
  });
}

test("every room of src/ that has an index is exported", () => {
  const indexed = readdirSync(new URL("src", root)).filter((room) => existsSync(new URL(`src/${room}/index.ts`, root)));
  const exported = rooms.map(({ path }) => path.slice(2)).filter(Boolean);
  assert.deepEqual(exported.sort(), indexed.sort());
});

test("the protocol core is of use alone: bytes to a head, fields to a response", async () => {
  const [http, http1] = (await Promise.all([import(`${name}/http`), import(`${name}/http1`)])) as [
    typeof import("../src/http/index.ts"),
    typeof import("../src/http1/index.ts"),
  ];
  const parser = new http1.RequestParser(http1.DEFAULT_LIMITS);
  parser.push(new TextEncoder().encode("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
  assert.equal(parser.next(), http1.STEP.HEAD);
  assert.equal(parser.head?.fields.get("host"), "a");
  const fields = http1.encodeFields(["Date", http.httpDate(0)]);
  assert.equal(
    http1.encodeHead(http1.statusLine(404), fields, 0, "close"),
    "HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
  );
});
