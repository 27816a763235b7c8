/** Listings of directories, on raw sockets; how they look and feel is for test/browser to see. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import { NO_FIELDS } from "../../src/http/field-lines.ts";
import { RequestHead } from "../../src/http/request-head.ts";
import { FileCache } from "../../src/static/cache.ts";
import { files } from "../../src/static/index.ts";
import { Listings } from "../../src/static/listing.ts";
import { showSize } from "../../src/static/listing-page.ts";
import { Root } from "../../src/static/root.ts";
import { type Client, connect, start } from "../server/support.ts";
import { ask, makeTree, settled, type Tree, visit } from "./support.ts";

const JSON_WANTED = "Accept: application/json\r\n";

interface Listed {
  readonly name: string;
  readonly type: "file" | "directory";
  readonly href: string;
  readonly size?: number;
  readonly modified: string;
}

async function list(client: Client, target: string): Promise<{ path: string; entries: Listed[]; truncated: boolean }> {
  const answer = await client.get(target, JSON_WANTED);
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
}

const namesAt = async (client: Client, target: string) => (await list(client, target)).entries.map(({ name }) => name);

/** What the page shows, top to bottom. */
function rowsOf(html: string): { href: string; name: string }[] {
  const rows = html.matchAll(/<a href="([^"]*)"[^>]* class="\w+"><bdi>(.*?)<\/bdi><\/a>/g);
  return [...rows].map(([, href, name]) => ({ href: textOf(href!), name: textOf(name!) }));
}

function textOf(html: string): string {
  const text: Record<string, string> = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };
  return html.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => text[entity]!);
}

test("a directory without index.html is listed when that was asked for, and not there otherwise", async (t) => {
  const root = makeTree(t, { "sub/a.txt": "a", "home/index.html": "home" });
  const open = await visit(t, root, { listing: true });
  assert.deepEqual(rowsOf((await open.get("/")).text), [
    { href: "./home/", name: "home/" },
    { href: "./sub/", name: "sub/" },
  ]);
  assert.equal((await open.get("/home/")).text, "home");
  const closed = await visit(t, root);
  for (const target of ["/", "/sub", "/sub/"]) assert.equal((await closed.get(target)).status, 404);
});

test("a path without its slash leads to the one with it, and keeps its query", async (t) => {
  const client = await visit(t, makeTree(t, { "sub/a.txt": "a" }), { listing: true });
  const answer = await client.get("/sub?sort=date");
  assert.deepEqual([answer.status, answer.field("Location")], [308, "./sub/?sort=date"]);
  assert.equal((await client.get("/sub/a.txt/")).status, 404);
});

test("a listing says of every file how large it is and when it was changed, and of a directory the latter", async (t) => {
  const root = makeTree(t, { "a.txt": "hello", "sub/b.txt": "b" });
  for (const name of ["a.txt", "sub"])
    utimesSync(path.join(root, name), 0, Date.UTC(2024, 1, 29, 12, 34, 56, 789) / 1000);
  const client = await visit(t, root, { listing: true });
  const modified = "2024-02-29T12:34:56.789Z";
  assert.deepEqual(await list(client, "/"), {
    path: "/",
    entries: [
      { name: "sub", type: "directory", href: "./sub/", modified },
      { name: "a.txt", type: "file", href: "./a.txt", size: 5, modified },
    ],
    truncated: false,
  });
  const { text } = await client.get("/");
  assert.match(text, /<data value="5">5 B<\/data>/);
  assert.match(text, /<time datetime="2024-02-29T12:34:56\.789Z">2024-02-29<span> 12:34<\/span><\/time>/);
  assert.match(text, /<p role="status">1 directory, 1 file, 5 B<\/p>/);
});

