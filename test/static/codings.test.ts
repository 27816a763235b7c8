import assert from "node:assert/strict";
import { renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { type FilesOptions, files } from "../../src/static/index.ts";
import { type Answer, type Client, connect, start } from "../server/support.ts";
import { ask, makeTree, settled, type Tree, visit } from "./support.ts";

const TEXT = "<p>All the way through.</p>\n".repeat(200);
const LARGE = "0123456789\n".repeat(300_000);

/** A site that has settled, so that its files are kept and what is kept is compressed. */
async function visitSettled(t: TestContext, tree: Tree, options: FilesOptions = {}): Promise<[Client, string]> {
  const root = makeTree(t, tree);
  for (const name of Object.keys(tree)) await settled(path.join(root, name));
  return [await visit(t, root, options), root];
}

const get = (client: Client, target: string, accepted: string, fields = "") =>
  client.get(target, `Accept-Encoding: ${accepted}\r\n${fields}`);

const DECODE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { br: brotliDecompressSync, gzip: gunzipSync };

function decoded({ body, field }: Answer): string {
  const coding = field("Content-Encoding");
  return String(coding === null ? body : DECODE[coding]!(body));
}

test("text is compressed for whom wants it, in the coding that is wanted most", async (t) => {
  const [client] = await visitSettled(t, { "a.html": TEXT });
  const wanted = {
    "gzip, deflate, br": "br",
    gzip: "gzip",
    "x-gzip": "gzip",
    "br;q=0.5, gzip;q=1": "gzip",
    deflate: null,
    identity: null,
    "*;q=0": null,
    "br;q=0": null,
    "identity, br;q=0.1": null,
  };
  const plain = await client.get("/a.html");
  // Twice: made for the first, kept for the second.
  for (let round = 0; round < 2; round++) {
    for (const [accepted, coding] of Object.entries(wanted)) {
      const answer = await get(client, "/a.html", accepted);
      assert.equal(answer.status, 200);
      assert.equal(answer.field("Content-Encoding"), coding, accepted);
      assert.equal(decoded(answer), TEXT);
      assert.equal(answer.field("Vary"), "Accept-Encoding");
      assert.equal(answer.field("Content-Type"), plain.field("Content-Type"));
      assert.equal(answer.field("Last-Modified"), plain.field("Last-Modified"));
      if (coding !== null) assert.ok(answer.body.length < TEXT.length / 10);
    }
  }
});

test("codings have entity tags of their own, and each is told 304 for its own", async (t) => {
  const [client] = await visitSettled(t, { "a.css": TEXT });
  const tags = new Map<string, string>();
  for (const coding of ["identity", "br", "gzip"]) {
    const tag = (await get(client, "/a.css", coding)).field("ETag")!;
    assert.match(tag, /^"[^"]+"$/);
    tags.set(coding, tag);
  }
  assert.equal(new Set(tags.values()).size, 3);
  for (const coding of tags.keys()) {
    for (const [other, tag] of tags) {
      const answer = await get(client, "/a.css", coding, `If-None-Match: ${tag}\r\n`);
      assert.equal(answer.status, coding === other ? 304 : 200, `${coding} ${other}`);
      assert.equal(answer.field("ETag"), tags.get(coding)!);
      assert.equal(answer.field("Vary"), "Accept-Encoding");
    }
  }
});

test("HEAD tells the length that GET has, in every coding", async (t) => {
  const [client] = await visitSettled(t, { "a.js": TEXT });
  for (const coding of ["br", "gzip", "identity"]) {
    const head = await ask(client, "HEAD", "/a.js", `Accept-Encoding: ${coding}\r\n`);
    const whole = await get(client, "/a.js", coding);
    assert.equal(head.field("Content-Length"), `${whole.body.length}`);
    assert.deepEqual(head.fields.slice(1), whole.fields.slice(1));
  }
});

test("what gains nothing is not compressed, and has no Vary where there is nothing to choose", async (t) => {
  const [client] = await visitSettled(t, {
    "short.txt": "short",
    "photo.png": Buffer.alloc(5000),
    "font.woff2": Buffer.alloc(5000),
    "dense.txt": Buffer.from(Uint32Array.from({ length: 500 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 0).buffer),
  });
  for (const [name, varies] of [
    ["short.txt", null],
    ["photo.png", null],
    ["font.woff2", null],
    ["dense.txt", "Accept-Encoding"],
  ]) {
    for (let round = 0; round < 2; round++) {
      const answer = await get(client, `/${name}`, "br, gzip");
      assert.equal(answer.field("Content-Encoding"), null, name!);
      assert.equal(answer.field("Vary"), varies!);
    }
  }
});

test("a site can do without compression", async (t) => {
  const tree = { "a.html": TEXT, "b.html": TEXT, "b.html.gz": gzipSync(TEXT) };
  const [client] = await visitSettled(t, tree, { compress: false });
  const answer = await get(client, "/a.html", "br, gzip");
  assert.equal(answer.text, TEXT);
  assert.equal(answer.field("Vary"), null);
  assert.equal((await get(client, "/b.html", "br, gzip")).field("Content-Encoding"), "gzip");
});

test("many who ask for a coding at once get it, whole", async (t) => {
  const text = LARGE.slice(0, 1_000_000);
  const root = makeTree(t, { "a.txt": text });
  await settled(path.join(root, "a.txt"));
  const server = await start(t, files(root));
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(t, server)));
  for (const answer of await Promise.all(clients.map((client) => get(client, "/a.txt", "br")))) {
    assert.equal(answer.field("Content-Encoding"), "br");
    assert.equal(decoded(answer), text);
  }
});

