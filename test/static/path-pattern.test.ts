import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodePath, PathPattern, Template } from "../../src/static/path-pattern.ts";

/** Pattern, names of a path, and what is captured; `null` where it does not match. */
const CASES: readonly [pattern: string, names: string[], captures: Record<string, string> | null][] = [
  ["/", [], {}],
  ["/", ["a"], null],
  ["/a", ["a"], {}],
  ["/a/", ["a"], {}],
  ["/a", ["A"], null],
  ["/a", ["a", "b"], null],
  ["/a%20b", ["a b"], {}],
  ["/caf%C3%A9", ["café"], {}],
  ["/café", ["café"], {}],
  ["/*", [], { splat: "" }],
  ["/*", ["a", "b"], { splat: "a/b" }],
  ["/news/*", ["news"], { splat: "" }],
  ["/news/*", ["news", "2004", "01"], { splat: "2004/01" }],
  ["/news/*", ["newspaper"], null],
  ["/news/*", [], null],
  ["/a/*/z", ["a", "b", "c", "z"], { splat: "b/c" }],
  ["/a/*/z", ["a", "z"], null],
  ["/a/*/z", ["a", "b", "c"], null],
  ["/*.jpg", ["a", "b.jpg"], { splat: "a/b" }],
  ["/*.jpg", ["b.png"], null],
  ["/*.jpg", [".jpg"], { splat: "" }],
  ["/pre*", ["prefix", "x"], { splat: "fix/x" }],
  ["/pre*", ["pr"], null],
  ["/aa*aa", ["aaa"], null],
  ["/:year/:slug", ["2004", "x"], { year: "2004", slug: "x" }],
  ["/:year/:slug", ["2004"], null],
  ["/:year/:slug", ["2004", "x", "y"], null],
  ["/:title.html", ["news.html"], { title: "news" }],
  ["/:title.html", [".html"], null],
  ["/img-:id", ["img-7"], { id: "7" }],
  ["/:lang/*", ["en", "a", "b"], { lang: "en", splat: "a/b" }],
  ["/:lang/*/:last", ["en", "a", "b"], { lang: "en", splat: "a", last: "b" }],
];

for (const [pattern, names, captures] of CASES) {
  test(`${pattern} and /${names.join("/")}: ${captures === null ? "no match" : JSON.stringify(captures)}`, () => {
    const found = new PathPattern(pattern).match(names);
    assert.deepEqual(found === null ? null : Object.fromEntries(found), captures);
  });
}

test("a path that a pattern was filled with matches it, and gives back what was filled in", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "-", "é", " "), maxLength: 3 });
  const name = text.filter((text) => text !== "");
  const segment = fc.record({ before: text, value: fc.option(name), after: text });
  const splat = fc.option(fc.record({ before: text, values: fc.array(name, { minLength: 1 }), after: text }));
  fc.assert(
    fc.property(fc.array(segment), splat, fc.array(segment), (first, middle, last) => {
      const segments = [...first, ...last].filter(({ before, value, after }) => before + (value ?? "") + after !== "");
      const captures: [string, string][] = [];
      const patterns = segments.map(({ before, value, after }, at) => {
        if (value !== null) captures.push([`c${at}`, value]);
        return (
          encodePath(before) +
          (value === null ? "" : `:c${at}`) +
          encodePath(value === null ? after : after && `.${after}`)
        );
      });
      const names = segments.map(({ before, value, after }) => {
        return before + (value ?? "") + (value === null ? after : after && `.${after}`);
      });
      if (middle !== null) {
        const { before, values, after } = middle;
        const at = Math.min(first.length, segments.length);
        patterns.splice(at, 0, `${encodePath(before)}*${encodePath(after)}`);
        names.splice(at, 0, ...`${before}${values.join("/")}${after}`.split("/"));
        captures.push(["splat", values.join("/")]);
      }
      const found = new PathPattern(`/${patterns.join("/")}`).match(names);
      assert.deepEqual(found && new Map(found), new Map(captures));
    }),
  );
});

test("what is no pattern says why", () => {
  for (const [pattern, why] of [
    ["a", /has to start with \//],
    ["https://a/b", /has to start with \//],
    ["/a?b=c", /neither \? nor #/],
    ["/a#b", /neither \? nor #/],
    ["/*/*", /stands there twice/],
    ["/:a/:a", /stands there twice/],
    ["/:a/*/:splat", /stands there twice/],
    ["/:a-:b", /one \* or placeholder at most/],
    ["/%zz", /encodes nothing/],
  ] as const) {
    assert.throws(() => new PathPattern(pattern), { name: "SyntaxError", message: why }, pattern);
  }
});

test("a template puts in what it knows, and leaves the port of an address", () => {
  const template = new Template("http://a:8080/:year/:yearly/:splat-:year", ["year", "splat"]);
  const captures = new Map([
    ["year", "20?4"],
    ["splat", "a/b c"],
  ]);
  assert.equal(template.fill(captures, encodePath), "http://a:8080/20%3F4/:yearly/a/b%20c-20%3F4");
  assert.equal(template.isText, false);
  assert.equal(new Template("/:a:80", []).isText, true);
});
