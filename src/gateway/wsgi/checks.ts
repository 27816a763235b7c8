/** What an application gives, checked: the messages say what was wrong and what is wanted in its place. */
import { types } from "node:util";
import type { FieldList } from "../contract.ts";
import type { Piece, WsgiResult } from "./interface.ts";

const STATUS = /^[2-5][0-9]{2} [\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What belongs to the connection and so to the server: PEP 3333 refuses the hop-by-hop fields of RFC 2616 §13.5.1. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
]);

/** @throws {TypeError} unless it is a final status and a reason, such as `200 OK`. */
export function checkStatus(status: unknown): asserts status is string {
  if (typeof status === "string" && STATUS.test(status)) return;
  throw new TypeError(`startResponse: the status ${shown(status)} is not of the form "200 OK"`);
}

/** Gives the headers as a flat list. @throws {TypeError} on what is no list of pairs of strings, or cannot be sent. */
export function fieldsFrom(headers: unknown): FieldList {
  if (!Array.isArray(headers)) {
    throw new TypeError(`startResponse: the headers are a list of [name, value], not ${shown(headers)}`);
  }
  const fields: string[] = [];
  for (const header of headers) {
    if (!Array.isArray(header) || header.length !== 2) {
      throw new TypeError(`startResponse: a header is [name, value], not ${shown(header)}`);
    }
    fields.push(...checkedHeader(header[0], header[1]));
  }
  return fields;
}

function checkedHeader(name: unknown, value: unknown): [string, string] {
  if (typeof name !== "string" || !TOKEN.test(name)) {
    throw new TypeError(`startResponse: ${shown(name)} is no header name`);
  }
  if (typeof value !== "string") {
    throw new TypeError(`startResponse: the value of ${name} is ${shown(value)}, not a string`);
  }
  if (!VALUE.test(value)) {
    throw new TypeError(`startResponse: ${name} holds a control character, or one beyond Latin-1: ${shown(value)}`);
  }
  if (HOP_BY_HOP.has(name.toLowerCase())) {
    throw new TypeError(`startResponse: ${name} belongs to the connection, which is the server's`);
  }
  return [name, value];
}

/** @throws {TypeError} unless it is a string or bytes. */
export function checkPiece(piece: unknown): asserts piece is Piece {
  if (typeof piece === "string" || types.isUint8Array(piece)) return;
  throw new TypeError(`a piece of the body is a string or bytes, not ${shown(piece)}`);
}

/** @throws {TypeError} unless it can be iterated, and is not itself a piece. */
export function checkResult(result: unknown): asserts result is WsgiResult {
  if (typeof result === "string" || types.isUint8Array(result)) {
    throw new TypeError("the application returned the body itself: it is wanted in pieces, if only one: [body]");
  }
  const isObject = typeof result === "object" && result !== null;
  if (isObject && (Symbol.iterator in result || Symbol.asyncIterator in result)) return;
  throw new TypeError(`the application returned ${shown(result)}, not an iterable of strings or bytes`);
}

/** Short enough for a line of the log. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  return types.isPromise(value) ? "a promise" : Object.prototype.toString.call(value);
}
