import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { adoptHeaders, LightHeaders } from "../../../src/gateway/fetch/headers.ts";
import { FieldLines } from "../../../src/http/field-lines.ts";
import { type Classes, same } from "./both.ts";

type Program = (headers: Headers, classes: Classes) => unknown;

/** Runs on headers that hold something already. */
function sameOn(name: string, program: Program): void {
  same(name, (classes) => {
    const headers = new classes.Headers([
      ["Content-Type", "text/html"],
      ["X-Two", "1"],
      ["Set-Cookie", "a=1"],
      ["x-two", "2"],
      ["Set-Cookie", "b=2"],
      ["Accept", "*/*"],
    ]);
    const result = program(headers, classes);
    return [result, [...headers]];
  });
}

describe("headers are read as the platform's are", () => {
  sameOn("get gives a value in any case of the name", (h) => [h.get("content-type"), h.get("CONTENT-TYPE")]);
  sameOn("get gives repeated values joined", (h) => [h.get("x-two"), h.get("set-cookie")]);
  sameOn("get gives null for what is not there", (h) => h.get("missing"));
  sameOn("has gives whether a name is there", (h) => [h.has("Accept"), h.has("missing")]);
  sameOn("getSetCookie gives each by itself", (h) => h.getSetCookie());
  sameOn("keys gives names in order, Set-Cookie each time", (h) => [...h.keys()]);
  sameOn("values gives values in that order", (h) => [...h.values()]);
  sameOn("entries gives both", (h) => [...h.entries()]);
  sameOn("forEach gives value, name and headers", (h) => {
    const seen: unknown[] = [];
    h.forEach(function (this: unknown, value, name, headers) {
      seen.push([value, name, headers === h, this]);
    }, "me");
    return seen;
  });
  sameOn("iteration gives what is added on the way", (h) => {
    const seen: string[] = [];
    for (const [name] of h) {
      if (seen.length === 0) h.append("zebra", "1");
      seen.push(name);
    }
    return seen;
  });
  sameOn("iteration gives what is left when names are deleted on the way", (h) => {
    const seen: string[] = [];
    for (const [name] of h) {
      h.delete(name);
      seen.push(name);
    }
    return seen;
  });
  sameOn("an iterator gives its tag and can be taken from", (h) => {
    const entries = h.entries();
    return [
      Object.prototype.toString.call(entries),
      entries[Symbol.iterator]() === entries,
      entries.next().value?.[0],
      Object.getPrototypeOf(Object.getPrototypeOf(entries)) ===
        Object.getPrototypeOf(Object.getPrototypeOf([].values())),
    ];
  });
});

describe("headers are changed as the platform's are", () => {
  sameOn("append gives a joined value", (h) => h.append("Accept", "text/plain"));
  sameOn("append gives another Set-Cookie", (h) => h.append("set-cookie", "c=3"));
  sameOn("set gives one value in the place of all", (h) => h.set("X-TWO", "3"));
  sameOn("set gives one Set-Cookie", (h) => h.set("Set-Cookie", "c=3"));
  sameOn("delete gives headers without the name", (h) => [h.delete("SET-COOKIE"), h.delete("missing")]);
  sameOn("a cookie appended gives what RFC 6265 wants", (h) => {
    h.append("Cookie", "a=1");
    h.append("Cookie", "b=2");
  });
});

const BAD_NAMES = ["", " ", "a b", "a:", "é", "a\n", "(", "Ā"];
const BAD_VALUES = ["a\nb", "a\rb", "a\0b", "Ā", "€"];
const GOOD_VALUES = ["", "a", "é", "\u00ff", " a ", "\ta\t", "\r\na\r\n", "a b", "a,b", "\u0001", "\u007f"];

describe("what no field can be is refused as the platform refuses it", () => {
  for (const name of BAD_NAMES) {
    for (const method of ["get", "has", "delete"] as const) {
      same(`${method} of ${JSON.stringify(name)}`, ({ Headers }) => new Headers()[method](name));
    }
    same(`append of ${JSON.stringify(name)}`, ({ Headers }) => new Headers().append(name, "1"));
    same(`a record with ${JSON.stringify(name)}`, ({ Headers }) => new Headers({ [name]: "1" }));
  }
  for (const value of [...BAD_VALUES, ...GOOD_VALUES]) {
    same(`set to ${JSON.stringify(value)}`, ({ Headers }) => {
      const headers = new Headers();
      headers.set("a", value);
      return headers.get("a");
    });
  }
  for (const method of ["append", "set", "get", "has", "delete"] as const) {
    same(`${method} without arguments`, ({ Headers }) => (new Headers()[method] as () => void)());
  }
  same("append with one argument", ({ Headers }) => (new Headers().append as (name: string) => void)("a"));
  same("forEach without a function", ({ Headers }) => (new Headers().forEach as () => void)());
  same("a method of another object", ({ Headers }) => Headers.prototype.get.call({} as Headers, "a"));
  same("Headers without new", ({ Headers }) => (Headers as unknown as () => void)());
});

