/** A body as text: the same by the shortest way, where it lies in one piece, as by any other. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { NO_FIELDS } from "../../src/http/field-lines.ts";
import { type BodyFlow, RequestBody } from "../../src/server/request-body.ts";
import { connect, start } from "./support.ts";

const FLOW: BodyFlow = { pauseReading() {}, resumeReading() {}, bodyWanted() {} };

/** Bytes among others, as they lie in a buffer that the next read overwrites. */
function deliver(body: RequestBody, piece: Uint8Array): void {
  const shared = Buffer.concat([Buffer.from("before\u00e9"), piece, Buffer.from([0xbf, 0x61])]);
  body.receive(shared, 8, 8 + piece.length);
  shared.fill(0x21);
}

async function textOf(bytes: Uint8Array, cuts: readonly number[], when: "before" | "after", declared: boolean) {
  const body = new RequestBody(FLOW, declared ? bytes.length : null);
  const early = when === "before" ? body.text() : null;
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let at = 0;
  for (const end of ends) {
    if (end > at) deliver(body, bytes.subarray(at, end));
    at = end;
  }
  body.finish(NO_FIELDS);
  return early ?? body.text();
}

test("text() is what TextDecoder makes of the bytes, valid or not, however they come", async () => {
  const mark = fc.constant(Uint8Array.of(0xef, 0xbb, 0xbf));
  const text = fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text));
  const nearly = fc.uint8Array({ max: 255, maxLength: 40 });
  const lead = fc.array(fc.constantFrom(0x61, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff)).map((each) => {
    return Uint8Array.from(each);
  });
  const bytes = fc.array(fc.oneof(mark, text, nearly, lead), { minLength: 1, maxLength: 4 }).map((all) => {
    return new Uint8Array(Buffer.concat(all));
  });
  const cuts = fc.array(fc.nat(), { maxLength: 3 });
  const when = fc.constantFrom("before" as const, "after" as const);
  await fc.assert(
    fc.asyncProperty(bytes, cuts, when, fc.boolean(), async (bytes, cuts, when, declared) => {
      assert.equal(await textOf(bytes, cuts, when, declared), new TextDecoder().decode(bytes));
    }),
    { numRuns: 500 },
  );
});

describe("text() of a body", () => {
  test("that fails before its first piece, or after it, rejects with the reason", async () => {
    for (const begun of [false, true]) {
      const body = new RequestBody(FLOW, 10);
      const text = body.text();
      if (begun) deliver(body, Buffer.from("half"));
      const reason = new Error("gone");
      body.fail(reason);
      await assert.rejects(text, reason);
    }
  });

  test("that nobody waits for any more is empty", async () => {
    const body = new RequestBody(FLOW, 10);
    const text = body.text();
    body.discard();
    assert.equal(await text, "");
    assert.equal(await body.read(), null);
  });

  test("refuses another read at the same time, and leaves nothing to a later one", async () => {
    const body = new RequestBody(FLOW, 4);
    const text = body.text();
    assert.equal(body.awaited, true);
    await assert.rejects(body.read(), TypeError);
    await assert.rejects(body.text(), TypeError);
    deliver(body, Buffer.from("text"));
    body.finish(NO_FIELDS);
    assert.equal(await text, "text");
    assert.equal(await body.read(), null);
  });

  test("that the client holds back asks for it", async (t) => {
    const server = await start(t, async (exchange) => {
      const text = await exchange.body.text!();
      exchange.start(200, []);
      exchange.end(text);
    });
    const client = await connect(t, server);
    await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    assert.equal((await client.response()).status, 100);
    await client.send("body");
    assert.equal((await client.response()).text, "body");
  });
});
