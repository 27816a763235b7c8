/** Responses of `(request, response)` listeners: the same behind Portico as behind node:http. */
import { describe, test } from "node:test";
import type { NodeListener } from "../../../src/gateway/node/from-listener.ts";
import { same } from "./support.ts";

const GET = "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n";

/** Each is asked by node:http and by Portico. */
const ALIKE: Record<string, NodeListener> = {
  "a text by end()": (_, res) => res.end("Hello\n"),
  "text that is not ASCII": (_, res) => res.end("Grüße €\n"),
  "bytes by end()": (_, res) => res.end(Buffer.from([0, 255, 10])),
  "a Uint8Array": (_, res) => res.end(new Uint8Array([104, 105])),
  nothing: (_, res) => void res.end(),
  "a status and headers by writeHead()": (_, res) => res.writeHead(201, { "X-A": "1", "X-B": ["2", "3"] }).end("made"),
  "a reason of its own": (_, res) => res.writeHead(200, "Fine", { "X-A": "1" }).end(),
  "headers in a flat list": (_, res) => res.writeHead(200, ["X-A", "1", "X-A", "2", "Set-Cookie", "a=1"]).end(),
  "headers in pairs": (_, res) =>
    res
      .writeHead(200, [
        ["X-A", "1"],
        ["X-A", "2"],
      ] as never)
      .end(),
  "headers set one by one": (_, res) => {
    res.statusCode = 404;
    res.statusMessage = "Lost";
    res.setHeader("Set-Cookie", ["a=1", "b=2"]);
    res.setHeader("X-Number", 5);
    res.setHeader("x-case", "kept");
    res.setHeader("X-Gone", "1");
    res.removeHeader("X-Gone");
    res.appendHeader("X-More", "1").appendHeader("X-More", "2");
    res.end("gone");
  },
  "headers set and given": (_, res) => {
    res.setHeader("X-A", "1").setHeader("X-B", "1");
    res.writeHead(200, { "x-b": "2", "X-C": "3" }).end("both");
  },
  "a status without a phrase": (_, res) => res.writeHead(299).end(),
  "a phrase that has changed since": (_, res) => res.writeHead(413).end(),
  "pieces by write()": (_, res) => {
    res.write("one ");
    res.write(Buffer.from("two "));
    res.write("");
    res.end("three");
  },
  "pieces of a declared length": (_, res) => {
    res.setHeader("Content-Length", 7);
    res.write("one ");
    res.end("two");
  },
  "a given Transfer-Encoding": (_, res) => {
    res.setHeader("Transfer-Encoding", "chunked");
    res.write("one");
    res.end();
  },
  "text of other encodings": (_, res) => {
    res.write("é", "latin1");
    res.write("6162", "hex");
    res.end("Y2Q=", "base64");
  },
  trailers: (_, res) => {
    res.writeHead(200, { Trailer: "X-Sum, X-More" });
    res.write("body");
    res.addTrailers({ "X-Sum": "1", "X-More": "a: b" });
    res.end();
  },
  "a Date of its own": (_, res) => res.writeHead(200, { Date: "Thu, 01 Jan 1970 00:00:00 GMT" }).end(),
  "204": (_, res) => res.writeHead(204).end(),
  "204 with a body all the same": (_, res) => res.writeHead(204).end("nobody reads this"),
  "304 with a validator": (_, res) => res.writeHead(304, { ETag: '"a"' }).end(),
};

describe("node:http and Portico send the same for", () => {
  for (const [what, listener] of Object.entries(ALIKE)) test(what, async (t) => void (await same(t, listener, GET)));
});