test("the query sorts by name, size or date, either way; directories stand first", async (t) => {
  const root = makeTree(t, { file10: "a", file9: "abc", File1: "ab", "z/x": "", "y/x": "" });
  for (const [at, name] of ["file9", "y", "file10", "z", "File1"].entries()) utimesSync(path.join(root, name), at, at);
  const client = await visit(t, root, { listing: true });
  const orders: Record<string, string[]> = {
    "": ["y", "z", "File1", "file9", "file10"],
    "?sort=name": ["y", "z", "File1", "file9", "file10"],
    "?sort=-name": ["z", "y", "file10", "file9", "File1"],
    "?sort=size": ["y", "z", "file10", "File1", "file9"],
    "?sort=-size": ["y", "z", "file9", "File1", "file10"],
    "?sort=date": ["y", "z", "file9", "file10", "File1"],
    "?a=b&sort=%2Ddate": ["z", "y", "File1", "file10", "file9"],
    "?sort=colour": ["y", "z", "File1", "file9", "file10"],
  };
  for (const [query, names] of Object.entries(orders)) {
    assert.deepEqual(await namesAt(client, `/${query}`), names, query);
    const shown = rowsOf((await client.get(`/${query}`)).text).map(({ name }) => name.replace("/", ""));
    assert.deepEqual(shown, names, query);
  }
  const { text } = await client.get("/?sort=-size");
  assert.deepEqual(text.match(/aria-sort="[a-z]+"><button form="order" name="sort" value="-?[a-z]+">/g), [
    'aria-sort="descending"><button form="order" name="sort" value="size">',
  ]);
});

test("names are shown as they are, whatever they try to be, and their links lead to them", async (t) => {
  const names = [
    `"quoted" 'twice' <b>&amp;`,
    "<script>alert(1)<",
    "javascript:alert(1)",
    "http:evil",
    "a:b",
    "100%",
    "%41",
    "a?b#c;d=e&f+g",
    " spaces ",
    "-rf",
    "~",
    "ünï © 漢字 👩‍💻",
    "x".repeat(255),
  ];
  const tree: Tree = Object.fromEntries(
    names.flatMap((name) => [
      [name, name],
      [`sub/${name}/in.txt`, name],
    ]),
  );
  const client = await visit(t, makeTree(t, tree), { listing: true });
  const { text } = await client.get("/");
  assert.deepEqual(new Set(rowsOf(text).map(({ name }) => name)), new Set([...names, "sub/"]));
  assert.doesNotMatch(text, /<(?:b|script)>(?:&amp;|alert)/);
  for (const { href, name } of rowsOf(text)) {
    if (name === "sub/") continue;
    const url = new URL(href, "http://host/");
    assert.equal(url.host, "host", href);
    assert.equal((await client.get(url.pathname + url.search)).text, name, href);
  }
  for (const { href, name } of await list(client, "/sub/").then(({ entries }) => entries)) {
    const url = new URL(`${href}in.txt`, "http://host/sub/");
    assert.equal((await client.get(url.pathname + url.search)).text, name, href);
  }
});

test("what cannot be seen in a name is shown by its number: line ends, and what turns text round", async (t) => {
  const name = "a\nb\u001b\u007f\u202egpj.exe\u2067\u200b\ufeff\u2028";
  const client = await visit(t, makeTree(t, { [name]: "a", [`${name}d/x`]: "" }), { listing: true });
  const shown = "a␊b␛‹007F›‹202E›gpj.exe‹2067›‹200B›‹FEFF›‹2028›";
  const { text } = await client.get("/");
  assert.deepEqual(
    rowsOf(text).map(({ name }) => name),
    [`${shown}d/`, shown],
  );
  const inside = await client.get(rowsOf(text)[0]!.href.slice(1));
  assert.ok(inside.text.includes(`<title>/${shown}d/</title>`));
  assert.deepEqual(await namesAt(client, "/"), [`${name}d`, name]);
});

test("what would not be served is not listed", async (t) => {
  const root = path.join(
    makeTree(t, {
      "site/a.txt": "a",
      "site/linked.txt": { link: "a.txt" },
      "site/linked": { link: "sub" },
      "site/sub/b.txt": "b",
      "site/.env": "SECRET",
      "site/.git/config": "SECRET",
      "site/.well-known/x": "",
      "site/back\\slash": "",
      "site/hidden": { link: ".git" },
      "site/hidden.txt": { link: ".env" },
      "site/out": { link: "../outside" },
      "site/out.txt": { link: "../outside/secret.txt" },
      "site/dangling": { link: "nowhere" },
      "site/loop": { link: "loop" },
      "outside/secret.txt": "SECRET",
    }),
    "site",
  );
  spawnSync("mkfifo", [path.join(root, "fifo")]);
  writeFileSync(Buffer.concat([Buffer.from(path.join(root, "not-utf8-")), Buffer.of(0xff)]), "");
  const client = await visit(t, root, { listing: true });
  const shown = [".well-known", "linked", "sub", "a.txt", "linked.txt"];
  assert.deepEqual(await namesAt(client, "/"), shown);
  for (const target of ["/.git/", "/hidden/", "/out/", "/.well-known/../", "/..%2foutside/", "/fifo/"]) {
    const answer = await client.get(target);
    assert.equal(answer.status, 404, target);
    assert.doesNotMatch(answer.text, /secret|config/, target);
  }
  const all = await visit(t, root, { listing: true, dotfiles: true });
  assert.deepEqual(await namesAt(all, "/"), [
    ".git",
    ".well-known",
    "hidden",
    "linked",
    "sub",
    ".env",
    "a.txt",
    "hidden.txt",
    "linked.txt",
  ]);
});

