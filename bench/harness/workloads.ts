/** What is asked of each server, as data: the request's bytes, how many connections send it, and the right answer. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Which application or site the servers serve. */
  readonly serves: "hello" | "json" | "file" | "browser" | "models";
  /** Keep-alive connections, each with one request under way. */
  readonly connections: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** The body that a server must answer with, status 200, before it is measured. */
  readonly answer: string;
  /** Whether it is then asked, as a browser would, whether that answer is still current, and has to say 304. */
  readonly revalidates?: boolean;
}

const HELLO = { serves: "hello", method: "GET", path: "/", fields: [], body: "", answer: "Hello world!" } as const;

const JSON_BODY = jsonOfSize(1024);

/** What Microsoft Edge sends for a page on a site that has set cookies: 800 bytes with a port of five digits. */
const BROWSER_FIELDS = [
  ["Connection", "keep-alive"],
  ["Cache-Control", "max-age=0"],
  ["sec-ch-ua", '"Chromium";v="94", "Microsoft Edge";v="94", ";Not A Brand";v="99"'],
  ["sec-ch-ua-mobile", "?0"],
  ["sec-ch-ua-platform", '"Windows"'],
  ["Upgrade-Insecure-Requests", "1"],
  [
    "User-Agent",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.81 Safari/537.36 Edg/94.0.992.50",
  ],
  [
    "Accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.9",
  ],
  ["Sec-Fetch-Site", "same-origin"],
  ["Sec-Fetch-Mode", "navigate"],
  ["Sec-Fetch-User", "?1"],
  ["Sec-Fetch-Dest", "document"],
  ["Accept-Encoding", "gzip, deflate, br"],
  ["Accept-Language", "en-GB,en;q=0.9,de;q=0.8,fr;q=0.7"],
  ["Cookie", "theme=dark; session=5d41402abc4b2a76b9719d911017c592; seen=1; lang=en-GB"],
] as const;

/** 4 KiB of a page. */
const PAGE_NAME = "page.html";
const PAGE_TEXT = textOfSize(4096);

/** 1 MiB that no server would think of compressing. */
const LARGE_NAME = "large.bin";
const LARGE_TEXT = textOfSize(1024 * 1024);

/** The site of the workloads that serve files. */
export const FILES: Readonly<Record<string, string>> = { [PAGE_NAME]: PAGE_TEXT, [LARGE_NAME]: LARGE_TEXT };

export const WORKLOADS: readonly Workload[] = [
  { name: "hello", title: '`new Response("Hello world!")`, 64 connections', connections: 64, ...HELLO },
  {
    name: "json",
    title: "1 KiB of JSON posted, parsed, written again and sent back, 64 connections",
    serves: "json",
    connections: 64,
    method: "POST",
    path: "/",
    fields: [
      ["Content-Type", "application/json"],
      ["Content-Length", String(JSON_BODY.length)],
    ],
    body: JSON_BODY,
    answer: JSON_BODY,
  },
  {
    name: "file",
    title: "a static file of 4 KiB, 64 connections",
    connections: 64,
    ...HELLO,
    serves: "file",
    path: `/${PAGE_NAME}`,
    answer: PAGE_TEXT,
  },
  {
    name: "file-1m",
    title: "a static file of 1 MiB, 64 connections",
    connections: 64,
    ...HELLO,
    serves: "file",
    path: `/${LARGE_NAME}`,
    answer: LARGE_TEXT,
  },
  {
    name: "not-modified",
    title: "a static file that the client has: 304, 64 connections",
    connections: 64,
    ...HELLO,
    serves: "file",
    path: `/${PAGE_NAME}`,
    answer: PAGE_TEXT,
    revalidates: true,
  },
  {
    name: "browser",
    title: "the 800-byte request of a browser, of which the handler reads two fields, 64 connections",
    connections: 64,
    ...HELLO,
    serves: "browser",
    fields: BROWSER_FIELDS,
    answer: `${fieldOf("Accept-Language")} ${fieldOf("User-Agent")}`,
  },
  { name: "conns", title: "hello, 1,000 connections", connections: 1000, ...HELLO },
];

/** The request as it stands on the wire, with further fields if given. All of it is ASCII. */
export function requestText({ method, path, fields, body }: Workload, port: number, more: Workload["fields"]): string {
  const lines = [["Host", `127.0.0.1:${port}`], ...fields, ...more].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

function fieldOf(name: string): string | undefined {
  return BROWSER_FIELDS.find((field) => field[0] === name)?.[1];
}

function textOfSize(size: number): string {
  return `<!doctype html><title>${size} bytes</title>\n`.padEnd(size, "<p>All the way through.</p>\n");
}

/** A list of records, filled up to exactly `size` bytes of JSON. */
function jsonOfSize(size: number): string {
  const records = Array.from({ length: 8 }, (_, id) => ({
    id,
    name: `record ${id}`,
    price: id * 1.25,
    open: id % 2 === 0,
  }));
  const note = size - JSON.stringify({ records, note: "" }).length;
  return JSON.stringify({ records, note: "n".repeat(note) });
}
