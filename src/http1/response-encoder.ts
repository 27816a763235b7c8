/**
 * The server's half of writing HTTP/1.1: status line and head as one string, one character a byte, ready for a latin1
 * write. Here is where a response that would not parse back is refused; when and whether it is sent is the server's business.
 */
import { currentHttpDate } from "../http/date.ts";
import { REASONS } from "../http/status.ts";
import { type EncodedFields, SENDABLE } from "./field-encoder.ts";

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

let datedFor = "";
let dateLine = "";

/**
 * A whole response head.
 * @param framingLine `Content-Length: …` or `Transfer-Encoding: chunked` with its line end, or nothing
 * @param connection what the Connection field says, or nothing
 */
export function encodeHead(line: string, fields: EncodedFields, framingLine: string, connection: string): string {
  if (fields.upgrade) connection = connection === "" ? "upgrade" : connection + ", upgrade";
  const connectionLine = connection === "" ? "" : `Connection: ${connection}\r\n`;
  if (fields.dated) return line + fields.text + framingLine + connectionLine + "\r\n";
  const date = currentHttpDate();
  if (date !== datedFor) {
    datedFor = date;
    dateLine = `Date: ${date}\r\n`;
  }
  return line + dateLine + fields.text + framingLine + connectionLine + "\r\n";
}
