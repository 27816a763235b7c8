import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exchange } from "../../src/gateway/contract.ts";
import { type ErrorLog, errorLog } from "../../src/observe/error-log.ts";
import { CONNECTION, head } from "./request.ts";

const TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const EXCHANGE = {
  head: head("GET", "/a", { traceparent: TRACEPARENT }),
  connection: CONNECTION.info,
} as unknown as Exchange;

/** What a log writes when it is told something. */
function written(tell: (log: ErrorLog) => void, format: "text" | "json" = "text", isTerminal = false): string {
  const lines: string[] = [];
  tell(errorLog(format, isTerminal, (line) => lines.push(line)));
  assert.equal(lines.length, 1);
  return lines[0]!;
}

test("what a handler threw is one line, with its id, its request, its stack and its causes", () => {
  const error = new TypeError("boom", { cause: new Error("deeper") });
  const line = written((log) => log.error(error, EXCHANGE, "f00ba5"));
  assert.match(
    line,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z error f00ba5 GET \/a: TypeError: boom at .*error-log\.test\.ts.*Error: deeper/,
  );
  assert.ok(!line.includes("\n"));
});

test("what users sent does not begin a line, nor reach a terminal's controls, by standing in an error", () => {
  const line = written((log) => log.error(new Error("a\n2026 error forged\r\u2028\x1b[2J"), EXCHANGE, "1"));
  assert.match(line, /Error: a 2026 error forged \\x1B\[2J at /);
  assert.ok(!/[\r\n\u2028]/.test(line));
});

test("a terminal gets the stack below the line", () => {
  assert.match(
    written((log) => log.error(new Error("boom"), EXCHANGE, "1"), "text", true),
    /: Error: boom\n +at /,
  );
});

test("a terminal is told nothing to do by what users sent", () => {
  const error = new Error("no \x1b]0;title\x07 \x9b2J\rfirst\n\tsecond");
  const text = written((log) => log.error(error, EXCHANGE, "1"), "text", true);
  assert.match(text, /: Error: no \\x1B\]0;title\\x07 \\x9B2J\\x0Dfirst\n\tsecond\n +at /);
});

test("what is thrown need not be an error", () => {
  for (const [thrown, shown] of [
    ["text", "'text'"],
    [undefined, "undefined"],
    [Object.create(null), "[Object: null prototype] {}"],
  ]) {
    assert.ok(written((log) => log.error(thrown, EXCHANGE, "1")).endsWith(`GET /a: ${shown}`));
    assert.equal(JSON.parse(written((log) => log.error(thrown, EXCHANGE, "1"), "json")).message, shown);
  }
});

test("what throws when it is looked at, and what is its own cause, are told all the same", () => {
  const trap = new Proxy(new Error("behind"), {
    get: () => {
      throw new Error("trap");
    },
  });
  assert.match(
    written((log) => log.error(trap, EXCHANGE, "1"), "json"),
    /"message":"what was thrown throws itself/,
  );
  const unreadable = Object.defineProperty(new Error(), "stack", {
    get: () => {
      throw new Error("getter");
    },
  });
  // From Node 22 on, the second is what it says of such an error by itself.
  assert.match(
    written((log) => log.error(unreadable, EXCHANGE, "1")),
    /GET \/a: (what was thrown throws itself|\[Error\])/,
  );
  const round = new Error("round");
  round.cause = round;
  assert.equal(JSON.parse(written((log) => log.error(round, EXCHANGE, "1"), "json")).message, "round");
});

test("without a request, the message is all there is to say", () => {
  assert.equal(
    written((log) => log.error(new Error("too many"), null, null)),
    "too many",
  );
});

test("as JSON, errors and notes are objects of one line, with the trace that the request belongs to", () => {
  const error = new TypeError("boom", { cause: "deeper" });
  const { time, stack, ...rest } = JSON.parse(written((log) => log.error(error, EXCHANGE, "f00"), "json"));
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(stack, /^TypeError: boom\n/);
  assert.deepEqual(rest, {
    level: "error",
    id: "f00",
    method: "GET",
    target: "/a",
    client: "192.0.2.7",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    message: "boom",
    error: "TypeError",
    cause: { message: "'deeper'" },
  });
  const note = JSON.parse(written((log) => log.info("reloading"), "json"));
  assert.deepEqual([note.level, note.message], ["info", "reloading"]);
});
