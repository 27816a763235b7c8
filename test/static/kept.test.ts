/** What is kept in memory never answers otherwise than the disk would: told by a site that keeps nothing. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { lint } from "../../src/gateway/lint.ts";
import { toFetch } from "../../src/gateway/to-fetch.ts";
import { type FilesOptions, files } from "../../src/static/index.ts";
import { makeTree } from "./support.ts";

const NAMES = ["about", "about.html", "about/index.html", "index.html", "404.html", "a.js", "a.js.gz", "link"];
const TARGETS = [
  "/",
  "/about",
  "/about/",
  "/about.html",
  "/index.html",
  "/index",
  "/a.js",
  "/a.js.gz",
  "/link",
  "/none",
];
const RULES: Readonly<Record<string, readonly string[]>> = {
  _headers: ["", "/*\n X-A: 1\n", "/about*\n X-B: :splat\n ! Cache-Control\n"],
  _redirects: ["", "/about /a.js 200!\n", "/none /about 200\n/about /index.html 302!\n", "/about/* /404.html 404\n"],
};

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ write: fc.constantFrom(...NAMES) }) },
  { weight: 2, arbitrary: fc.record({ remove: fc.constantFrom(...NAMES) }) },
  fc.record({ point: fc.constantFrom("about", "a.js", "../outside.txt", "index.html") }),
  fc.constantFrom(...Object.entries(RULES).flatMap(([rules, texts]) => texts.map((text) => ({ rules, text })))),
);
const wishes = fc.record({ navigates: fc.boolean(), gzip: fc.boolean() });
const options = fc.record({ cleanUrls: fc.boolean(), spa: fc.boolean(), listing: fc.boolean() });

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Wishes = typeof wishes extends fc.Arbitrary<infer Value> ? Value : never;

const PLAIN: Wishes = { navigates: false, gzip: false };
const CLEAN = { cleanUrls: true, spa: false, listing: false };

/** Edits that once went unnoticed. */
const SEEN: [options: typeof CLEAN, turns: [Step, Wishes][]][] = [
  [CLEAN, ["about.html", "about", "about/index.html"].map((write) => [{ write }, PLAIN])],
  [
    CLEAN,
    [
      [{ rules: "_redirects", text: "/none /about 200\n" }, PLAIN],
      [{ write: "about/index.html" }, PLAIN],
      [{ write: "about.html" }, PLAIN],
    ],
  ],
];

test("in whatever order files are written and removed, a site that keeps them answers as one that keeps none", async (t) => {
  // As if every file had settled: only such are kept.
  const { now } = Date;
  t.mock.method(Date, "now", () => now() + 3_600_000);
  await fc.assert(
    fc.asyncProperty(options, fc.array(fc.tuple(step, wishes), { maxLength: 15 }), async (options, turns) => {
      const parent = makeTree(t, { "outside.txt": "outside", "site/index.html": "first" });
      const root = path.join(parent, "site");
      const all = { ...options, compress: false, checkInterval: 0, log: () => {} };
      const keeping = asking(root, all);
      for (const [edit, [step, wishes]] of turns.entries()) {
        change(root, step, edit + 1);
        const reading = asking(root, { ...all, cacheSize: 0 });
        for (const target of TARGETS) {
          assert.deepEqual(await keeping(target, wishes), await reading(target, wishes), `${target} after ${edit + 1}`);
        }
      }
    }),
    { numRuns: 60, examples: SEEN },
  );
});

/** No two contents have the same length: two writes can have the same time. */
function change(root: string, step: Step, edit: number): void {
  const at = (name: string) => path.join(root, name);
  const isIn = "write" in step && step.write.includes("/");
  if ("rules" in step) return writeFileSync(at(step.rules), `${step.text}${"#".repeat(edit)}`);
  if ("remove" in step) return existsSync(at(step.remove)) ? rmSync(at(step.remove), { recursive: true }) : undefined;
  if ("point" in step) {
    rmSync(at("link"), { recursive: true, force: true });
    return symlinkSync(step.point, at("link"));
  }
  const { write } = step;
  rmSync(at(isIn ? path.dirname(write) : write), { recursive: true, force: true });
  if (isIn) mkdirSync(at(path.dirname(write)));
  const text = `${edit} ${"x".repeat(100 * edit)}`;
  writeFileSync(at(write), write.endsWith(".gz") ? gzipSync(text) : text);
}

type Answered = (target: string, wishes: Wishes) => Promise<unknown>;

function asking(root: string, options: FilesOptions): Answered {
  const fetch = toFetch(lint(files(root, options)));
  return async (target, { navigates, gzip }) => {
    const headers = { ...(navigates && { accept: "text/html" }), ...(gzip && { "accept-encoding": "gzip" }) };
    const response = await fetch(new Request(`http://a${target}`, { headers }));
    const body = Buffer.from(await response.arrayBuffer()).toString("latin1");
    return { status: response.status, fields: Object.fromEntries(response.headers), body };
  };
}
