import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DEFAULT_LIMITS } from "../../src/core/options.ts";
import { chunkLine, EncodedFields, encodeFields, LENGTH, lastChunk } from "../../src/http1/field-encoder.ts";
import { FRAMING, sentRequestFraming } from "../../src/http1/framing.ts";
import { encodeRequestHead } from "../../src/http1/request-encoder.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { encodeHead, statusLine } from "../../src/http1/response-encoder.ts";
import { DEFAULT_RESPONSE_LIMITS, ResponseParser } from "../../src/http1/response-parser.ts";
import { STEP } from "../../src/http1/step.ts";

const NO_FIELDS = new EncodedFields();

test("a head is a request line, the host, the fields, the framing and the connection", () => {
  const fields = encodeFields(["Accept", "*/*"]);
  assert.equal(
    encodeRequestHead("POST", "/a?b", "example.com:81", fields, 2, "close"),
    "POST /a?b HTTP/1.1\r\nHost: example.com:81\r\nAccept: */*\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
  );
});

test("a host among the fields stands for the target's", () => {
  const head = encodeRequestHead("GET", "/", null, encodeFields(["Host", "b"]), LENGTH.UNSAID, "");
  assert.equal(head, "GET / HTTP/1.1\r\nHost: b\r\n\r\n");
});

test("an Upgrade field is named by Connection", () => {
  const head = encodeRequestHead("GET", "/", "a", encodeFields(["Upgrade", "x"]), LENGTH.UNSAID, "");
  assert.equal(head, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
});

test("what would be read as another request is refused", () => {
  const encode =
    (method: string, target: string, host = "a") =>
    () =>
      encodeRequestHead(method, target, host, NO_FIELDS, LENGTH.UNSAID, "");
  assert.throws(encode("GET /", "/"), TypeError);
  assert.throws(encode("", "/"), TypeError);
  assert.throws(encode("GET\r\n", "/"), TypeError);
  assert.throws(encode("GET", ""), TypeError);
  assert.throws(encode("GET", "/ HTTP/1.1\r\nX: y"), TypeError);
  assert.throws(encode("GET", "/a b"), TypeError);
  assert.throws(encode("GET", "/#part"), TypeError);
  assert.throws(encode("GET", "/é"), TypeError);
  assert.throws(encode("GET", "/", "a\r\nX: y"), TypeError);
  assert.throws(encode("GET", "/", ""), TypeError);
  assert.doesNotThrow(encode("OPTIONS", "*"));
  assert.doesNotThrow(encode("M-SEARCH", "/"));
});

test("a body's length is said when it is known, and when methods that carry one have none", () => {
  assert.equal(sentRequestFraming("GET", null), FRAMING.NONE);
  assert.equal(sentRequestFraming("DELETE", null), FRAMING.NONE);
  assert.equal(sentRequestFraming("POST", null), FRAMING.LENGTH);
  assert.equal(sentRequestFraming("PUT", null), FRAMING.LENGTH);
  assert.equal(sentRequestFraming("PATCH", null), FRAMING.LENGTH);
  assert.equal(sentRequestFraming("GET", 0), FRAMING.LENGTH);
  assert.equal(sentRequestFraming("POST", 5), FRAMING.LENGTH);
  assert.equal(sentRequestFraming("POST", -1), FRAMING.CHUNKED);
});

const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/);
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/);
/** Names that mean something to the parser, or that the encoder writes itself, have tests of their own. */
const SPOKEN_FOR =
  /^(?:host|expect|connection|keep-alive|content-type|content-length|transfer-encoding|(?:proxy-)?authorization|upgrade|date)$/i;
const fields = fc
  .array(
    fc.tuple(
      token.filter((name) => !SPOKEN_FOR.test(name)),
      value,
    ),
    { maxLength: 6 },
  )
  .map((pairs) => pairs.flat());
const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 4 });
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** The body and its framing line, by length or in chunks. */
function framed(body: readonly Uint8Array[], chunked: boolean): [length: number, bytes: string] {
  const texts = body.map(latin1);
  if (!chunked) return [texts.join("").length, texts.join("")];
  const chunks = texts.map((text) => `${chunkLine(text.length)}${text}\r\n`);
  return [LENGTH.CHUNKED, chunks.join("") + lastChunk(undefined)];
}

/** What a parser makes of the bytes, cut in two. */
function read(parser: RequestParser | ResponseParser, bytes: string, cut: number): { body: string; done: boolean } {
  let body = "";
  let done = false;
  const all = Buffer.from(bytes, "latin1");
  const at = Math.min(cut, all.length);
  for (const piece of [all.subarray(0, at), all.subarray(at)]) {
    parser.push(piece);
    for (let step = parser.next(); step !== STEP.NEED && step !== STEP.PAUSED; step = parser.next()) {
      assert.notEqual(step, STEP.FAULT, `${JSON.stringify(parser.fault)} in ${JSON.stringify(bytes)}`);
      if (step === STEP.BODY) body += latin1(parser.bytes.subarray(parser.start, parser.stop));
      if (step === STEP.END) done = true;
    }
  }
  assert.equal(parser.pending, 0);
  return { body, done };
}

test("what the client encodes, the server parses back", () => {
  const target = fc.stringMatching(/^\/[!"$-[\]-~]{0,30}$/);
  fc.assert(
    fc.property(
      token,
      target,
      fields,
      pieces,
      fc.boolean(),
      fc.nat(200),
      (method, target, fields, body, chunked, cut) => {
        fc.pre(method !== "CONNECT");
        const [length, bytes] = framed(body, chunked);
        const parser = new RequestParser(DEFAULT_LIMITS);
        const got = read(parser, encodeRequestHead(method, target, "a", encodeFields(fields), length, "") + bytes, cut);
        assert.deepEqual(got, { body: body.map(latin1).join(""), done: true });
        const { head, keepAlive } = parser;
        assert.deepEqual([head!.method, head!.target, head!.minor, keepAlive], [method, target, 1, true]);
        const carried = [...head!.fields].flat();
        assert.deepEqual(carried.slice(2, -2), fields);
      },
    ),
    { numRuns: 1000 },
  );
});

test("what the server encodes, the client parses back", () => {
  const status = fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304);
  fc.assert(
    fc.property(
      status,
      value,
      fields,
      pieces,
      fc.boolean(),
      fc.nat(200),
      (status, reason, fields, body, chunked, cut) => {
        const [length, bytes] = framed(body, chunked);
        const parser = new ResponseParser(DEFAULT_RESPONSE_LIMITS);
        parser.startNextCycle("GET");
        const got = read(parser, encodeHead(statusLine(status, reason), encodeFields(fields), length, "") + bytes, cut);
        assert.deepEqual(got, { body: body.map(latin1).join(""), done: true });
        assert.equal(parser.head!.status, status);
        if (reason !== "") assert.equal(parser.head!.reason, reason);
        assert.deepEqual([...parser.head!.fields].flat().slice(2, -2), fields);
      },
    ),
    { numRuns: 1000 },
  );
});

test("a response parser reads nothing that nobody asked for, and goes on only when one is complete", () => {
  const parser = new ResponseParser(DEFAULT_RESPONSE_LIMITS);
  parser.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"));
  assert.equal(parser.next(), STEP.PAUSED);
  assert.equal(parser.pending, 19);
  parser.startNextCycle("GET");
  assert.equal(parser.next(), STEP.HEAD);
  assert.throws(() => parser.startNextCycle("GET"), /the response is not complete/);
});
