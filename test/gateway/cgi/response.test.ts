/** What scripts answer with: every form of response, and every way to get it wrong. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeadReader, readResponse } from "../../../src/gateway/cgi/response.ts";
import { answer } from "../../server/support.ts";
import { serveScripts, sh } from "./support.ts";

const document = (status: number, fields: string[], reason = "") => ({ kind: "document", status, reason, fields });

const TYPE = ["Content-Type", "text/plain"];

const RESPONSES: readonly [head: string, response: unknown][] = [
  ["Content-Type: text/plain\n", document(200, TYPE)],
  ["Content-Type: text/plain\r\n", document(200, TYPE)],
  ["content-type:text/plain\t \n", document(200, ["content-type", "text/plain"])],
  ["Status: 404 Not Here\nContent-Type: text/plain\n", document(404, TYPE, "Not Here")],
  ["STATUS: 599\n", document(599, [])],
  ["Status: 200 \n", document(200, [])],
  ["Status: 201 Créé\n", document(201, [], "Créé")],
  ['Status: 304\nETag: "a"\n', document(304, ["ETag", '"a"'])],
  ["Location: http://b.example/x?y#z\n", document(302, ["Location", "http://b.example/x?y#z"])],
  ["Location: mailto:a@b.example\n", document(302, ["Location", "mailto:a@b.example"])],
  ["Status: 303\nLocation: /x\n", document(303, ["Location", "/x"])],
  ["Status: 201\nLocation: x y\n", document(201, ["Location", "x y"])],
  ["Location: /x?y\n", { kind: "redirect", target: "/x?y" }],
  ["Location: /x\nContent-Type: text/html\n", { kind: "redirect", target: "/x" }],
  ["Status: 200\nSet-Cookie: a\nSet-Cookie: b\n", document(200, ["Set-Cookie", "a", "Set-Cookie", "b"])],
  ["Status: 200\nConnection: close\nKeep-Alive: a\nUpgrade: b\nX-Empty:\n", document(200, ["X-Empty", ""])],
  ["Status: 200\nContent-Length: 12\n", document(200, ["Content-Length", "12"])],
];

test("a script's header section is read as RFC 3875 has it", () => {
  for (const [head, response] of RESPONSES) assert.deepEqual(readResponse(head), response, head);
});

test("spaces within a value are passed in one go, however many", () => {
  const value = `a${" ".repeat(2_000_000)}b`;
  assert.deepEqual(readResponse(`Status: 200\nX-A: \t${value} \t\n`), document(200, ["X-A", value]));
});

const COMPLAINTS: readonly [head: string, complaint: RegExp][] = [
  ["", /^gave neither Content-Type nor Status nor Location$/],
  ["X-A: b\n", /^gave neither Content-Type nor Status nor Location$/],
  ["hello, world\n", /^wrote "hello, world" where a header field/],
  [
    "HTTP/1.1 200 OK\nContent-Type: text/plain\n",
    /^wrote a status line, "HTTP\/1\.1 200 OK", in place of a Status field$/,
  ],
  ["Content-Type: text/plain\n folded\n", /^wrote " folded" where/],
  [": a\n", /^wrote ": a" where/],
  ["X A: b\n", /^wrote "X A: b" where/],
  ["X-A : b\n", /^wrote "X-A : b" where/],
  ["X-A: b\rX-B: c\n", /^gave X-A with a control character in its value$/],
  ["X-A: b\0\n", /^gave X-A with a control character/],
  ["Status: 200\nStatus: 200\n", /^gave Status twice$/],
  ["Content-Type: a\ncontent-type: b\n", /^gave content-type twice$/],
  ["Location: /a\nLocation: /b\n", /^gave Location twice$/],
  ["Status: 200\nContent-Length: 1\nContent-Length: 1\n", /^gave Content-Length twice$/],
  ["Status: 200\nContent-Length: +1\n", /^gave the Content-Length "\+1"$/],
  ["Status: 200\nContent-Length: 1, 1\n", /^gave the Content-Length "1, 1"$/],
  ["Status: 200\nTransfer-Encoding: chunked\n", /^gave Transfer-Encoding, which is the server's to use$/],
  ["Status: OK\n", /^gave the Status "OK", which is not 200 to 599$/],
  ["Status: 100 Continue\n", /^gave the Status "100 Continue"/],
  ["Status: 101\n", /^gave the Status "101"/],
  ["Status: 600\n", /^gave the Status "600"/],
  ["Status: 2000\n", /^gave the Status "2000"/],
  ["Status:\n", /^gave the Status ""/],
  ["Location: x\n", /^gave the Location "x", which is neither a URL nor a path; .*give a Status$/],
  ["Location: /a b\n", /^gave the Location "\/a b"/],
  ["Location: /a#b\n", /^gave the Location "\/a#b"/],
  ["Location: /a\nSet-Cookie: b\n", /^gave set-cookie with a local redirect.* give a Status$/],
];

test("what is wrong with a header section is said", () => {
  for (const [head, complaint] of COMPLAINTS) {
    const response = readResponse(head);
    assert.ok(typeof response === "string", JSON.stringify([head, response]));
    assert.match(response, complaint);
  }
});

test("the end of the header section is found, however the output comes in pieces", () => {
  for (const [output, text, body] of [
    ["A: b\nC: d\n\nbody\n\n", "A: b\nC: d\n", "body\n\n"],
    ["A: b\r\n\r\nbody", "A: b\r\n", "body"],
    ["A: b\n\r\n\r\n", "A: b\n", "\r\n"],
    ["\nbody", "", "body"],
    ["A\r: b\n\n", "A\r: b\n", ""],
  ] as const) {
    for (let size = 1; size <= output.length; size++) {
      const head = new HeadReader();
      let rest = "";
      let isComplete = false;
      for (let at = 0; at < output.length; at += size) {
        const piece = Buffer.from(output.slice(at, at + size), "latin1");
        if (isComplete) rest += piece;
        else {
          const result = head.push(piece);
          isComplete = result !== null;
          rest += result === null ? "" : Buffer.from(result as Uint8Array);
        }
      }
      assert.deepEqual([head.text, rest, isComplete], [text, body, true], `${JSON.stringify(output)} by ${size}`);
    }
  }
});

test("a header section may have 64 KiB, with the empty line", () => {
  const line = "A: ".padEnd(64 * 1024 - 2, "b") + "\n";
  assert.equal(new HeadReader().push(Buffer.from(`${line}\nbody`))?.length, 4);
  const head = new HeadReader();
  assert.equal(head.push(Buffer.from(line)), null);
  assert.equal(head.push(Buffer.from("c")), "too large");
  assert.equal(new HeadReader().push(Buffer.alloc(100_000, "a")), "too large");
});

const BY_PRINTF: readonly [output: string, status: number, body: string][] = [
  ["Content-Type: text/plain\\n\\nno line end", 200, "no line end"],
  ["Content-Type: text/plain\\r\\n\\r\\n\\r\\n", 200, "\r\n"],
  ["Content-Type: text/plain\\n\\n", 200, ""],
  ["Status: 404 Nothing\\n\\nnothing\\n", 404, "nothing\n"],
  ["Status: 204\\n\\n", 204, ""],
  ["Status: 204\\n\\nignored", 204, ""],
  ["Location: https://b.example/\\n\\n", 302, ""],
  ["Status: 200\\nContent-Length: 3\\n\\nabcdef", 200, "abc"],
  ["Status: 200\\nContent-Length: 0\\n\\nabcdef", 200, ""],
];

test("documents and redirects reach the client, by a connection that goes on", async (t) => {
  const tree = Object.fromEntries(BY_PRINTF.map(([output], at) => [`${at}.sh`, `#!/bin/sh\nprintf '${output}'\n`]));
  const { client } = await serveScripts(t, tree);
  for (const [at, [output, status, body]] of BY_PRINTF.entries()) {
    const response = await client.get(`/${at}.sh`);
    assert.deepEqual([response.status, response.text], [status, body], output);
  }
  assert.equal((await client.get("/3.sh")).statusLine, "HTTP/1.1 404 Nothing");
  assert.equal((await client.get("/6.sh")).field("Location"), "https://b.example/");
});

const BROKEN: readonly [script: string, line: RegExp][] = [
  [
    "printf 'Content-Type: text/plain\\n'",
    /b\.sh: ended with exit code 0 before the empty line that ends its header fields$/,
  ],
  ["printf 'Content-Type: text/plain'", /before the empty line/],
  ["exit 3", /b\.sh: ended with exit code 3 and wrote no response$/],
  ["kill -SEGV $$", /b\.sh: was killed by SIGSEGV and wrote no response$/],
  ["exec >&-; exec sleep 60", /b\.sh: ended its output and wrote no response$/],
  ["echo hello; echo", /wrote "hello" where/],
  ["echo 'Content-Type: text/plain'; echo 'X-A: b\rSet-Cookie: c'; echo", /control character/],
  ["echo 'HTTP/1.1 200 OK'; echo", /status line/],
  ["printf '\\033[2J\\n\\n'", /wrote "\\u001b\[2J" where/],
  ["head -c 100000 /dev/zero | tr '\\0' a", /more than 64 KiB of header fields$/],
  ["while :; do echo 'X-A: b'; done", /more than 64 KiB of header fields$/],
];

test("output that is no response is answered with 502, and the log has its reason", async (t) => {
  for (const [commands, line] of BROKEN) {
    const { client, lines } = await serveScripts(t, { "b.sh": `#!/bin/sh\n${commands}\n` }, { log: [line] });
    const { status, text } = await client.get("/b.sh");
    assert.deepEqual([status, text], [502, "502 Bad Gateway\n"], commands);
    assert.equal(lines.length, 1, commands);
  }
});

test("HEAD runs the script, and the fields of its response come without the body", async (t) => {
  const { client } = await serveScripts(t, {
    "a.sh": '#!/bin/sh\nprintf "X-Method: $REQUEST_METHOD\\nStatus: 200\\nContent-Length: 4\\n\\nbody"\n',
  });
  await client.send("HEAD /a.sh HTTP/1.1\r\nHost: a\r\n\r\n");
  const response = await client.response("HEAD");
  assert.deepEqual([response.field("X-Method"), response.field("Content-Length")], ["HEAD", "4"]);
  assert.equal((await client.get("/a.sh")).text, "body");
});

test("a local redirect is answered by its target, as if that had been asked for with GET", async (t) => {
  const { client } = await serveScripts(
    t,
    {
      "to.sh": '#!/bin/sh\nprintf "Location: $QUERY_STRING\\n\\nignored"\n',
      "show.sh": sh('echo "$REQUEST_METHOD $PATH_INFO $QUERY_STRING $CONTENT_LENGTH $CONTENT_TYPE $HTTP_X"; cat'),
    },
    {
      prefix: "/cgi-bin",
      // One at a time: the script that redirects must have made way.
      maxScripts: 1,
      next: (exchange) => answer(exchange, `next ${exchange.head.method} ${exchange.head.target}`),
    },
  );
  const body = "Content-Type: a/b\r\nContent-Length: 4\r\nX: y\r\n\r\nbody";
  await client.send(`POST /cgi-bin/to.sh?/cgi-bin/show.sh/p?q HTTP/1.1\r\nHost: a\r\n${body}`);
  assert.equal((await client.response()).text, "GET /p q   y\n");
  assert.equal((await client.get("/cgi-bin/to.sh?/page?q")).text, "next GET /page?q");
  assert.equal((await client.get("/cgi-bin/to.sh?/cgi-bin/to.sh?/page")).text, "next GET /page");
  assert.equal((await client.get("/cgi-bin/to.sh?/cgi-bin/none")).status, 404);
  assert.equal((await client.get("/cgi-bin/to.sh?//b.example/x")).text, "next GET //b.example/x");
  await client.send("HEAD /cgi-bin/to.sh?/page HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.equal((await client.response("HEAD")).field("Content-Length"), String("next HEAD /page".length));
});

test("local redirects that lead nowhere end after ten", async (t) => {
  const { client, lines } = await serveScripts(
    t,
    { "loop.sh": '#!/bin/sh\nprintf "Location: $SCRIPT_NAME\\n\\n"\n' },
    { log: [/loop\.sh: gave the last of 11 local redirects: they lead nowhere$/] },
  );
  assert.equal((await client.get("/loop.sh")).status, 502);
  assert.equal(lines.length, 1);
});
