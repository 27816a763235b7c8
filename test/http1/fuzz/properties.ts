/** What has to hold for any bytes at all. Each property throws when it does not. */
import assert from "node:assert/strict";
import { DEFAULT_LIMITS, type Limits } from "../../../src/core/options.ts";
import { chunkLine, encodeFields, LENGTH, lastChunk } from "../../../src/http1/field-encoder.ts";
import { FRAMING, responseFraming } from "../../../src/http1/framing.ts";
import type { MessageParser } from "../../../src/http1/message-parser.ts";
import type { RequestParser } from "../../../src/http1/request-parser.ts";
import { encodeHead, encodeWhole, statusLine } from "../../../src/http1/response-encoder.ts";
import type { ResponseLimits } from "../../../src/http1/response-parser.ts";
import { STEP, type Step } from "../../../src/http1/step.ts";
import { readRequests, readResponse } from "../reference.ts";
import { replay, replayResponses } from "../wire.ts";
import { Random } from "./random.ts";

/** Small, so that inputs of a few hundred bytes reach them. */
export const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  maxRequestLineSize: 120,
  maxFieldSize: 150,
  maxHeaderSize: 300,
  maxHeaderCount: 6,
  maxRequestBodySize: 500,
};
const RESPONSE_LIMITS: ResponseLimits = {
  ...LIMITS,
  maxStatusLineSize: LIMITS.maxRequestLineSize,
  maxInterimResponses: 2,
};
/** The most that may wait for its rest: a head, behind an empty line. A chunk line is read as it comes. */
const MAX_UNREAD = 2 + LIMITS.maxRequestLineSize + LIMITS.maxHeaderSize;

/**
 * The same bytes give the same steps however they are cut, the steps that an independent reader finds, and the parser
 * keeps no more than its limits and one read while it does so. Returns the steps.
 */
export function readsOneWay(stream: string, seed: number): string[] {
  const bytes = Buffer.from(stream, "latin1");
  const whole = replay([bytes], true, LIMITS, (parser, step) => inspect(parser, step, bytes.length));
  assert.deepEqual(settled(whole), settled(readRequests(stream, LIMITS)), "the parser and the reference differ");

  const { pieces, largest } = cutUp(bytes, seed);
  const cut = replay(pieces, true, LIMITS, (parser, step) => inspect(parser, step, largest));
  assert.deepEqual(cut, whole, `cut into ${pieces.map((piece) => piece.length)}`);
  return whole;
}

/** The same of responses to these methods; what an independent reader says of them, `wire-responses.test.ts` asks. */
export function readsResponsesOneWay(text: string, methods: readonly string[], seed: number): void {
  const bytes = Buffer.from(text, "latin1");
  const read = (pieces: readonly Buffer[], largest: number) =>
    replayResponses(pieces, true, methods, RESPONSE_LIMITS, (parser, step) => {
      // What comes behind the last response is kept, for the client to see and to end the connection.
      if (step !== STEP.PAUSED) inspectMemory(parser, step, largest);
    });
  const { pieces, largest } = cutUp(bytes, seed);
  const sizes = pieces.map((piece) => piece.length);
  assert.deepEqual(read(pieces, largest), read([bytes], bytes.length), `answers ${methods}, cut into ${sizes}`);
}

function cutUp(bytes: Buffer, seed: number): { pieces: Buffer[]; largest: number } {
  const random = new Random(seed);
  const largest = 1 + random.below(random.oneIn(2) ? 3 : 100);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(largest);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { pieces, largest };
}

/** Looks at the parser after each step. */
function inspect(parser: RequestParser, step: Step, largestRead: number): void {
  inspectMemory(parser, step, largestRead);
  const { head } = parser;
  if (head?.target.startsWith("/")) {
    const host = head.fields.get("host") ?? "a";
    assert.ok(URL.canParse(`http://${host}${head.target}`), `${host}${head.target} makes a URL`);
  }
}

function inspectMemory({ pending, bytes, start, stop }: MessageParser, step: Step, largestRead: number): void {
  const bound = MAX_UNREAD + largestRead;
  assert.ok(pending >= 0 && pending <= bound, `${pending} bytes wait, ${bound} may`);
  assert.ok(bytes.length <= Math.max(512, 2 * bound, largestRead), `${bytes.length} bytes are held`);
  if (step === STEP.BODY) assert.ok(0 <= start && start < stop && stop <= bytes.length, "a piece lies in its bytes");
}

