/** What real clients send (`requests/*.http`) is read as what they meant, however it is cut. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { replay } from "./wire.ts";

const directory = new URL("requests/", import.meta.url);

const requests: Readonly<Record<string, readonly [head: string, fields: number, bodySize: number]>> = {
  "chromium-favicon.http": ["head GET /favicon.ico 1.1", 13, 0],
  "chromium-fetch.http": ["head PUT /api/notes/1 1.1 length=16", 16, 16],
  "chromium-form.http": ["head POST /posted 1.1 length=58", 18, 58],
  "chromium-image.http": ["head GET /porch.png 1.1", 13, 0],
  "chromium-page.http": ["head GET / 1.1", 14, 0],
  "chromium-style.http": ["head GET /style.css 1.1", 13, 0],
  "chromium-upload.http": ["head POST /uploaded 1.1 length=297", 18, 297],
  "curl-form.http": ["head POST /curl-post 1.1 length=17", 5, 17],
  "curl-get.http": ["head GET /curl 1.1", 3, 0],
  "curl-upload.http": ["head PUT /curl-put-chunked 1.1 chunked expects-continue", 5, 3000],
  "edge94-favicon.http": ["head GET /favicon.ico 1.1", 15, 0],
  "edge94-image.http": ["head GET /test.jpg 1.1", 13, 0],
  "edge94-page.http": ["head GET / 1.1", 15, 0],
  "node-fetch-post.http": ["head POST /undici-post 1.1 length=16", 9, 16],
  "node-fetch-stream.http": ["head POST /undici-stream 1.1 chunked", 8, 7],
  "node-fetch.http": ["head GET /undici 1.1", 7, 0],
  "node-http.http": ["head GET /node-http 1.1", 2, 0],
  "python-chunked.http": ["head POST /python-chunked 1.1 chunked", 3, 16],
  "python-get.http": ["head GET /python 1.1", 2, 0],
  "python-post.http": ["head POST /python-post 1.1 length=16", 4, 16],
  "python-urllib.http": ["head GET /urllib 1.1 close", 4, 0],
  "wget-get.http": ["head GET /wget 1.1", 5, 0],
};

const bytesOf = (file: string) => readFileSync(new URL(file, directory));

test("every request that was kept is in the table", () => {
  const files = readdirSync(directory).filter((file) => file.endsWith(".http"));
  assert.deepEqual(files.sort(), Object.keys(requests).sort());
});

for (const [file, [head, fields, bodySize]] of Object.entries(requests)) {
  test(`${file} is one request with ${fields} fields and ${bodySize} bytes of body, however it is cut`, () => {
    const bytes = bytesOf(file);
    const steps = replay([bytes], true);
    const body = steps.find((step) => step.startsWith("body "))?.slice("body ".length) ?? '""';
    assert.equal(steps[0], head);
    assert.equal(steps.filter((step) => step.startsWith("  ")).length, fields);
    assert.equal(JSON.parse(body).length, bodySize);
    assert.deepEqual(steps.slice(-2), ["end", "eof"]);

    const single = Array.from(bytes, (byte) => Buffer.of(byte));
    assert.deepEqual(replay(single, true), steps, "byte by byte");
    for (let at = 1; at < bytes.length; at++) {
      assert.deepEqual(replay([bytes.subarray(0, at), bytes.subarray(at)], true), steps, `split at ${at}`);
    }
  });
}

test("all of them behind each other are as many requests", () => {
  const files = Object.keys(requests);
  const steps = replay([Buffer.concat(files.map(bytesOf))], true);
  const heads = steps.filter((step) => step.startsWith("head "));
  assert.deepEqual(
    heads,
    files.map((file) => requests[file]![0]),
  );
  assert.equal(steps.at(-1), "eof");
});