for (const [size, text] of Object.entries({ small: TEXT, large: LARGE })) {
  const sources = { "a.js": text, "a.js.br": brotliCompressSync(text), "a.js.gz": gzipSync(text) };

  test(`a sibling answers for a ${size} file, with the file's type`, async (t) => {
    const [client] = await visitSettled(t, sources);
    for (const [coding, extension] of [
      ["br", "br"],
      ["gzip", "gz"],
    ] as const) {
      for (const accepted of [coding, `x, ${coding};q=0.1`]) {
        const answer = await get(client, "/a.js", accepted);
        assert.equal(answer.field("Content-Encoding"), coding);
        assert.equal(answer.field("Content-Type"), "text/javascript; charset=utf-8");
        assert.equal(answer.field("Vary"), "Accept-Encoding");
        assert.equal(answer.field("Accept-Ranges"), null);
        assert.ok(answer.body.equals(sources[`a.js.${extension}`]));
      }
    }
    const both = await get(client, "/a.js", "gzip, br");
    assert.equal(both.field("Content-Encoding"), "br");
    const plain = await client.get("/a.js");
    assert.equal(plain.text, text);
    assert.equal(plain.field("Vary"), "Accept-Encoding");
    assert.notEqual(plain.field("ETag"), both.field("ETag"));
    assert.equal((await get(client, "/a.js", "br", `If-None-Match: ${both.field("ETag")}\r\n`)).status, 304);
    assert.equal((await get(client, "/a.js", "br", `If-None-Match: ${plain.field("ETag")}\r\n`)).status, 200);
  });

  test(`a part of a ${size} file is of the plain bytes, whatever codings are accepted`, async (t) => {
    const [client] = await visitSettled(t, sources);
    const plain = await client.get("/a.js");
    const part = await get(client, "/a.js", "br, gzip", "Range: bytes=10-19\r\n");
    assert.equal(part.status, 206);
    assert.equal(part.text, text.slice(10, 20));
    assert.equal(part.field("Content-Encoding"), null);
    assert.equal(part.field("ETag"), plain.field("ETag"));
    // Who has the beginning of a coding gets all of it again.
    const coded = await get(client, "/a.js", "br");
    const again = await get(client, "/a.js", "br", `Range: bytes=10-\r\nIf-Range: ${coded.field("ETag")}\r\n`);
    assert.equal(again.status, 200);
    assert.ok(again.body.equals(coded.body));
  });

  test(`a sibling that is older than its ${size} file is not used`, async (t) => {
    const root = makeTree(t, { ...sources, "a.js.br": brotliCompressSync("stale"), "a.js.gz": gzipSync("stale") });
    const time = new Date("2024-06-01T00:00:00.500Z");
    utimesSync(path.join(root, "a.js"), time, time);
    utimesSync(path.join(root, "a.js.br"), time, new Date(time.getTime() - 1));
    utimesSync(path.join(root, "a.js.gz"), time, new Date("2020-01-01"));
    for (const name of Object.keys(sources)) await settled(path.join(root, name));
    const client = await visit(t, root, { compress: false });
    for (const accepted of ["br", "gzip", "br, gzip"]) {
      const answer = await get(client, "/a.js", accepted);
      assert.equal(answer.field("Content-Encoding"), null, accepted);
      assert.equal(answer.text, text);
    }
  });

  test(`a sibling of a ${size} file comes, changes and goes with the next request`, async (t) => {
    const [client, root] = await visitSettled(t, { "a.js": text }, { checkInterval: 0, compress: false });
    const sibling = path.join(root, "a.js.gz");
    assert.equal(decoded(await get(client, "/a.js", "gzip")), text);
    for (const level of [1, 9]) {
      const bytes = gzipSync(text, { level });
      writeFileSync(`${sibling}.new`, bytes);
      renameSync(`${sibling}.new`, sibling);
      const answer = await get(client, "/a.js", "gzip");
      assert.equal(answer.field("Content-Encoding"), "gzip");
      assert.ok(answer.body.equals(bytes));
      await settled(sibling);
      assert.ok((await get(client, "/a.js", "gzip")).body.equals(bytes));
    }
    // The source is written anew, its sibling is forgotten.
    utimesSync(sibling, new Date(), new Date(Date.now() - 60_000));
    writeFileSync(path.join(root, "a.js"), "new();".repeat(1000));
    assert.equal(decoded(await get(client, "/a.js", "gzip")), "new();".repeat(1000));
    rmSync(sibling);
    assert.equal(decoded(await get(client, "/a.js", "gzip")), "new();".repeat(1000));
  });
}