test("what we may not read is not listed", { skip: process.getuid?.() === 0 && "root may read all" }, async (t) => {
  const root = makeTree(t, { "a.txt": "a", "mine.txt": "", "closed/x": "" });
  chmodSync(path.join(root, "mine.txt"), 0);
  chmodSync(path.join(root, "closed"), 0);
  const client = await visit(t, root, { listing: true });
  const names = await namesAt(client, "/");
  const { status } = await client.get("/closed/");
  // As it has to be for whoever clears it away.
  chmodSync(path.join(root, "closed"), 0o700);
  assert.deepEqual([names, status], [["a.txt"], 404]);
});

test("a directory that is swapped for a link while it is read is still the one that was opened", (t) => {
  if (process.platform !== "linux") return t.skip("only Linux names what a descriptor is open on");
  const tree = makeTree(t, { "site/sub/a.txt": "inside", "outside/a.txt": "much longer" });
  const root = new Root(path.join(tree, "site"), false);
  const directory = root.openDirectory(["sub"])!;
  renameSync(path.join(tree, "site/sub"), path.join(tree, "site/moved"));
  symlinkSync("../outside", path.join(tree, "site/sub"));
  assert.equal(root.look(directory, "a.txt")!.size, 6);
  assert.equal(root.openDirectory(["sub"]), null);
});

test("JSON for who wants it, a page for everybody else, and caches are told", async (t) => {
  const client = await visit(t, makeTree(t, { "a.txt": "a" }), { listing: true });
  const rows: Record<string, "text/html" | "application/json"> = {
    "": "text/html",
    "*/*": "text/html",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "text/html",
    "application/json": "application/json",
    "application/json, text/plain, */*": "application/json",
    "application/json;q=0.5, text/html": "text/html",
    "image/png": "text/html",
  };
  for (const [accept, type] of Object.entries(rows)) {
    const answer = await client.get("/", accept === "" ? "" : `Accept: ${accept}\r\n`);
    assert.equal(answer.field("Content-Type"), `${type}; charset=utf-8`, accept);
    assert.equal(answer.field("Vary"), "Accept-Encoding, Accept");
    assert.equal(answer.field("Cache-Control"), "no-cache");
    assert.equal(answer.field("X-Content-Type-Options"), "nosniff");
  }
});

test("HEAD is as GET, and other methods are refused or told what there is", async (t) => {
  const client = await visit(t, makeTree(t, { "sub/a.txt": "a" }), { listing: true });
  const [get, head] = [await client.get("/sub/"), await ask(client, "HEAD", "/sub/")];
  assert.deepEqual(head.fields.slice(1), get.fields.slice(1));
  assert.equal(Number(head.field("Content-Length")), get.body.length);
  for (const target of ["/sub", "/sub/"]) {
    const refused = await ask(client, "DELETE", target);
    assert.deepEqual([refused.status, refused.field("Allow")], [405, "GET, HEAD, OPTIONS"]);
    assert.equal((await ask(client, "OPTIONS", target)).status, 204);
  }
});

