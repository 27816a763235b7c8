import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { currentHttpDate } from "../../src/http/date.ts";
import { chunkLine, encodeFields, LENGTH, lastChunk } from "../../src/http1/field-encoder.ts";
import { encodeHead, encodeWhole, statusLine } from "../../src/http1/response-encoder.ts";

const DATED = ["Date", "Sun, 06 Nov 1994 08:49:37 GMT"];
const DATE_LINE = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

describe("a status line (RFC 9112 §4)", () => {
  const lines: readonly [status: number, reason: string | undefined, line: string][] = [
    [200, undefined, "HTTP/1.1 200 OK\r\n"],
    [200, "", "HTTP/1.1 200 OK\r\n"],
    [200, "Fine", "HTTP/1.1 200 Fine\r\n"],
    [200, "caf\xe9 \t", "HTTP/1.1 200 caf\xe9 \t\r\n"],
    [299, undefined, "HTTP/1.1 299 \r\n"],
    [100, undefined, "HTTP/1.1 100 Continue\r\n"],
    [599, undefined, "HTTP/1.1 599 \r\n"],
  ];
  for (const [status, reason, line] of lines) {
    test(`${status} ${JSON.stringify(reason)} is ${JSON.stringify(line)}`, () => {
      assert.equal(statusLine(status, reason), line);
      assert.equal(statusLine(status, reason), line, "and again");
    });
  }

  for (const status of [0, 99, 600, 1000, -200, 200.5, Number.NaN, Number.POSITIVE_INFINITY, "200" as never]) {
    test(`${JSON.stringify(status)} (${typeof status}) is refused as a status`, () => {
      assert.throws(() => statusLine(status), TypeError);
    });
  }

  for (const reason of ["a\r\nX: y", "a\rb", "a\nb", "a\0b", "a\x7f", "a\x1b", "€"]) {
    test(`${JSON.stringify(reason)} is refused as a reason`, () => {
      assert.throws(() => statusLine(200, reason), TypeError);
    });
  }
});

describe("the fields of a response", () => {
  test("lines are written in order, repeated ones apart", () => {
    const { text } = encodeFields(["Set-Cookie", "a=1", "x-One", "", "Set-Cookie", "b=2"]);
    assert.equal(text, "Set-Cookie: a=1\r\nx-One: \r\nSet-Cookie: b=2\r\n");
  });

  test("any token is a name, any visible byte and inner whitespace a value", () => {
    const value = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\x80\xff";
    assert.equal(encodeFields(["!#$%&'*+-.^_`|~0aZ", value]).text, `!#$%&'*+-.^_\`|~0aZ: ${value}\r\n`);
  });

  for (const name of ["", " ", "a b", "a:", "a\r\nb", "a\n", "\0", "caf\xe9", "a(b", "€", " a", "a\t"]) {
    test(`${JSON.stringify(name)} is refused as a name`, () => {
      assert.throws(() => encodeFields([name, "x"]), TypeError);
    });
  }

  for (const value of ["a\r\nX: y", "a\r", "a\n", "\na", "a\0", "\x01", "\x0b", "\x1b", "\x7f", "€", "\ud800"]) {
    test(`${JSON.stringify(value)} is refused as a value`, () => {
      assert.throws(() => encodeFields(["x", value]), TypeError);
    });
  }

  test("a name without a value is refused", () => {
    assert.throws(() => encodeFields(["a"]), TypeError);
  });

  const ours: readonly [name: string, value: string, effect: Partial<ReturnType<typeof encodeFields>>][] = [
    ["content-LENGTH", "5", { text: "", length: 5 }],
    ["Content-Length", "0", { text: "", length: 0 }],
    ["TRANSFER-encoding", "Chunked", { text: "", length: -1 }],
    ["Connection", "keep-alive", { text: "", close: false }],
    ["connection", "x,\tClose , y", { text: "", close: true }],
    ["Connection", "closed", { text: "", close: false }],
    ["Keep-Alive", "timeout=5", { text: "" }],
    ["date", "x", { text: "date: x\r\n", dated: true }],
    ["UPGRADE", "h2", { text: "UPGRADE: h2\r\n", upgrade: true }],
    ["Trailer", "X", { text: "Trailer: X\r\n" }],
    ["Vary", "X", { text: "Vary: X\r\n", dated: false, length: -1, close: false, upgrade: false }],
  ];
  for (const [name, value, effect] of ours) {
    test(`${name}: ${JSON.stringify(value)} has the effect ${JSON.stringify(effect)}`, () => {
      assert.deepEqual({ ...encodeFields([name, value]) }, { ...encodeFields([]), ...effect });
    });
  }

  for (const value of ["", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "1,1", "a", "9999999999999999"]) {
    test(`${JSON.stringify(value)} is refused as a Content-Length`, () => {
      assert.throws(() => encodeFields(["Content-Length", value]), TypeError);
    });
  }

  test("Content-Length twice is refused, even when they agree", () => {
    assert.throws(() => encodeFields(["Content-Length", "5", "content-length", "5"]), TypeError);
  });

  for (const value of ["", "gzip", "gzip, chunked", "identity", "chunked, chunked"]) {
    test(`${JSON.stringify(value)} is refused as a Transfer-Encoding`, () => {
      assert.throws(() => encodeFields(["Transfer-Encoding", value]), TypeError);
    });
  }

  test("a frozen list is encoded once, another each time", () => {
    const frozen = Object.freeze(["a", "b"]);
    assert.equal(encodeFields(frozen), encodeFields(frozen));
    const open = ["a", "b"];
    const before = encodeFields(open);
    open[1] = "c";
    assert.equal(before.text, "a: b\r\n");
    assert.equal(encodeFields(open).text, "a: c\r\n");
  });
});