test("a sibling that saves nothing, leads out of the site, or is no file is not used", async (t) => {
  const tree = {
    "site/a.txt": TEXT,
    "site/a.txt.br": `${TEXT}!`,
    "site/a.txt.gz": { link: "../outside.gz" },
    "site/a.txt.zst/x": "",
    "outside.gz": gzipSync("SECRET"),
  };
  const client = await visit(t, path.join(makeTree(t, tree), "site"), { compress: false });
  const answer = await get(client, "/a.txt", "br, zstd, gzip");
  assert.equal(answer.field("Content-Encoding"), null);
  assert.equal(answer.text, TEXT);
});

test("a sibling asked for by its own name is a file like any other", async (t) => {
  const bytes = gzipSync(TEXT);
  const [client] = await visitSettled(t, { "a.js": TEXT, "a.js.gz": bytes });
  const answer = await client.get("/a.js.gz");
  assert.equal(answer.field("Content-Encoding"), null);
  assert.equal(answer.field("Content-Type"), "application/gzip");
  assert.ok(answer.body.equals(bytes));
});

test("the page of what is missing is compressed as well", async (t) => {
  const [client] = await visitSettled(t, { "404.html": TEXT });
  const answer = await get(client, "/none", "gzip");
  assert.equal(answer.status, 404);
  assert.equal(answer.field("Content-Encoding"), "gzip");
  assert.equal(answer.field("Vary"), "Accept-Encoding");
  assert.equal(decoded(answer), TEXT);
});

test("an edit is never answered with what was compressed before it", async (t) => {
  const [client, root] = await visitSettled(t, { "a.txt": TEXT }, { checkInterval: 0 });
  const location = path.join(root, "a.txt");
  for (let edit = 0; edit < 20; edit++) {
    const text = `${edit} ${TEXT}`;
    writeFileSync(location, text);
    assert.equal(decoded(await get(client, "/a.txt", "br")), text);
    await settled(location);
    for (let round = 0; round < 2; round++) {
      const answer = await get(client, "/a.txt", "br");
      assert.equal(answer.field("Content-Encoding"), "br");
      assert.equal(decoded(answer), text);
    }
  }
});

test("an index is compressed like any page", async (t) => {
  const [client] = await visitSettled(t, { "index.html": TEXT, "sub/index.html": TEXT });
  for (const target of ["/", "/sub/"]) assert.equal(decoded(await get(client, target, "br")), TEXT);
  assert.equal((await get(client, "/sub/", "br")).field("Content-Encoding"), "br");
});
