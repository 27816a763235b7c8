/**
 * Request streams as text, a character a byte: by the grammar, with all the freedom that it leaves and now and then a
 * bit more, then damaged. What comes out is right often enough to reach every state, and wrong in the ways that matter.
 */
import { responseCases, wireCases } from "../wire.ts";
import type { Random } from "./random.ts";

const METHODS = ["GET", "GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE", "get", "M-SEARCH", "!~"];
const TARGETS = [
  "/",
  "/",
  "/a?b=c",
  "//a/b",
  "/%00?\\",
  "*",
  "a:80",
  "[::1]:80",
  "http://a/",
  "HTTPS://b:8/c",
  "http://a?b",
];
const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0"];
const HOSTS = ["a", "a", "a", "A.example:80", "[::1]", "127.0.0.1:8000", "my_app.", "", "a b", "a,b", "u@a", "a:99999"];
const SPACES = ["", " ", " ", " ", "\t", "  ", " \t "];
const NAMES = [
  "Accept",
  "User-Agent",
  "X",
  "Cookie",
  "Content-Type",
  "Authorization",
  "TE",
  "Trailer",
  "Upgrade",
  "a_b",
];
const VALUES = ["", "x", "*/*", "a=1; b=2", "text/plain;charset=utf-8", "trailers", "caf\xe9", '"q"', "a, b", "h2c"];
const CONNECTIONS = ["close", "keep-alive", "Keep-Alive, Upgrade", "upgrade", ",close ,", "closed", "TE"];
const LENGTHS = ["", "-1", "+5", "0x5", "5,5", "5 5", "05", "99999999999999999999", "1e3", "0", "9007199254740993"];
const CODINGS = [
  "chunked",
  "Chunked",
  "gzip, chunked",
  "identity",
  "xchunked",
  "chunked, chunked",
  ",chunked",
  "",
  "gzip",
];
const EXTENSIONS = [";a", ";a=b", ' ; a = "b;\\"c"', ";a;b;c=d", ";", ";a=", ' ;a="', " ", ";\n", ";a\r", '"'];
const BODIES = ["", "x", "hello", "0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "\r\n", "\0\xff", "a".repeat(300)];

/** Bytes and words that parsers have stumbled over. */
const NASTY = [
  ...[
    "\r\n",
    "\r",
    "\n",
    "\r\r\n",
    "\n\n",
    "\r\n\r\n",
    "\r\n ",
    "\r\n\t",
    "\0",
    "\t",
    " ",
    "  ",
    ":",
    ";",
    "=",
    ",",
    "\\",
  ],
  ...['"', "'", "#", "?", "@", "/", "//", "*", "%", "%00", "[", "]", "[::1]", "-", "+", "_", ".", "0", "00", "0x", "f"],
  ...["\x0b", "\x0c", "\x1b", "\x7f", "\x80", "\x85", "\xa0", "\xff", "\xc0\xaf", "\x8d", "\x8a"],
  ...[
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "http://",
    "chunked",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\n",
  ],
  ...["Content-Length: 0\r\n", "Host: a\r\n", "Host: b\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n"],
  ...[
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "A".repeat(250),
  ],
];

const CORPUS = wireCases()
  .filter(({ bytes }) => bytes.length < 1000)
  .map(({ bytes }) => bytes.toString("latin1"));

export function generate(random: Random): string {
  let stream = random.oneIn(4) ? random.pick(CORPUS) : random.repeat(1, 4, () => request(random)).join("");
  if (random.oneIn(3)) return stream;
  for (let changes = 1 + random.below(4); changes > 0; changes--) stream = damage(random, stream);
  return stream;
}

const RESPONSES = responseCases()
  .filter(({ bytes }) => bytes.length < 1000)
  .map(({ bytes, methods }) => ({ text: bytes.toString("latin1"), methods }));

/** Responses, and the methods of the requests that they answer. */
export function generateResponses(random: Random): { text: string; methods: readonly string[] } {
  let { text, methods } = random.pick(RESPONSES);
  if (random.oneIn(3)) text += random.pick(RESPONSES).text;
  if (random.oneIn(3)) methods = random.repeat(1, 3, () => random.pick(["GET", "HEAD", "POST", "CONNECT"]));
  for (let changes = random.below(4); changes > 0; changes--) text = damage(random, text);
  return { text, methods };
}

function request(random: Random): string {
  const method = random.pick(METHODS);
  // Mostly forms that belong together, so that what follows the line is reached.
  const target = random.oneIn(4) ? random.pick(TARGETS) : method === "CONNECT" ? "a:80" : "/";
  const version = random.oneIn(6) ? random.pick(VERSIONS) : "HTTP/1.1";
  const fields = random.repeat(0, 4, () => field(random, random.pick(NAMES), random.pick(VALUES)));
  if (!random.oneIn(20)) fields.push(field(random, "Host", random.oneIn(8) ? random.pick(HOSTS) : "a"));
  if (random.oneIn(5)) fields.push(field(random, "Connection", random.pick(CONNECTIONS)));
  if (random.oneIn(12)) fields.push(field(random, "Expect", random.oneIn(4) ? "x" : "100-continue"));
  const body = random.pick(BODIES);
  let sent = "";
  switch (random.below(4)) {
    case 0:
      fields.push(field(random, "Content-Length", random.oneIn(8) ? random.pick(LENGTHS) : String(body.length)));
      sent = body;
      break;
    case 1:
      fields.push(field(random, "Transfer-Encoding", random.oneIn(8) ? random.pick(CODINGS) : "chunked"));
      sent = random.repeat(0, 3, () => chunk(random, random.pick(BODIES))).join("") + lastChunk(random);
  }
  fields.sort(() => random.below(3) - 1);
  const first = random.oneIn(10) ? "\r\n" : "";
  return `${first}${method} ${target} ${version}\r\n${fields.join("")}\r\n${sent}`;
}

function field(random: Random, name: string, value: string): string {
  const cased = random.oneIn(4) ? name.toUpperCase() : random.oneIn(4) ? name.toLowerCase() : name;
  return `${cased}:${random.pick(SPACES)}${value}${random.oneIn(3) ? random.pick(SPACES) : ""}\r\n`;
}

function chunk(random: Random, body: string): string {
  if (body === "") return "";
  const size = body.length.toString(16);
  return `${random.oneIn(4) ? size.toUpperCase().padStart(4, "0") : size}${extension(random)}\r\n${body}\r\n`;
}

function lastChunk(random: Random): string {
  const trailers = random.oneIn(3)
    ? random.repeat(1, 3, () => field(random, random.pick(NAMES), random.pick(VALUES)))
    : [];
  return `${random.oneIn(5) ? "000" : "0"}${extension(random)}\r\n${trailers.join("")}\r\n`;
}

function extension(random: Random): string {
  return random.oneIn(6) ? random.pick(EXTENSIONS) : "";
}

function damage(random: Random, stream: string): string {
  const at = random.below(stream.length + 1);
  const to = Math.min(stream.length, at + 1 + random.below(random.oneIn(4) ? 60 : 3));
  const before = stream.slice(0, at);
  switch (random.below(9)) {
    case 0:
      return before + String.fromCharCode(random.below(256)) + stream.slice(at + 1);
    case 1:
      return before + String.fromCharCode(random.below(256)) + stream.slice(at);
    case 2:
      return before + stream.slice(to);
    case 3:
    case 4:
      return before + random.pick(NASTY) + stream.slice(at);
    case 5:
      return before + random.pick(NASTY) + stream.slice(to);
    case 6:
      return stream.slice(0, to) + stream.slice(at);
    case 7:
      return before;
    default: {
      const other = random.pick(CORPUS);
      return before + other.slice(random.below(other.length));
    }
  }
}
