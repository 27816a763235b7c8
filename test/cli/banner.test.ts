import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { banner } from "../../src/cli/banner.ts";
import { VERSION } from "../../src/cli/version.ts";

const FILES = { kind: "files", path: "./html" } as const;

test("a log gets one plain line: version, address, what is served", () => {
  const line = banner("http://127.0.0.1:8000/", FILES, { isTTY: false, hasColour: false });
  assert.equal(line, `portico ${VERSION}  http://127.0.0.1:8000  files from ./html`);
});

test("a terminal is told how to stop", () => {
  const lines = banner(
    "http://[::1]:80/",
    { kind: "application", path: "server.ts" },
    { isTTY: true, hasColour: false },
  );
  assert.equal(lines, `portico ${VERSION}  http://[::1]:80  application server.ts\nCtrl-C stops it`);
});

test("colour comes only where it is wanted, and changes no text", () => {
  const coloured = banner("unix:/run/x", FILES, { isTTY: true, hasColour: true });
  assert.notEqual(coloured, banner("unix:/run/x", FILES, { isTTY: true, hasColour: false }));
  assert.equal(stripVTControlCharacters(coloured), banner("unix:/run/x", FILES, { isTTY: true, hasColour: false }));
});