describe("a response head", () => {
  const line = statusLine(200);
  const heads: readonly [what: string, fields: string[], length: number, connection: string, head: string][] = [
    ["with nothing to say", [], LENGTH.UNSAID, "", ""],
    ["with a length", [], 5, "", "Content-Length: 5\r\n"],
    ["with a length of none", [], 0, "", "Content-Length: 0\r\n"],
    ["before chunks", [], LENGTH.CHUNKED, "", "Transfer-Encoding: chunked\r\n"],
    ["that closes", [], LENGTH.UNSAID, "close", "Connection: close\r\n"],
    ["that offers an upgrade", ["Upgrade", "x"], LENGTH.UNSAID, "", "Upgrade: x\r\nConnection: upgrade\r\n"],
    [
      "that upgrades and closes",
      ["Upgrade", "x"],
      LENGTH.UNSAID,
      "close",
      "Upgrade: x\r\nConnection: close, upgrade\r\n",
    ],
  ];
  for (const [what, fields, length, connection, expected] of heads) {
    test(`a head ${what}`, () => {
      const head = encodeHead(line, encodeFields([...DATED, ...fields]), length, connection);
      assert.equal(head, `HTTP/1.1 200 OK\r\n${DATE_LINE}${expected}\r\n`);
    });
  }

  test("a Date is added when the application gave none", () => {
    const head = encodeHead(line, encodeFields(["a", "b"]), LENGTH.UNSAID, "");
    assert.match(head, /^HTTP\/1\.1 200 OK\r\nDate: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT\r\na: b\r\n\r\n$/);
  });
});

describe("chunks (RFC 9112 §7.1)", () => {
  test("a size is written in hexadecimal", () => {
    assert.equal(chunkLine(1), "1\r\n");
    assert.equal(chunkLine(0xabc), "abc\r\n");
    assert.equal(chunkLine(2 ** 40), "10000000000\r\n");
  });

  test("the last chunk carries the trailers", () => {
    assert.equal(lastChunk(undefined), "0\r\n\r\n");
    assert.equal(lastChunk([]), "0\r\n\r\n");
    assert.equal(lastChunk(["Digest", "a", "X", "b"]), "0\r\nDigest: a\r\nX: b\r\n\r\n");
    assert.equal(lastChunk(["X", "Host"]), "0\r\nX: Host\r\n\r\n", "a value is no name");
  });

  const refused: readonly (readonly [name: string, value: string])[] = [
    ["Content-Length", "5"],
    ["Transfer-Encoding", "chunked"],
    ["Connection", "close"],
    ["Connection", "keep-alive"],
    ["Host", "a"],
    ["Set-Cookie", "a=1"],
    ["Authorization", "x"],
    ["Content-Type", "text/plain"],
    ["Trailer", "X"],
    ["Bad name", "x"],
    ["X", "a\r\nb"],
  ];
  for (const [name, value] of refused) {
    test(`a trailer ${name}: ${JSON.stringify(value)} is refused`, () => {
      assert.throws(() => lastChunk(["X-Fine", "1", name, value]), TypeError);
    });
  }
});

describe("responses of constant fields, which are kept for the next", () => {
  const write = (list: readonly string[], status: number, body: string, connection = "", length = body.length) => {
    const fields = encodeFields(list);
    const head = encodeHead(statusLine(status), fields, length, connection);
    return { head, whole: encodeWhole(head, fields, body) };
  };

  test("are the same as of others, whichever came before", () => {
    const constant = Object.freeze(["X-A", "a", "Upgrade", "x"]);
    const rows: [status: number, body: string, connection?: string, length?: number][] = [
      [200, "ab"],
      [200, "ab"],
      [200, "cd"],
      [404, "cd"],
      [200, "ab", "close"],
      [200, "abc"],
      [200, "", "", 2],
      [200, "ab"],
      [200, "x".repeat(20_000)],
      [200, "y".repeat(20_000)],
    ];
    for (const [status, body, connection, length] of [...rows, ...rows.toReversed()]) {
      const { head, whole } = write(constant, status, body, connection, length);
      const other = write([...constant], status, body, connection, length).head;
      assert.equal(undated(head), undated(other));
      assert.equal(whole, head + body);
    }
  });

  test("change with the date, and not before", async () => {
    const constant = Object.freeze(["X-B", "b"]);
    const first = write(constant, 200, "ab");
    const date = currentHttpDate();
    while (currentHttpDate() === date) {
      const { whole } = write(constant, 200, "ab");
      if (currentHttpDate() === date) assert.equal(whole, first.whole.replace(DATE, `Date: ${date}`));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { whole } = write(constant, 200, "ab");
    assert.notEqual(whole, first.whole);
    assert.equal(undated(whole), undated(first.whole));
  });
});

const DATE = /Date: [^\r]+/;

function undated(text: string): string {
  return text.replace(DATE, "");
}
