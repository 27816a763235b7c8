/** What a client is told of an error in development, over real sockets. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { FaultError, fault } from "../../src/core/faults.ts";
import { editorUrl } from "../../src/dev/editor.ts";
import { showErrors } from "../../src/dev/errors.ts";
import { highlighted } from "../../src/dev/highlight.ts";
import { maskedField, maskedText } from "../../src/dev/masking.ts";
import type { Handler } from "../../src/gateway/contract.ts";
import { type Answer, connect, start } from "../server/support.ts";
import { folder } from "../support/folder.ts";

/** The answer to a request whose handler does this, and what the server was told of it. */
async function failing(
  t: TestContext,
  handler: Handler,
  fields = "",
  body = "",
): Promise<Answer & { told: unknown[] }> {
  const told: unknown[] = [];
  const report = (error: unknown) => void told.push(error);
  const server = await start(t, showErrors(handler, report), { onError: report });
  const client = await connect(t, server);
  const length = body === "" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const method = body === "" ? "GET" : "POST";
  const text = `${method} /path?x=1&token=t0p HTTP/1.1\r\nHost: localhost\r\n${fields}${length}\r\n${body}`;
  await client.send(Buffer.from(text));
  return Object.assign(await client.response(), { told });
}

const PAGE = "Accept: text/html\r\n";

function throws(error: unknown): Handler {
  return () => {
    throw error;
  };
}

class OrderError extends Error {
  override name = "OrderError";
  readonly code = "E_ORDER";
}

const failure = new OrderError("the <order> is late", { cause: new RangeError("no wheels") });

test("a program without a wish is told in plain text: the error, where, its causes, and the request", async (t) => {
  const { status, text, field, told } = await failing(t, throws(failure), "Accept: */*\r\n");
  assert.equal(status, 500);
  assert.equal(field("content-type"), "text/plain;charset=utf-8");
  assert.match(
    text,
    /^GET failed\n\nOrderError: the <order> is late\n {4}code: E_ORDER\n {4}at .*errors\.test\.ts:\d+:\d+/,
  );
  assert.match(text, /\n\ncaused by: RangeError: no wheels\n {4}at test\/dev\/errors\.test\.ts:\d+:\d+/);
  assert.match(text, /\n\nGET \/path\?x=1&token=•••••• HTTP\/1\.1\nHost: localhost\nAccept: \*\/\*\n$/);
  assert.deepEqual(told, [failure]);
});

test("one that asks for JSON gets that", async (t) => {
  const { text, field } = await failing(t, throws(failure), "Accept: application/problem+json, */*\r\n");
  assert.equal(field("content-type"), "application/json;charset=utf-8");
  const { title, errors, request } = JSON.parse(text);
  assert.equal(title, "GET failed");
  assert.deepEqual(
    [errors[0].name, errors[0].message, errors[1].relation],
    ["OrderError", "the <order> is late", "caused by"],
  );
  assert.match(errors[0].frames[0].file, /errors\.test\.ts$/);
  assert.equal(request.line, "GET /path?x=1&token=•••••• HTTP/1.1");
});

