/**
 * The 24 checks of RFC 9110 that docs/files.md lists, on raw sockets: the names here are the rows there. Each says what a
 * server of files has to do where fifteen others were seen to differ.
 */
import assert from "node:assert/strict";
import { readFileSync, utimesSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Answer } from "../server/support.ts";
import { ask, makeTree, settled, visit } from "./support.ts";

const TEXT = "0123456789".repeat(500);
const TIME = "Thu, 29 Feb 2024 12:34:56 GMT";
const BEFORE = "Thu, 29 Feb 2024 12:34:55 GMT";

interface Visit {
  /** The whole of the file, as GET gives it without any condition. */
  readonly whole: Answer;
  readonly etag: string;
  /** Sends a request for the file with these fields, by default a GET. */
  send(fields: string, method?: string, target?: string): Promise<Answer>;
}

const CHECKS: Readonly<Record<string, (visit: Visit) => Promise<void>>> = {
  "If-None-Match takes a list, and compares weakly": async ({ send, etag }) => {
    for (const list of [etag, `"a", ${etag}`, `W/${etag}`, `"a" ,W/${etag}, "b"`]) {
      assert.equal((await send(`If-None-Match: ${list}`)).status, 304, list);
    }
    assert.equal((await send('If-None-Match: "a", "b"')).status, 200);
  },
  "If-None-Match: * matches what is there": async ({ send }) => {
    assert.equal((await send("If-None-Match: *")).status, 304);
  },
  "If-None-Match overrides If-Modified-Since": async ({ send, etag }) => {
    assert.equal((await send(`If-None-Match: "a"\r\nIf-Modified-Since: ${TIME}`)).status, 200);
    assert.equal((await send(`If-Modified-Since: ${BEFORE}\r\nIf-None-Match: ${etag}`)).status, 304);
  },
  "If-Modified-Since is read in all three formats": async ({ send }) => {
    for (const time of [TIME, "Thursday, 29-Feb-24 12:34:56 GMT", "Thu Feb 29 12:34:56 2024"]) {
      assert.equal((await send(`If-Modified-Since: ${time}`)).status, 304, time);
    }
    assert.equal((await send(`If-Modified-Since: ${BEFORE}`)).status, 200);
  },
  "If-Modified-Since that is no date is ignored": async ({ send }) => {
    for (const time of ["2030-01-01", "tomorrow", "1893456000", "Fri, 31 Feb 2030 00:00:00 GMT"]) {
      assert.equal((await send(`If-Modified-Since: ${time}`)).status, 200, time);
    }
  },
  "If-Match that fails is a 412, and compares strongly": async ({ send, etag }) => {
    for (const list of ['"a"', `W/${etag}`]) assert.equal((await send(`If-Match: ${list}`)).status, 412, list);
    for (const list of ["*", etag, `"a", ${etag}`]) assert.equal((await send(`If-Match: ${list}`)).status, 200, list);
  },
  "If-Unmodified-Since that fails is a 412, unless If-Match decides": async ({ send, etag }) => {
    assert.equal((await send(`If-Unmodified-Since: ${BEFORE}`)).status, 412);
    assert.equal((await send(`If-Unmodified-Since: ${TIME}`)).status, 200);
    assert.equal((await send(`If-Unmodified-Since: ${BEFORE}\r\nIf-Match: ${etag}`)).status, 200);
  },
  "304 has no body, and carries ETag, Vary and Cache-Control": async ({ send, etag, whole }) => {
    const answer = await send("If-None-Match: *");
    assert.equal(answer.field("ETag"), etag);
    for (const field of ["Vary", "Cache-Control"]) assert.equal(answer.field(field), whole.field(field), field);
    for (const field of ["Content-Length", "Content-Type"]) assert.equal(answer.field(field), null, field);
  },
  "A range is a 206 with its Content-Range": async ({ send }) => {
    for (const [range, text, place] of [
      ["0-0", "0", "0-0"],
      ["10-14", "01234", "10-14"],
      ["4998-", "89", "4998-4999"],
      ["-3", "789", "4997-4999"],
      ["4999-9999", "9", "4999-4999"],
    ]) {
      const answer = await send(`Range: bytes=${range}`);
      assert.deepEqual([answer.status, answer.text], [206, text], range);
      assert.equal(answer.field("Content-Range"), `bytes ${place}/5000`);
    }
  },
  "A suffix longer than the file is the whole of it": async ({ send }) => {
    const answer = await send("Range: bytes=-5001");
    assert.equal(answer.field("Content-Range"), "bytes 0-4999/5000");
    assert.equal(answer.text, TEXT);
  },
  "Ranges that are not there are a 416 with the size": async ({ send }) => {
    for (const range of ["5000-", "9999-99999", "-0"]) {
      const answer = await send(`Range: bytes=${range}`);
      assert.deepEqual([answer.status, answer.field("Content-Range")], [416, "bytes */5000"], range);
    }
  },
  "An unknown unit or a malformed Range is ignored": async ({ send }) => {
    for (const range of ["lines=0-1", "bytes=a-b", "bytes=5-2", "bytes", "bytes=1"]) {
      assert.equal((await send(`Range: ${range}`)).status, 200, range);
    }
  },
  "The name of the unit is case-insensitive": async ({ send }) => {
    assert.equal((await send("Range: BYTES=0-4")).text, "01234");
  },
  "Several ranges are parts, in the order they were asked for": async ({ send }) => {
    const answer = await send("Range: bytes=20-21,0-1,-1");
    assert.equal(answer.status, 206);
    assert.match(answer.field("Content-Type")!, /^multipart\/byteranges; boundary=/);
    const places = [...answer.text.matchAll(/^Content-Range: bytes (\S+)\r\n\r\n(\d+)\r\n--/gm)];
    assert.deepEqual(
      places.map(([, place, text]) => `${place} ${text}`),
      ["20-21/5000 01", "0-1/5000 01", "4999-4999/5000 9"],
    );
  },
  "HEAD ignores Range": async ({ send, whole }) => {
    for (const range of ["0-1", "9999-"]) {
      const answer = await send(`Range: bytes=${range}`, "HEAD");
      assert.deepEqual([answer.status, answer.field("Content-Range")], [200, null]);
      assert.equal(answer.field("Content-Length"), whole.field("Content-Length"));
    }
  },
  "If-Range that fails gives the whole": async ({ send, etag }) => {
    for (const validator of ['"a"', `W/${etag}`, BEFORE, "Thu, 29 Feb 2024 12:34:57 GMT", "nonsense"]) {
      assert.equal((await send(`Range: bytes=0-4\r\nIf-Range: ${validator}`)).text, TEXT, validator);
    }
  },
  "If-Range that holds gives the part, by a strong tag or the very date": async ({ send, etag }) => {
    assert.match(etag, /^"/);
    for (const validator of [etag, TIME]) {
      assert.equal((await send(`Range: bytes=0-4\r\nIf-Range: ${validator}`)).text, "01234", validator);
    }
  },
  "Preconditions are decided before ranges": async ({ send, etag }) => {
    assert.equal((await send(`Range: bytes=0-4\r\nIf-None-Match: ${etag}`)).status, 304);
    assert.equal((await send('Range: bytes=9999-\r\nIf-Match: "a"')).status, 412);
  },
  "A coding with q=0 is not sent": async ({ send }) => {
    const answer = await send("Accept-Encoding: br;q=0, zstd;q=0.000, gzip");
    assert.equal(answer.field("Content-Encoding"), "gzip");
    assert.equal(gunzipSync(answer.body).toString(), TEXT);
    assert.equal((await send("Accept-Encoding: gzip, *;q=0")).field("Content-Encoding"), "gzip");
    assert.equal((await send("Accept-Encoding: *;q=0")).field("Content-Encoding"), null);
  },
  "Among codings the weight decides, and identity may weigh more": async ({ send }) => {
    const codingFor = async (accepted: string) =>
      (await send(`Accept-Encoding: ${accepted}`)).field("Content-Encoding");
    assert.equal(await codingFor("br;q=0.1, gzip;q=0.9"), "gzip");
    assert.equal(await codingFor("x-gzip"), "gzip");
    assert.equal(await codingFor("gzip;q=0.1, identity"), null);
    assert.equal(await codingFor("gzip;q=0.1, identity;q=0"), "gzip");
  },
  "Vary says so wherever a coding could have been chosen": async ({ send, whole }) => {
    assert.equal(whole.field("Vary"), "Accept-Encoding");
    for (const fields of ["Accept-Encoding: br", "Accept-Encoding: identity", "Range: bytes=0-1"]) {
      assert.equal((await send(fields)).field("Vary"), "Accept-Encoding", fields);
    }
  },
  "Each coding has a strong entity tag of its own": async ({ send, etag }) => {
    const tags = [etag];
    for (const coding of ["br", "gzip"]) {
      const tag = (await send(`Accept-Encoding: ${coding}`)).field("ETag")!;
      assert.match(tag, /^"/);
      assert.equal((await send(`Accept-Encoding: ${coding}\r\nIf-None-Match: ${tag}`)).status, 304);
      assert.equal((await send(`Accept-Encoding: ${coding}\r\nIf-None-Match: ${etag}`)).status, 200);
      tags.push(tag);
    }
    assert.equal(new Set(tags).size, 3);
  },
  "HEAD has the fields of GET, and its length": async ({ send }) => {
    for (const coding of ["identity", "br"]) {
      const [get, head] = [await send(`Accept-Encoding: ${coding}`), await send(`Accept-Encoding: ${coding}`, "HEAD")];
      assert.deepEqual(head.fields.slice(1), get.fields.slice(1), coding);
    }
  },
  "Another method on a file is a 405 with Allow": async ({ send }) => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await send("Content-Length: 0", method);
      assert.deepEqual([answer.status, answer.field("Allow")], [405, "GET, HEAD, OPTIONS"], method);
    }
  },
};

for (const [name, check] of Object.entries(CHECKS)) {
  test(name, async (t) => {
    const root = makeTree(t, { "file.txt": TEXT });
    const location = path.join(root, "file.txt");
    utimesSync(location, new Date(), new Date(TIME));
    await settled(location);
    const client = await visit(t, root);
    const whole = await client.get("/file.txt");
    assert.equal(whole.text, TEXT);
    const send: Visit["send"] = (fields, method = "GET") => ask(client, method, "/file.txt", `${fields}\r\n`);
    await check({ whole, etag: whole.field("ETag")!, send });
  });
}

test("docs/files.md lists these checks", () => {
  const page = readFileSync(new URL("../../docs/files.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| *\d+ \| (.*?) *\|/gm)].map(([, name]) =>
    name!.replaceAll("`", "").replaceAll("\\", ""),
  );
  assert.deepEqual(rows, Object.keys(CHECKS));
});