const INITS: readonly [name: string, init: () => unknown][] = [
  ["nothing", () => undefined],
  ["null", () => null],
  ["a number", () => 1],
  ["a string", () => "ab"],
  ["a record", () => ({ B: "2", a: 1, C: undefined })],
  ["a record with a name in two cases", () => ({ a: "1", A: "2" })],
  ["a record with a symbol", () => ({ [Symbol("a")]: "1" })],
  ["a record that inherits", () => Object.create({ inherited: "1" }, { own: { value: "2", enumerable: true } })],
  [
    "pairs",
    () => [
      ["a", "1"],
      ["A", "2"],
    ],
  ],
  ["pairs of other iterables", () => new Set([new Set(["a", "1"])])],
  ["a pair of one", () => [["a"]]],
  ["a pair of three", () => [["a", "1", "2"]]],
  ["a pair that is a string", () => ["ab"]],
  ["a Map", () => new Map([["a", "1"]])],
  ["an object that converts", () => ({ a: { toString: () => "converted" } })],
  ["an object that does not convert", () => ({ a: Symbol("s") })],
];

describe("headers are made from what the platform makes them from", () => {
  for (const [name, init] of INITS) {
    same(`of ${name}`, ({ Headers }) => [...new Headers(init() as HeadersInit)]);
  }
  same("of other headers", ({ Headers }) => {
    const one = new Headers({ a: "1" });
    const two = new Headers(one);
    two.set("a", "2");
    return [one.get("a"), two.get("a")];
  });
  same("a record is asked key by key, as Web IDL says", ({ Headers }) => {
    const asked: string[] = [];
    const record = new Proxy({ a: "1", b: "2" } as Record<string, string>, {
      getOwnPropertyDescriptor(target, key) {
        asked.push(`own ${String(key)}`);
        return Reflect.getOwnPropertyDescriptor(target, key);
      },
      get(target, key) {
        if (typeof key === "string") asked.push(`get ${key}`);
        return target[key as string];
      },
    });
    return [[...new Headers(record)], asked];
  });

  // Node 20 takes the others, too.
  test("spaces within a value are passed in one go, however many", () => {
    const value = `a${" ".repeat(2_000_000)}b`;
    const headers = new LightHeaders();
    headers.set("x", `\n${value}\r`);
    assert.equal(headers.get("x"), value);
  });

  test("of a record only the enumerable properties count", () => {
    const record = Object.defineProperty({ a: "1" }, "b", { value: "2" });
    assert.deepEqual([...new LightHeaders(record)], [["a", "1"]]);
  });
});

describe("headers have the platform's face", () => {
  same("name, tag, length and members", ({ Headers }) => [
    Headers.name,
    Headers.length,
    Object.prototype.toString.call(new Headers()),
    Object.keys(new Headers()),
    ["append", "delete", "get", "has", "set", "forEach", "keys", "values", "entries", "getSetCookie"].map((name) => {
      const { enumerable, value } = Object.getOwnPropertyDescriptor(Headers.prototype, name)!;
      return [name, enumerable, value.length];
    }),
    Headers.prototype.entries === Headers.prototype[Symbol.iterator],
  ]);
  same("subclasses", ({ Headers }) => {
    class Mine extends Headers {
      mine(): string | null {
        return this.get("a");
      }
    }
    const mine = new Mine({ a: "1" });
    return [mine.mine(), mine instanceof Headers, mine instanceof Mine, new Headers() instanceof Mine];
  });

  test("light headers are the platform's, and the platform's are light headers, to instanceof", () => {
    assert.ok(new LightHeaders() instanceof Headers);
    assert.ok(new Headers() instanceof LightHeaders);
    assert.ok(!(new Map() instanceof LightHeaders));
  });

  test("they print as what they are", () => {
    assert.match(inspect(new LightHeaders({ a: "1" })), /^Headers \{ a: '1' \}$/);
  });

  test("the platform takes them where it takes its own", () => {
    const light = new LightHeaders([
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["x", "1"],
    ]);
    assert.deepEqual([...new Headers(light as Headers)], [...light]);
    assert.deepEqual(new Response("", { headers: light as Headers }).headers.getSetCookie(), ["a=1", "b=2"]);
  });
});

describe("headers of a received section", () => {
  const text = "Host: a\r\nX-One: 1\r\nCookie: a=1\r\nx-one: 2\r\nCookie: b=2\r\nSet-Cookie: c\r\nSet-Cookie: d\r\n";
  function received(): LightHeaders {
    const spans: number[] = [];
    for (const { index, 0: line, 1: name } of text.matchAll(/([\w-]+): [^\r]+\r\n/g)) {
      spans.push(index, index + name!.length, index + name!.length + 2, index + line.length - 2);
    }
    return adoptHeaders(new FieldLines(text, spans));
  }

  test("are looked up where they lie", () => {
    const headers = received();
    assert.equal(headers.get("HOST"), "a");
    assert.equal(headers.get("x-one"), "1, 2");
    assert.equal(headers.get("cookie"), "a=1; b=2");
    assert.deepEqual(headers.getSetCookie(), ["c", "d"]);
    assert.equal(headers.has("missing"), false);
  });

  test("give the same once they have been changed", () => {
    const headers = received();
    headers.append("X-One", "3");
    headers.delete("cookie");
    assert.deepEqual(
      [...headers],
      [
        ["host", "a"],
        ["set-cookie", "c"],
        ["set-cookie", "d"],
        ["x-one", "1, 2, 3"],
      ],
    );
  });
});