test("a listing has a tag that changes with what it shows, and no time, which would not", async (t) => {
  const root = makeTree(t, { "a.txt": "a" });
  const client = await visit(t, root, { listing: true, checkInterval: 0 });
  const first = await client.get("/");
  const tag = first.field("ETag");
  assert.match(tag!, /^"/);
  assert.equal(first.field("Last-Modified"), null);
  const conditional = `If-None-Match: ${tag}\r\n`;
  const unchanged = await client.get("/", conditional);
  assert.deepEqual([unchanged.status, unchanged.field("Vary")], [304, "Accept-Encoding, Accept"]);
  assert.equal((await client.get("/", `${conditional}${JSON_WANTED}`)).status, 200);
  // In place: the directory's own times stay.
  writeFileSync(path.join(root, "a.txt"), "longer");
  assert.equal((await client.get("/", conditional)).status, 200);
  writeFileSync(path.join(root, "b.txt"), "b");
  assert.deepEqual(await namesAt(client, "/"), ["a.txt", "b.txt"]);
  rmSync(path.join(root, "a.txt"));
  assert.deepEqual(await namesAt(client, "/"), ["b.txt"]);
});

test("within checkInterval a listing is believed, as a file is", async (t) => {
  const root = makeTree(t, { "a.txt": "a" });
  const client = await visit(t, root, { listing: true, checkInterval: 600_000 });
  assert.deepEqual(await namesAt(client, "/"), ["a.txt"]);
  writeFileSync(path.join(root, "b.txt"), "b");
  assert.deepEqual(await namesAt(client, "/"), ["a.txt"]);
});

test("a listing that has not changed is the same one, and is not compressed again", async (t) => {
  const root = makeTree(t, { "a.txt": "a" });
  const cache = new FileCache(1_000_000, 0);
  const listings = new Listings(new Root(root, false), cache, true);
  const said = { changes: null, edition: {} };
  const head = new RequestHead("GET", "/", 1, NO_FIELDS);
  const get = () => listings.get({ names: [], directory: true }, [], head, said);
  const first = await get();
  const { size } = cache;
  assert.equal(await get(), first);
  const [one, other] = await Promise.all([get(), get()]);
  assert.equal(one, other);
  assert.deepEqual([one, cache.size], [first, size]);
  writeFileSync(path.join(root, "a.txt"), "changed");
  const changed = await get();
  assert.notEqual(changed, first);
  assert.equal(cache.size, changed!.size);
});

test("a listing is compressed for who wants it, with all that is said of the plain one", async (t) => {
  const client = await visit(t, makeTree(t, { "a.txt": "a" }), { listing: true, cacheControl: "max-age=60" });
  const plain = await client.get("/");
  const coded = await client.get("/", "Accept-Encoding: br\r\n");
  assert.equal(coded.field("Content-Encoding"), "br");
  assert.ok(brotliDecompressSync(coded.body).equals(plain.body));
  for (const field of ["Content-Security-Policy", "Vary", "Cache-Control", "Content-Type"]) {
    assert.notEqual(plain.field(field), null, field);
    assert.equal(coded.field(field), plain.field(field), field);
  }
  assert.notEqual(coded.field("ETag"), plain.field("ETag"));
  const never = await visit(t, makeTree(t, { "a.txt": "a" }), { listing: true, compress: false });
  const answer = await never.get("/", "Accept-Encoding: br\r\n");
  assert.deepEqual([answer.field("Content-Encoding"), answer.field("Vary")], [null, "Accept"]);
});

test("the page may run its own script and nothing else", async (t) => {
  const client = await visit(t, makeTree(t, { "a.txt": "a" }), { listing: true });
  const { text, field } = await client.get("/");
  const hashOf = (tag: string) => {
    const [, source] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(text)!;
    return `'sha256-${createHash("sha256").update(source!).digest("base64")}'`;
  };
  const policy = field("Content-Security-Policy")!.split("; ");
  assert.deepEqual(policy.slice(0, 3), [
    "default-src 'none'",
    `style-src ${hashOf("style")}`,
    `script-src ${hashOf("script")}`,
  ]);
  assert.doesNotMatch(text, /\son[a-z]+=|\sstyle=|(?:src|href)="(?!data:|#|\.)/);
});

test("what a site says on all its responses, it says on listings too, but not what they are and may do", async (t) => {
  const headers = {
    "X-Frame": "a",
    "Content-Type": "text/plain",
    "Content-Security-Policy": "default-src *",
    "Cache-Control": "immutable",
  };
  const client = await visit(t, makeTree(t, { "a.txt": "a" }), { listing: true, headers, cors: true });
  const { field } = await client.get("/");
  assert.equal(field("X-Frame"), "a");
  assert.equal(field("Access-Control-Allow-Origin"), "*");
  assert.equal(field("Content-Type"), "text/html; charset=utf-8");
  assert.match(field("Content-Security-Policy")!, /^default-src 'none'/);
  assert.equal(field("Cache-Control"), "no-cache");
});

test("the rules of a site go before listings, and their files are not listed", async (t) => {
  const root = makeTree(t, {
    _redirects: "/old/* /new/:splat 302\n",
    _headers: "/sub/*\n  X-Sub: yes\n  Content-Type: text/plain\n",
    "old/a.txt": "a",
    "sub/_headers": "",
  });
  const client = await visit(t, root, { listing: true });
  assert.deepEqual(await namesAt(client, "/"), ["old", "sub"]);
  assert.deepEqual(await namesAt(client, "/sub/"), ["_headers"]);
  const moved = await client.get("/old/");
  assert.deepEqual([moved.status, moved.field("Location")], [302, "/new/"]);
  const { field } = await client.get("/sub/");
  assert.deepEqual([field("X-Sub"), field("Content-Type")], ["yes", "text/html; charset=utf-8"]);
});

test("clean URLs and the page of an application leave listings where nothing else answers", async (t) => {
  const root = makeTree(t, { "index.html": "app", "sub/a.txt": "a", "page/x.txt": "x", "page.html": "page" });
  const client = await visit(t, root, { listing: true, cleanUrls: true, spa: true });
  const go = (target: string) => client.get(target, "Accept: text/html\r\n");
  assert.match((await go("/sub/")).text, /a\.txt/);
  assert.equal((await go("/page/")).field("Location"), "../page");
  assert.equal((await go("/page")).text, "page");
  assert.equal((await go("/nothing/")).text, "app");
});

test("the way up ends at the root, wherever that stands", async (t) => {
  const root = makeTree(t, { "one/two/a.txt": "a" });
  const client = await visit(t, root, { listing: true, prefix: "/shared/files" });
  const up = async (target: string) => (await client.get(target)).text.match(/href="(?:\.\.\/)+"/g);
  assert.equal(await up("/shared/files/"), null);
  assert.deepEqual(await up("/shared/files/one/"), ['href="../"', 'href="../"']);
  assert.deepEqual(await up("/shared/files/one/two/"), ['href="../../"', 'href="../"', 'href="../"']);
  assert.equal((await client.get("/shared/")).status, 404);
  assert.equal((await list(client, "/shared/files/one/")).path, "/shared/files/one/");
});

test("an empty directory is one, and one that goes meanwhile is not there", async (t) => {
  const root = makeTree(t, {});
  mkdirSync(path.join(root, "sub"));
  const client = await visit(t, root, { listing: true, checkInterval: 0 });
  const { text } = await client.get("/sub/");
  assert.match(text, /<p class="empty">Nothing here\.<\/p>/);
  assert.match(text, /<p role="status">Empty<\/p>/);
  rmSync(path.join(root, "sub"), { recursive: true });
  assert.equal((await client.get("/sub/")).status, 404);
});

test("a directory of too many names is shown in part, says so, and holds up nobody", async (t) => {
  const root = makeTree(t, { "small.txt": "small" });
  await settled(path.join(root, "small.txt"));
  mkdirSync(path.join(root, "many"));
  for (let at = 0; at < 10_050; at++) writeFileSync(path.join(root, "many", `${at}.txt`), "");
  const server = await start(t, files(root, { listing: true }));
  const [slow, quick] = [await connect(t, server), await connect(t, server)];
  const order: string[] = [];
  const listing = slow.get("/many/").then((answer) => {
    order.push("listing");
    return answer;
  });
  await quick.get("/small.txt").then(() => order.push("file"));
  const { text } = await listing;
  assert.deepEqual(order, ["file", "listing"]);
  assert.equal(rowsOf(text).length, 10_000);
  assert.match(text, /More than 10,000 names are here/);
  const { entries, truncated } = await list(quick, "/many/");
  assert.deepEqual([entries.length, truncated], [10_000, true]);
});

test("sizes have three figures", () => {
  const rows: Record<number, string> = {
    0: "0 B",
    999: "999 B",
    1000: "1.00 kB",
    9994: "9.99 kB",
    9996: "10.0 kB",
    99940: "99.9 kB",
    99960: "100 kB",
    999400: "999 kB",
    999600: "1.00 MB",
    1234567: "1.23 MB",
    5e12: "5.00 TB",
    9e15: "9.00 PB",
  };
  for (const [size, text] of Object.entries(rows)) assert.equal(showSize(Number(size)), text);
});
