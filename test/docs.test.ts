import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { OPTIONS_PAGE, optionsPage } from "../scripts/docs.ts";
import { fault } from "../src/core/faults.ts";
import { DEFAULT_LIMITS, DEFAULT_TIMEOUTS } from "../src/core/options.ts";

test("docs/options.md says what the table of options says", () => {
  const hint = "run: npm run docs";
  assert.equal(readFileSync(OPTIONS_PAGE, "utf8"), optionsPage(), hint);
});

test("the limits and statuses that the example site shows are the defaults", () => {
  const page = readFileSync(new URL("../examples/site/index.html", import.meta.url), "utf8");
  const shown = [...page.matchAll(/<th scope="row">(.*)<\/th><td>(.*)<\/td><td>(.*)<\/td>/g)].map((row) =>
    row.slice(1),
  );
  const { maxRequestLineSize, maxHeaderSize, maxHeaderCount, maxRequestBodySize, minReceiveRate } = DEFAULT_LIMITS;
  const { headers, receive, idle, send } = DEFAULT_TIMEOUTS;
  const status = (code: Parameters<typeof fault>[0]) => String(fault(code).status);
  assert.deepEqual(shown, [
    ["A request line", `${maxRequestLineSize / 1024} KiB`, status("REQUEST_LINE_TOO_LONG")],
    ["A header section", `${maxHeaderSize / 1024} KiB, ${maxHeaderCount} fields`, status("FIELDS_TOO_LARGE")],
    ["A request body", `${maxRequestBodySize / 1024 ** 2} MiB`, status("BODY_TOO_LARGE")],
    ["A request head that takes its time", `${headers / 1000} s`, status("HEAD_TIMEOUT")],
    [
      "A request body that drips",
      `${minReceiveRate} bytes a second, after ${receive / 1000} s`,
      status("BODY_TIMEOUT"),
    ],
    ["Two lengths for one body", "never taken", status("LENGTH_WITH_ENCODING")],
    ["A kept connection that stays silent", `${idle / 1000} s`, "closed"],
    ["A client that stops reading", `${send / 1000} s`, "closed"],
  ]);
});

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What a page says outside of its code. */
function prose(page: string): string {
  return readFileSync(join(ROOT, page), "utf8").replaceAll(/^```.*?^```$/gms, "");
}

/** The anchors that GitHub makes of a page's headings. */
function anchors(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

const DOCS = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
for (const from of ["README.md", "CONTRIBUTING.md", "bench/README.md", ...DOCS.map((name) => join("docs", name))]) {
  test(`every link of ${from} leads to a file, and to a heading of it`, () => {
    for (const [, path, anchor] of prose(from).matchAll(/\]\((?!\w+:)([^)#]*)#?([^)]*)\)/g)) {
      const target = path === "" ? from : join(dirname(from), path!);
      assert.ok(existsSync(join(ROOT, target)), `${path} is there`);
      if (anchor !== "") assert.ok(anchors(target).includes(anchor!), `${target} has #${anchor}`);
    }
  });
}
