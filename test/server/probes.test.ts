/** Http11Probe's questions (`probes.md`), put to a server that serves a page and echoes what is posted. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import type { Handler } from "../../src/gateway/contract.ts";
import type { Server } from "../../src/server/server.ts";
import { files } from "../../src/static/files.ts";
import { bytesOf } from "../http1/wire.ts";
import { folder } from "../support/folder.ts";
import { type Answer, answer, type Client, connect, readAll, start } from "./support.ts";

interface Probe {
  readonly id: string;
  readonly rule: string;
  readonly what: string;
  readonly bytes: string;
  readonly answers: readonly string[];
}

const markdown = readFileSync(new URL("probes.md", import.meta.url), "utf8");
const categories = markdown.split(/^## /m).slice(1);

function probesIn(category: string): Probe[] {
  return category
    .split("\n")
    .filter((line) => /^\| [A-Z].*`/.test(line))
    .map((line) => {
      const [, id, rule, what, bytes, answers] = line.split(/ *\| */);
      return { id: id!, rule: rule!, what: what!, bytes: bytes!.slice(1, -1), answers: answers!.split(/, (?=\d)/) };
    });
}

const WORDS: Readonly<Record<string, string>> = {
  host: "Host: a\\r\\n",
  fields: "X: y\\r\\n".repeat(10_000),
  ranges: Array(1000).fill("0-").join(","),
  cookies: Array(2000).fill("a=b").join("; "),
};

/** What a test site does: a page at `/`, an echo for POST, and answers that show what of a request was understood. */
function application(root: string): Handler {
  const site = files(root);
  return async (exchange) => {
    const { method, target, fields } = exchange.head;
    if (method === "POST") return answer(exchange, await readAll(exchange.body));
    if (method === "OPTIONS") {
      exchange.start(204, ["Allow", "GET, HEAD, OPTIONS, POST"]);
      return exchange.end();
    }
    if (target === "/cookie") return answer(exchange, fields.get("cookie") ?? "none");
    if (target.endsWith("/echo")) return answer(exchange, `host=${fields.get("host")}`);
    if (target === "/behind") return answer(exchange, "behind");
    return site(exchange);
  };
}

for (const category of categories) {
  test(`probes: ${category.slice(0, category.indexOf("\n"))}`, async (t) => {
    const server = await start(t, application(folder({ "index.html": "<h1>Hello</h1>" })));
    for (const probe of probesIn(category)) {
      await t.test(`${probe.id}: ${probe.what} (${probe.rule})`, (t) => run(t, server, probe));
    }
  });
}

test("each of the 215 probes is there once", () => {
  const ids = categories.flatMap(probesIn).map(({ id }) => id);
  assert.equal(new Set(ids).size, 215);
  assert.equal(ids.length, 215);
});

async function run(t: TestContext, server: Server, { bytes, answers }: Probe): Promise<void> {
  const client = await connect(t, server, { staysOpen: true });
  const words = { ...WORDS };
  const parts = bytes.split("<then>");
  for (const [i, expected] of answers.entries()) {
    const part = parts[i];
    if (part !== undefined) await send(client, part, words);
    if (expected === "close") break;
    const response = await client.response(/^HEAD /.test(parts[i] ?? "") ? "HEAD" : "GET");
    check(response, expected);
    words.etag ??= response.field("ETag") ?? "";
    words.tag ??= words.etag.replace(/^W\/|"/g, "");
    words.modified ??= response.field("Last-Modified") ?? "";
  }

  const last = answers.at(-1)!;
  if (/close|[A-Z]_[A-Z]/.test(last)) {
    if (!bytes.endsWith("<eof>")) await client.send("GET /behind HTTP/1.1\r\nHost: a\r\n\r\n").catch(() => {});
    assert.equal((await client.rest()).toString(), "", "nothing behind the last word");
  } else assert.equal((await client.get("/behind")).text, "behind", "the next request is answered in its turn");
}

async function send(client: Client, part: string, words: Readonly<Record<string, string>>): Promise<void> {
  const filled = part.replace(/\{(\w+)\}/g, (_, word: string) => words[word]!);
  const ends = filled.endsWith("<eof>");
  await client.send(bytesOf(ends ? filled.slice(0, -"<eof>".length) : filled));
  if (ends) client.end();
}

function check(response: Answer, expected: string): void {
  const [status, ...rest] = expected.split(" ");
  assert.equal(response.statusLine.slice(0, 12), `HTTP/1.1 ${status}`);
  const body = /"(.*)"/.exec(expected)?.[1];
  if (body !== undefined) assert.equal(response.text, body);
  if (response.status >= 200)
    assert.match(response.field("Date") ?? "", /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} .* GMT$/);
  for (const word of rest) {
    if (/^[A-Z]+_/.test(word)) assert.ok(response.text.startsWith(`${word}: `), response.text);
    else if (word.startsWith("+")) assert.notEqual(response.field(word.slice(1)), null, `${word.slice(1)} is there`);
    else if (word.startsWith("-")) assert.equal(response.field(word.slice(1)), null, `${word.slice(1)} is not there`);
    else if (word === "close") assert.equal(response.field("Connection"), "close");
  }
}
