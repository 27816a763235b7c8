import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ConnectionRow, RequestRow } from "../../src/observe/look.ts";
import { lifeOf, type Step } from "../../src/observe/page/life.ts";
import { bytes, duration, slowness, waitsFor } from "../../src/observe/page/words.ts";

const ROW: ConnectionRow = {
  id: "pid 1 1",
  client: "192.0.2.7:4711",
  state: "idle",
  since: 1000,
  until: 0,
  requests: 0,
  received: 0,
  sent: 0,
  unsent: 0,
  request: null,
  tcp: "ESTABLISHED",
};

const REQUEST: RequestRow = {
  id: "pid 1 1 5",
  connection: "pid 1 1",
  client: "192.0.2.7",
  line: "GET /a",
  status: 200,
  outcome: "complete",
  fault: null,
  at: 2000,
  waiting: 2,
  sending: 1,
  received: 0,
  sent: 12,
};

function shown(steps: readonly Step[]): string[] {
  const arrow = { in: "->", out: "<-", note: "--" };
  return steps.map(({ client, text, server, way, when }) => {
    const words = [client, arrow[way], text, arrow[way], server, when === "past" ? "" : `(${when})`];
    return words.filter((word) => word !== "").join(" ");
  });
}

const NOW = 4000;

const OPENING = ["SYN_SENT -> SYN -> LISTEN", "<- SYN, ACK <- SYN_RECEIVED", "ESTABLISHED -> ACK -> ESTABLISHED"];

describe("the life of a connection", () => {
  test("begins with the handshake, has its requests, is somewhere now, and will end", () => {
    const steps = lifeOf({ ...ROW, requests: 3, clientTcp: "ESTABLISHED" }, [REQUEST], NOW, true);
    assert.deepEqual(shown(steps), [
      ...OPENING,
      "-- 2 other requests --",
      "-> GET /a ->",
      "<- 200, 12 B, 3 ms <-",
      "ESTABLISHED -- now: idle -- ESTABLISHED (now)",
      "CLOSE_WAIT <- FIN <- FIN_WAIT_1 (later)",
      "-> ACK -> FIN_WAIT_2 (later)",
      "LAST_ACK -> FIN -> TIME_WAIT (later)",
      "CLOSED <- ACK <- (later)",
      "-- after a minute -- CLOSED (later)",
    ]);
  });

  test("shows the request under way, and what was not complete", () => {
    const request = { line: "GET /b", since: 3000 };
    const failed = { ...REQUEST, status: 500, outcome: "failed" as const };
    const steps = lifeOf({ ...ROW, state: "answer", requests: 2, request }, [failed], NOW, true);
    assert.deepEqual(shown(steps).slice(3, 7), [
      "-> GET /a ->",
      "<- 500, 12 B, 3 ms: failed <-",
      "-> GET /b ->",
      "-- now: answer -- ESTABLISHED (now)",
    ]);
  });

  test("sends no status that is for the log only", () => {
    const left = { ...REQUEST, status: 499, outcome: "left" as const, sent: 0 };
    const steps = shown(lifeOf({ ...ROW, state: "closed", requests: 1, until: 3500 }, [left], NOW, true));
    assert.deepEqual(steps.slice(3, 5), ["-> GET /a ->", "-- left after 3 ms, for the log 499 --"]);
  });

  test("has no handshake on a unix socket", () => {
    const { tcp: _, ...unix } = { ...ROW, client: "" };
    assert.deepEqual(shown(lifeOf(unix, [], NOW, true)), [
      "-- connected, by a unix socket --",
      "-- now: idle -- (now)",
    ]);
    const closed = shown(lifeOf({ ...unix, state: "closed", until: 3500 }, [], NOW, true));
    assert.equal(closed.at(-1), "-- closed after 2.5 s -- (now)");
  });

  test("ends with TIME_WAIT on the side that ended it first", () => {
    const closed = { ...ROW, state: "closed" as const, until: 3500 };
    const { tcp: _, ...untold } = closed;
    const last = (row: ConnectionRow) => shown(lifeOf(row, [], NOW, true)).at(-1);
    assert.equal(last({ ...closed, tcp: "TIME_WAIT" }), "-- closed after 2.5 s -- TIME_WAIT (now)");
    assert.equal(last({ ...untold, clientTcp: "TIME_WAIT" }), "TIME_WAIT -- closed after 2.5 s -- CLOSED (now)");
    assert.match(last(untold)!, /closed after 2\.5 s: by a reset, or by the client first, which then/);
    assert.match(last({ ...untold, client: "127.0.0.1:4711" })!, /by a reset, for neither end/);
    assert.match(shown(lifeOf(untold, [], NOW + 60_000, true)).at(-1)!, /2\.5 s, too long ago to tell/);
    assert.equal(shown(lifeOf(untold, [], NOW, false)).at(-1), "-- closed after 2.5 s -- CLOSED (now)");
  });

  test("has no farewell to come of ours once another protocol has it, and less of it once it has begun", () => {
    assert.equal(shown(lifeOf({ ...ROW, state: "taken" }, [], NOW, true)).at(-1), "-- now: taken -- ESTABLISHED (now)");
    const lingering = shown(lifeOf({ ...ROW, state: "linger", tcp: "FIN_WAIT2" }, [], NOW, true));
    assert.equal(lingering[4], "LAST_ACK -> FIN -> TIME_WAIT (later)");
  });
});

test("every state says what is waited for", () => {
  const request = { line: "GET /b", since: 3000 };
  const wait = (changes: Partial<ConnectionRow>) => waitsFor({ ...ROW, ...changes }, 5000);
  assert.equal(wait({ state: "fresh" }), "client's first byte");
  assert.equal(wait({ state: "idle" }), "client's next request");
  assert.equal(wait({ state: "head" }), "rest of the head");
  assert.equal(wait({ state: "body", request }), "rest of the body: GET /b");
  assert.equal(wait({ state: "answer", request }), "application, 2.0 s: GET /b");
  assert.equal(wait({ state: "answer", request, unsent: 70_000 }), "client takes 70 kB");
  assert.equal(wait({ state: "linger" }), "client's end");
  assert.equal(wait({ state: "taken" }), "whoever took it over");
  assert.equal(wait({ state: "closed" }), "");
});

test("a client is slow that lets the server wait for its head, its body, or the end of a response; not an idle one", () => {
  const request = { line: "GET /b", since: 3000 };
  const slow = (changes: Partial<ConnectionRow>) => slowness({ ...ROW, ...changes }, 5000);
  assert.equal(slow({ state: "fresh" }), 4000);
  assert.equal(slow({ state: "head" }), 4000);
  assert.equal(slow({ state: "body", request }), 2000);
  assert.equal(slow({ state: "answer", request, unsent: 1 }), 2000);
  assert.equal(slow({ state: "answer", request }), 0);
  assert.equal(slow({ state: "idle" }), 0);
});

test("numbers are short", () => {
  assert.deepEqual([0, 999, 1500, 66_000, 3_900_000, 2e9].map(bytes), [
    "0 B",
    "999 B",
    "1.5 kB",
    "66 kB",
    "3.9 MB",
    "2.0 GB",
  ]);
  const times = [0.04, 5.4, 999, 1500, 59_000, 61_000, 3_700_000].map(duration);
  assert.deepEqual(times, ["0.0 ms", "5 ms", "999 ms", "1.5 s", "59 s", "1 min 1 s", "1 h 1 min"]);
});
