/**
 * The client's half of writing HTTP/1.1: a request's head as a string, one character a byte, ready for a latin1 write.
 * Here is where a request that would not parse back is refused; when and where it is sent is the client's business.
 */
import { type EncodedFields, framingLine, TOKEN_TEXT } from "./field-encoder.ts";

/** A target in any of its forms (RFC 9112 §3.2): visible ASCII without "#". */
const TARGET_TEXT = /^[!"$-~]+$/;

/**
 * A whole request head, Host first (RFC 9110 §7.2).
 * @param host the Host field's value, or `null` when it stands among the fields
 * @param length Content-Length in bytes, or one of `LENGTH`
 * @param connection what the Connection field says, or nothing
 * @throws {TypeError} on a method that is not a token, and on a target or host that cannot be sent.
 */
export function encodeRequestHead(
  method: string,
  target: string,
  host: string | null,
  fields: EncodedFields,
  length: number,
  connection: string,
): string {
  if (!TOKEN_TEXT.test(method)) throw new TypeError(`method ${JSON.stringify(method)}: not a token`);
  if (!TARGET_TEXT.test(target))
    throw new TypeError(`target ${JSON.stringify(target)}: a character that may not be sent`);
  if (host !== null && !TARGET_TEXT.test(host)) throw new TypeError(`host ${JSON.stringify(host)}: not a host`);
  if (fields.upgrade) connection = connection === "" ? "upgrade" : connection + ", upgrade";
  const hostLine = host === null ? "" : `Host: ${host}\r\n`;
  const connectionLine = connection === "" ? "" : `Connection: ${connection}\r\n`;
  return `${method} ${target} HTTP/1.1\r\n${hostLine}${fields.text}${framingLine(length)}${connectionLine}\r\n`;
}