describe("a page", () => {
  test("shows the source around the frame, and has nothing of the request's or the error's as markup", async (t) => {
    const evil = new Error("<script>alert(1)</script>", { cause: "<img src=x onerror=alert(2)>" });
    const { text, field } = await failing(t, throws(evil), `${PAGE}X-Evil: <b>"'\r\n`);
    assert.equal(field("content-type"), "text/html;charset=utf-8");
    assert.match(text, /<mark><i>\d+<\/i> {4}<s class="keyword">const<\/s> evil = /);
    assert.match(text, /href="vscode:\/\/file.*\/test\/dev\/errors\.test\.ts:\d+:\d+"/);
    assert.doesNotMatch(text, /<script>alert|<img|<b>"/);
    assert.match(text, /&#60;script&#62;alert\(1\)&#60;\/script&#62;/);
  });

  test("is what a browser gets that navigates, and not what its scripts fetch", async (t) => {
    const type = async (fields: string) => (await failing(t, throws(failure), fields)).field("content-type");
    assert.equal(await type(`${PAGE}Sec-Fetch-Dest: document\r\n`), "text/html;charset=utf-8");
    assert.equal(await type(`${PAGE}Sec-Fetch-Dest: empty\r\n`), "text/plain;charset=utf-8");
  });

  test("of a syntax error shows the line that does not parse", async (t) => {
    const error = new SyntaxError(`${import.meta.filename}:3:7: Expression expected\n3 | import\n          ^`);
    error.stack = `SyntaxError: ${error.message}`;
    const { text } = await failing(t, throws(error), PAGE);
    assert.match(text, /<h1><span>SyntaxError<\/span>Expression expected<\/h1>/);
    assert.match(text, /<mark><i>3<\/i><s class="keyword">import<\/s> \{ writeFileSync/);
  });
});

test("the beginning of the body is shown, read by the application or not, without its secrets", async (t) => {
  const reads: Handler = async ({ body }) => {
    for (let piece = await body.read(); piece !== null; piece = await body.read()) piece.fill(0);
    throw failure;
  };
  for (const handler of [reads, throws(failure)]) {
    const form = await failing(t, handler, "", "user=me&password=hunter2");
    assert.match(form.text, /\n\nuser=me&password=••••••\n$/);
    const json = await failing(t, handler, "", '{"user": "me", "apiKey": "k", "n": 1}');
    assert.match(json.text, /\n\n\{"user": "me", "apiKey": "••••••", "n": 1\}\n$/);
    const bytes = await failing(t, handler, "", "\0\x01\x02");
    assert.match(bytes.text, /\(3 bytes or more that are no text\)\n$/);
    const long = await failing(t, handler, "", "é".repeat(40_000));
    assert.match(long.text, /\n\né{1024}\n$/);
  }
});

test("what is thrown need be no error", async (t) => {
  assert.match((await failing(t, throws({ status: 404 }))).text, /\n\nNot an Error: \{ status: 404 \}\n/);
  assert.match((await failing(t, throws(undefined))).text, /\n\nNot an Error: undefined\n/);
  const frozen = Object.freeze(new Error("frozen"));
  assert.match((await failing(t, throws(frozen))).text, /\n\nError: frozen\n {4}at .*errors\.test\.ts:/);
});

test("causes and aggregates are told one by one, each once, and not without end", async (t) => {
  const circle = new Error("round");
  circle.cause = circle;
  const { text: round } = await failing(t, throws(circle));
  assert.equal(round.match(/Error: round/g)!.length, 1);
  assert.match(round, /\n\ncaused by: an error that stands above\n/);
  const several = new AggregateError([new Error("one"), new TypeError("two")], "both");
  const { text } = await failing(t, throws(several));
  assert.match(
    text,
    /AggregateError: both\n[\s\S]*one of several: Error: one\n[\s\S]*one of several: TypeError: two\n/,
  );
  const many = new AggregateError(Array.from({ length: 1000 }, (_, index) => new Error(`no. ${index}`)));
  const { text: beginning } = await failing(t, throws(many));
  assert.match(beginning, /Error: no\. 9\n[\s\S]*one of several: and 990 more\n/);
  assert.doesNotMatch(beginning, /no\. 10/);
});

test("of a very long message the beginning is told, and the frames behind it", async (t) => {
  const { text } = await failing(t, throws(new Error("long ".repeat(200_000))));
  assert.ok(text.length < 12_000);
  assert.match(text, /long … \(1000000 characters\)\n {4}at .*errors\.test\.ts:/);
});

test("what throws itself when it is looked at is answered as well", async (t) => {
  const trap = new Proxy(new Error("behind"), {
    get: () => {
      throw new Error("trap");
    },
  });
  assert.match((await failing(t, throws(trap))).text, /throws itself when it is looked at: Error: trap/);
});

test("under a name that somebody else may have made lead here, nothing is told", async (t) => {
  for (const [host, isTold] of [
    ["localhost:8000", true],
    ["app.localhost", true],
    ["127.0.0.1:8000", true],
    ["[::1]:8000", true],
    ["192.168.1.7", true],
    ["evil.example", false],
    ["127.0.0.1.evil.example:80", false],
    ["localhost.evil.example", false],
  ] as const) {
    const server = await start(
      t,
      showErrors(throws(failure), () => {}),
    );
    const client = await connect(t, server);
    await client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.equal((await client.response()).text.includes("late"), isTold, host);
  }
});

test("a client's words in a message are no frames, and show no file", async (t) => {
  const file = join(folder(), "secret.txt");
  const secret = crypto.randomUUID();
  writeFileSync(file, `${secret}\n`);
  const forged = `no such name: x\n    at forged (${file}:1:1)\n    at forged (${import.meta.filename}:1:1)\n`;
  const page = await failing(t, throws(new Error(forged)), PAGE);
  assert.ok(!page.text.includes(secret) && !page.text.includes("<b>forged"));
  assert.match(page.text, /<details open><summary>.*errors\.test\.ts:/);
  const rewritten = new Error(forged);
  rewritten.message = "not found";
  assert.ok(!(await failing(t, throws(rewritten), PAGE)).text.includes(secret));
});

test("the client's own fault, and what fails in the middle of a response, stay what they are", async (t) => {
  const faulty = await failing(t, throws(new FaultError(fault("BODY_TOO_LARGE"))));
  assert.deepEqual([faulty.status, faulty.told.length], [413, 0]);
  const late: Handler = (exchange) => {
    exchange.start(200);
    throw failure;
  };
  const { text } = await failing(t, late);
  assert.match(text, /^Internal Server Error/);
});

test("what is secret is masked, and the rest is not", () => {
  assert.equal(maskedField("Authorization", "Bearer abc.def"), "Bearer ••••••");
  assert.equal(maskedField("Cookie", "a=1; sid=2"), "a=••••••; sid=••••••");
  assert.equal(maskedField("X-API-Key", "abc"), "••••••");
  assert.equal(maskedField("X-CSRF-Token", "abc"), "••••••");
  assert.equal(maskedField("Accept", "text/html"), "text/html");
  assert.equal(maskedText("/a?access_token=1&page=2#x"), "/a?access_token=••••••&page=2#x");
  assert.equal(
    maskedText('{"client_secret":12,"passage":"x","password":"a\\"b"}'),
    '{"client_secret":"••••••","passage":"x","password":"••••••"}',
  );
});

test("masking goes over a text once, however long it is", () => {
  const long = "a".repeat(2_000_000);
  assert.equal(maskedText(`/${long}#token=1`), `/${long}#token=••••••`);
  const nested = `"a":"${"\\".repeat(2_000_000)}`;
  assert.equal(maskedText(nested), nested);
});

test("the editor that the environment names opens the place", () => {
  const frame = { name: "f", file: "/home/me/my app/a.ts", line: 3, column: 5, owner: "application" } as const;
  assert.equal(editorUrl(frame, {}), "vscode://file/home/me/my%20app/a.ts:3:5");
  assert.equal(editorUrl(frame, { EDITOR: "/usr/bin/zed --wait" }), "zed://file/home/me/my%20app/a.ts:3:5");
  assert.equal(
    editorUrl(frame, { EDITOR: "vi", VISUAL: "idea" }),
    "idea://open?file=/home/me/my%20app/a.ts&line=3&column=5",
  );
  assert.equal(editorUrl({ ...frame, file: "C:\\app\\a.ts" }, {}), "vscode://file/C%3A/app/a.ts:3:5");
});

test("colours change nothing of a line's text", () => {
  const lines = [
    'const a = "<b>" + `x`; // <done> & "dusted"',
    "  return 'it\\'s' /* & */;",
    "'open",
    "x<y>z&w",
    "class A {}",
  ];
  for (const line of lines) {
    const text = highlighted(line).replace(/<s class="\w+">|<\/s>/g, "");
    assert.equal(
      text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code))),
      line,
    );
  }
  assert.equal(highlighted('if (a) "x"'), '<s class="keyword">if</s> (a) <s class="string">"x"</s>');
});
