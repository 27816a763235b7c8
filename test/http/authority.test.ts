import assert from "node:assert/strict";
import { test } from "node:test";
import { isAuthority } from "../../src/http/authority.ts";

const valid = [
  "a",
  "a.example",
  "A.Example.",
  "my_app-1.local",
  "xn--bcher-kva.example",
  "a:",
  "a:0",
  "a:80",
  "a:00080",
  "a:65535",
  "127.0.0.1",
  "127.0.0.1:8000",
  "[::]",
  "[::1]:8000",
  "[2001:db8:0:0:0:0:0:1]",
  "[::ffff:192.0.2.1]",
];

const invalid: readonly [text: string, why: string][] = [
  ["", "it names nothing"],
  [" ", "whitespace"],
  [" a", "whitespace before"],
  ["a ", "whitespace behind"],
  ["a b", "whitespace inside"],
  ["a\n", "a line end behind"],
  [":80", "a port alone"],
  ["a:65536", "a port over 65535"],
  ["a:000080", "a port of six digits"],
  ["a:-1", "a signed port"],
  ["a:8x", "a port with a letter"],
  ["a:80:80", "two ports"],
  ["user@a", "user information"],
  ["a@b:80", "user information before a port"],
  ["a/", "a path"],
  ["a\\", "a backslash"],
  ["a?", "a query"],
  ["a#", "a fragment"],
  ["http://a", "a scheme"],
  ["a,b", "two hosts in one"],
  ["a;b", "punctuation"],
  ["a'b", "a quote"],
  ["a%2eb", "percent-encoding"],
  ["caf\xe9", "a byte above ASCII"],
  ["a\0", "NUL"],
  ["192.0.2.256", "no IPv4 address, though it ends in a number"],
  ["1.2.3.4.5", "five numbers"],
  ["::1", "IPv6 without brackets"],
  ["[::1", "one bracket"],
  ["[]", "empty brackets"],
  ["[a]", "a name in brackets"],
  ["[1.2.3.4]", "IPv4 in brackets"],
  ["[::1%25lo]", "a zone"],
  ["[v1.a]", "an address of a future version"],
  ["[::1]a", "words behind brackets"],
  ["[::1]80", "a port without its colon"],
];

for (const text of valid) {
  test(`${text} is an authority, and a URL can be made of it`, () => {
    assert.equal(isAuthority(text), true);
    assert.equal(URL.canParse(`http://${text}/`), true);
  });
}

for (const [text, why] of invalid) {
  test(`${JSON.stringify(text)} is no authority: ${why}`, () => {
    assert.equal(isAuthority(text), false);
    assert.equal(isAuthority(text), false, "nor when it is asked for again");
  });
}

test("what was valid last does not make the next valid", () => {
  assert.equal(isAuthority("a.example"), true);
  assert.equal(isAuthority("a.example/"), false);
  assert.equal(isAuthority("a.example"), true);
});
