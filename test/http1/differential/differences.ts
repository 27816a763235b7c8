/**
 * The ways in which other servers differ from Portico, by name; `docs/http1.md` has a row for each that says why. A
 * difference that is not here fails the run.
 */
import { METHODS } from "node:http";
import type { Difference } from "./compare.ts";

export interface Explanation {
  readonly name: string;
  /** Whose difference it is; anybody's when it is absent. */
  readonly peer?: string;
  readonly kind: Difference["kind"];
  /** @param last the head of the last request that both saw, @param next that of the first that only Portico did, if any */
  readonly holds: (difference: Difference, last: string, next: string, stream: string) => boolean;
}

/** Differences that are one of Portico's faults: it refused, by a rule, what the other took. */
const refusedWith =
  (...codes: string[]): Explanation["holds"] =>
  ({ reason }) =>
    codes.some((code) => reason.endsWith(` ${code}`));

const methodOf = (head: string) => head.slice(0, head.indexOf(" "));
const targetOf = (head: string) => head.split(" ", 2)[1] ?? "";
const authorityOf = (head: string) => /^https?:\/\/([^/?]*)/i.exec(targetOf(head))?.[1];

/** A field with a tab beside its value, which is whitespace as a space is (RFC 9110 §5.6.3). */
const TAB_BESIDE_VALUE = /\r\n(?:content-length|transfer-encoding|host|connection):(?: *\t|[^\r]*\t *\r)/i;
const CHUNKED = /\r\ntransfer-encoding:/i;
const UPGRADE = /\r\nconnection:[^\r]*upgrade/i;

export const EXPLANATIONS: readonly Explanation[] = [
  { name: "line ends and spaces", kind: "stricter", holds: refusedWith("BAD_LINE_END", "BAD_METHOD", "BAD_VERSION") },
  { name: "versions", kind: "stricter", holds: refusedWith("VERSION_NOT_SUPPORTED") },
  { name: "targets", kind: "stricter", holds: refusedWith("BAD_TARGET") },
  { name: "Host", kind: "stricter", holds: refusedWith("HOST_MISSING", "BAD_HOST") },
  { name: "field lines", kind: "stricter", holds: refusedWith("BAD_FIELD_NAME", "BAD_FIELD_VALUE", "FIELD_FOLDED") },
  { name: "fields given twice", kind: "stricter", holds: refusedWith("FIELD_REPEATED") },
  { name: "Content-Length", kind: "stricter", holds: refusedWith("BAD_CONTENT_LENGTH", "LENGTH_WITH_ENCODING") },
  { name: "Transfer-Encoding", kind: "stricter", holds: refusedWith("BAD_TRANSFER_ENCODING", "CODING_NOT_SUPPORTED") },
  {
    name: "chunk lines",
    kind: "stricter",
    holds: refusedWith("BAD_CHUNK_SIZE", "BAD_CHUNK_EXTENSION", "BAD_CHUNK_END"),
  },
  { name: "trailers", kind: "stricter", holds: refusedWith("BAD_TRAILER") },
  { name: "expectations", kind: "stricter", holds: refusedWith("EXPECTATION_FAILED") },
  { name: "TRACE and CONNECT", kind: "stricter", holds: refusedWith("METHOD_NOT_SUPPORTED") },
  {
    name: "requests behind close",
    peer: "node:http",
    kind: "stricter",
    holds: ({ reason }) => reason === "closed",
  },
  {
    name: "requests behind an offer to upgrade",
    peer: "node:http",
    kind: "split",
    holds: (_, __, ___, stream) => UPGRADE.test(stream),
  },
  {
    name: "close in other places",
    peer: "node:http",
    kind: "laxer",
    holds: (_, last) => /\r\nproxy-connection:[\t ]*close/i.test(last) || CHUNKED.test(last),
  },
  {
    name: "methods nobody registered",
    peer: "node:http",
    kind: "laxer",
    holds: (_, __, next) => !METHODS.includes(methodOf(next)),
  },
  {
    name: "methods not in capitals",
    peer: "nginx",
    kind: "laxer",
    holds: (_, __, next) => !/^[A-Z_-]+$/.test(methodOf(next)),
  },
  {
    name: "HTTP/1.2 and above",
    peer: "node:http",
    kind: "laxer",
    holds: (_, __, next) => / HTTP\/1\.[2-9]\r/.test(next),
  },
  {
    name: "spaces in chunk extensions",
    peer: "node:http",
    kind: "laxer",
    holds: (_, __, next, stream) => CHUNKED.test(next) && /\r\n[0-9a-f]+[^\r]*(?:[\t ][;=]|[;=][\t ])/i.test(stream),
  },
  { name: "tabs beside values", peer: "node:http", kind: "laxer", holds: (_, __, next) => TAB_BESIDE_VALUE.test(next) },
  { name: "tabs beside values", peer: "nginx", kind: "laxer", holds: (_, __, next) => TAB_BESIDE_VALUE.test(next) },
  {
    name: "targets nginx decodes",
    peer: "nginx",
    kind: "laxer",
    holds: (_, __, next) => /%00|%(?![0-9a-f]{2})|\.\.|%2e/i.test(targetOf(next)) || targetOf(next) === "*",
  },
  {
    name: "words that hold close",
    peer: "nginx",
    kind: "laxer",
    holds: ({ reason }, last) => reason === "closed" && /\r\nconnection:[^\r]*close/i.test(last),
  },
  {
    name: "words that hold keep-alive",
    peer: "nginx",
    kind: "stricter",
    holds: ({ reason }, last) => reason === "closed" && /\r\nconnection:[^\r]*keep-alive/i.test(last),
  },
  {
    name: "hosts with a tilde",
    peer: "nginx",
    kind: "laxer",
    holds: (_, __, next) => authorityOf(next)?.includes("~") === true,
  },
  {
    name: "absolute-form beside another Host",
    peer: "haproxy",
    kind: "laxer",
    holds: (_, __, next) => authorityOf(next) !== undefined,
  },
  { name: "WebSocket without its key", peer: "haproxy", kind: "laxer", holds: (_, __, next) => UPGRADE.test(next) },
  {
    name: "HTTP/1.0 bodies of GET, HEAD and DELETE",
    peer: "haproxy",
    kind: "laxer",
    holds: ({ reason }, _, next) => reason === "413" && /^(?:GET|HEAD|DELETE) \S+ HTTP\/1\.0\r/.test(next),
  },
  {
    name: "names over 255 bytes",
    peer: "haproxy",
    kind: "laxer",
    holds: (_, __, next) => /\r\n[^:\r]{256,}:/.test(next),
  },
];
