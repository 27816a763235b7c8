/**
 * The server's half of writing HTTP/1.1: status line and head as one string, one character a byte, ready for a latin1
 * write. Here is where a response that would not parse back is refused; when and whether it is sent is the server's business.
 */
import { currentHttpDate } from "../http/date.ts";
import { REASONS } from "../http/status.ts";
import { type EncodedFields, framingLine, SENDABLE } from "./field-encoder.ts";

const statusLines: string[] = [];

/**
 * The status line, with the registered reason phrase unless another is given.
 * @throws {TypeError} on a status that is not an integer from 100 to 599, or a reason that cannot be sent.
 */
export function statusLine(status: number, reason?: string): string {
  if (!Number.isInteger(status) || status < 100 || status > 599)
    throw new TypeError(`status ${status}: not 100 to 599`);
  if (reason === undefined || reason === "") {
    // The space after the code stays even when there is no phrase (RFC 9112 §4).
    statusLines[status] ??= `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n`;
    return statusLines[status];
  }
  if (!SENDABLE.test(reason))
    throw new TypeError(`reason phrase ${JSON.stringify(reason)}: a character that may not be sent`);
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/**
 * A whole response head. Of constant fields the next one is, for a second, the same string, and then costs neither the
 * making nor, in the socket, the copying together.
 * @param length Content-Length in bytes, or one of `LENGTH`
 * @param connection what the Connection field says, or nothing
 */
export function encodeHead(line: string, fields: EncodedFields, length: number, connection: string): string {
  const date = currentHttpDate();
  const { last } = fields;
  if (last !== null && last.date === date && last.line === line) {
    if (last.length === length && last.connection === connection) return last.head;
  }
  const head = makeHead(line, date, fields, length, connection);
  if (fields.constant) fields.last = { date, line, length, connection, head, body: "", whole: head };
  return head;
}

/** Characters of a body that is kept behind its head. */
const MAX_KEPT_BODY = 16 * 1024;

/**
 * A head and its body, of characters that are a byte each, as one string; the same one as before where both are.
 * A file of 4 KiB takes 7 % less CPU by that, a 304 12 % (wrk, 64 connections, 5 rounds in turn).
 */
export function encodeWhole(head: string, fields: EncodedFields, body: string): string {
  const { last } = fields;
  if (last === null || last.head !== head || body.length > MAX_KEPT_BODY) return head + body;
  if (last.body !== body) {
    last.body = body;
    last.whole = head + body;
  }
  return last.whole;
}

let datedFor = "";
let dateLine = "";

function makeHead(line: string, date: string, fields: EncodedFields, length: number, connection: string): string {
  if (fields.upgrade) connection = connection === "" ? "upgrade" : connection + ", upgrade";
  const connectionLine = connection === "" ? "" : `Connection: ${connection}\r\n`;
  const framed = fields.text + framingLine(length);
  if (fields.dated) return line + framed + connectionLine + "\r\n";
  if (date !== datedFor) {
    datedFor = date;
    dateLine = `Date: ${date}\r\n`;
  }
  return line + dateLine + framed + connectionLine + "\r\n";
}