/** Steps without what only one of two readers says: which fault it is, and how much of a body came before it. */
function settled(steps: readonly string[]): string[] {
  const faulted = steps.findIndex((step) => step.startsWith("fault"));
  if (faulted < 0) return [...steps];
  const before = steps.slice(0, faulted);
  if (before.at(-1)?.startsWith("body ")) before.pop();
  return [...before, "fault"];
}

const NAMES = ["X", "x-y", "Date", "Connection", "Upgrade", "Set-Cookie", "Keep-Alive", "!#$%&'*+-.^_`|~09"];
const BAD_NAMES = ["", "a:b", "a b", "a\r\nb", "caf\xe9", "Content-Length", "Transfer-Encoding"];
const VALUES = ["", "x", "5", "close", "a, b", "caf\xe9", "a\tb", " a ", "\x80\xff", '"q"'];
const BAD_VALUES = ["a\r\nX: y", "a\nb", "a\r", "a\0", "\x7f", "€"];
const REASONS = [undefined, "", "Fine", "caf\xe9", " "];
const BAD_REASONS = ["a\r\nb", "€"];
const PIECES = ["x", "hello", "0\r\n\r\n", "\r\n", "\0\xff", "HTTP/1.1 200 OK\r\n\r\n", "a".repeat(300)];
/** What the encoder writes itself, or leaves out. */
const OURS = /^(?:connection|content-length|transfer-encoding|keep-alive|date)$/i;

/**
 * What is encoded reads back as what was asked for; what would not is refused before a byte of it exists. Fields that are
 * an application's constants go with several responses: what is kept of one must not stand in another.
 */
export function readsBack(seed: number): void {
  const random = new Random(seed);
  const mostly: Mostly = (good, bad) => random.pick(random.oneIn(15) ? bad : good);
  const list = () => random.repeat(0, 4, () => [mostly(NAMES, BAD_NAMES), mostly(VALUES, BAD_VALUES)]).flat();
  const fields = list();
  if (!random.oneIn(3)) return oneReadsBack(random, mostly, fields, random.oneIn(3) ? list() : []);
  Object.freeze(fields);
  for (let responses = 4; responses > 0; responses--) oneReadsBack(random, mostly, fields, []);
}

type Mostly = <T>(good: readonly T[], bad: readonly T[]) => T;

function oneReadsBack(random: Random, mostly: Mostly, fields: readonly string[], trailers: readonly string[]): void {
  const status = mostly([200, 204, 205, 304, 404, 599], [99, 600, 0, -1]);
  const reason = mostly<string | undefined>(REASONS, BAD_REASONS);
  const method = random.pick(["GET", "HEAD", "CONNECT"]);
  const minor = random.below(2);
  const pieces = random.repeat(0, 3, () => random.pick(PIECES));
  const body = pieces.join("");

  let sent: string;
  let bodiless: boolean;
  try {
    const encoded = encodeFields(fields);
    const framing = responseFraming(method, status, minor, random.oneIn(2) ? body.length : -1);
    bodiless = framing === FRAMING.NONE;
    const chunked = framing === FRAMING.CHUNKED;
    const length = chunked ? LENGTH.CHUNKED : framing === FRAMING.LENGTH ? body.length : LENGTH.UNSAID;
    sent = encodeHead(statusLine(status, reason), encoded, length, random.pick(["", "close", "keep-alive"]));
    if (chunked) sent += pieces.map((piece) => `${chunkLine(piece.length)}${piece}\r\n`).join("") + lastChunk(trailers);
    else if (!bodiless) sent = encodeWhole(sent, encoded, body);
  } catch (error) {
    assert.ok(error instanceof TypeError, `${error}`);
    return;
  }
  const read = readResponse(sent, bodiless);
  assert.equal(read.status, status);
  if (reason) assert.equal(read.reason, reason);
  assert.deepEqual(
    read.fields.filter(([name]) => !OURS.test(name)),
    pairs(fields).filter(([name]) => !OURS.test(name)),
  );
  assert.equal(read.body, bodiless ? "" : body);
  if (read.fields.some(([name]) => name === "Transfer-Encoding")) assert.deepEqual(read.trailers, pairs(trailers));
}

function pairs(list: readonly string[]): [name: string, value: string][] {
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]!.replace(/^[\t ]+|[\t ]+$/g, "")]] : []));
}
