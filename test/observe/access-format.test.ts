import assert from "node:assert/strict";
import { test } from "node:test";
import { accessFormat } from "../../src/observe/access-format.ts";
import { ended, head } from "./request.ts";

/** NCSA's time, whatever the time zone of the machine. */
const TIME = /\[\d\d\/Oct\/2026:\d\d:\d\d:36 [+-]\d{4}\]/;

function line(format: string, changes: Parameters<typeof ended>[0] = {}): string {
  return accessFormat(format)(ended(changes)).replace(TIME, "[TIME]");
}

const BROWSER = { Referer: "http://a.example/", "User-Agent": "Mozilla/5.0 (X11)", Authorization: "Basic Ym9iOng=" };

test("common is NCSA's line", () => {
  assert.equal(line("common"), '192.0.2.7 - - [TIME] "GET /a?b=c HTTP/1.1" 200 12\n');
});

test("combined has the referrer and the browser as well, and the user if one is named", () => {
  assert.equal(
    line("combined", { head: head("GET", "/", BROWSER) }),
    '192.0.2.7 - bob [TIME] "GET / HTTP/1.1" 200 12 "http://a.example/" "Mozilla/5.0 (X11)"\n',
  );
});

test("gunicorn's atoms have gunicorn's meanings", () => {
  const request = { head: head("POST", "/a?b=c?d", { ...BROWSER, "X-One": "1" }) };
  const atoms: [atom: string, expected: string][] = [
    ["%(h)s %(l)s %(u)s", "192.0.2.7 - bob"],
    ["%(r)s", "POST /a?b=c?d HTTP/1.1"],
    ["%(m)s %(U)s %(q)s %(H)s", "POST /a b=c?d HTTP/1.1"],
    ["%(s)s %(B)s %(b)s", "200 12 12"],
    ["%(T)s %(M)s %(D)s %(L)s", "0 2 2250 0.002250"],
    ["%(p)s", `<${process.pid}>`],
    ["%({X-One}i)s %({x-two}i)s", "1 -"],
    ["%({content-type}o)s %({etag}o)s", "text/plain -"],
    ["%({outcome}x)s %({fault}x)s %({id}x)s", "complete - -"],
    ["100%% %(s)s", "100% 200"],
  ];
  for (const [atom, expected] of atoms) assert.equal(line(atom, request), `${expected}\n`);
});

test("no bytes are a dash where NCSA wants one", () => {
  assert.equal(line("%(b)s %(B)s", { sent: 0 }), "- 0\n");
});

test("an atom that does not exist, and a format that is none, are refused by name", () => {
  assert.throws(() => accessFormat("%(h)s %(z)s"), /"%\(z\)s" is no atom/);
  assert.throws(() => accessFormat("%(h)s %s"), /"%s" is no atom/);
  assert.throws(() => accessFormat("%({x}h)s"), /is no atom/);
  assert.throws(() => accessFormat("comon"), /there is no format "comon": it is common, combined, json/);
});

test("nothing that a client sends forges a line, leaves its quotes or reaches a terminal", () => {
  const forged = 'x" 200 5\r\n10.0.0.1 - - "\\ \x1b[2J\xe9';
  const refused = { head: null, line: forged, status: 400, outcome: "refused", fault: "BAD_METHOD", sent: 0 } as const;
  const safe = "x\\x22 200 5\\x0D\\x0A10.0.0.1 - - \\x22\\x5C \\x1B[2J\\xE9";
  assert.equal(line("common", refused), `192.0.2.7 - - [TIME] "${safe}" 400 -\n`);
  const fields = { "User-Agent": forged, Referer: forged, Authorization: `Basic ${btoa("a b\n:x")}` };
  const combined = line("combined", { head: head("GET", "/", fields) });
  assert.equal(combined, `192.0.2.7 - a\\x20b\\x0A [TIME] "GET / HTTP/1.1" 200 12 "${safe}" "${safe}"\n`);
  const json = line("json", { head: head("GET", "/", { "User-Agent": forged }) });
  assert.match(json, /^[\x20-\x7e]*\n$/);
  assert.equal(JSON.parse(json).user_agent, forged);
});

test("a client that left before it was sent anything is 499, one that was cut off 444, as in nginx's logs", () => {
  assert.equal(line("%(s)s", { status: 0, outcome: "left" }), "499\n");
  assert.equal(line("%(s)s", { status: 0, outcome: "cut" }), "444\n");
  assert.equal(line("%(s)s", { status: 200, outcome: "left" }), "200\n");
});

test("JSON has the time, the outcome, both durations, and the trace that the request belongs to", () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const fields = { Host: "a.example", traceparent };
  const object = JSON.parse(
    line("json", { head: head("GET", "/a", fields), status: 500, outcome: "failed", id: "f00" }),
  );
  assert.deepEqual(object, {
    time: "2026-10-10T13:55:36.500Z",
    client: "192.0.2.7",
    method: "GET",
    target: "/a",
    protocol: "HTTP/1.1",
    status: 500,
    outcome: "failed",
    id: "f00",
    received: 0,
    sent: 12,
    wait_ms: 1.5,
    duration_ms: 2.25,
    host: "a.example",
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    pid: process.pid,
  });
});

test("a traceparent that the standard does not allow names no trace", () => {
  for (const traceparent of [
    "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "x",
  ]) {
    assert.equal(JSON.parse(line("json", { head: head("GET", "/", { traceparent }) })).trace_id, undefined);
  }
});
