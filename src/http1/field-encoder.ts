/** Writing what requests and responses have in common: fields, chunks and trailers as strings, one character a byte. */

/** What may stand in a field value and in a reason phrase that we send: no CTL but HTAB, one byte a character. */
export const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;
export const TOKEN_TEXT = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const DIGITS_TEXT = /^[0-9]{1,15}$/;

/** An application's fields, checked and written out, without those that are the server's to write. */
export class EncodedFields {
  text = "";
  /** Content-Length as the application declared it; -1 when it did not. */
  length = -1;
  /** Whether the application gave a Date of its own. */
  dated = false;
  /** Whether the application wants the connection closed after this response. */
  close = false;
  /** Whether an Upgrade field stands in `text`, which Connection then has to name (RFC 9110 §7.8). */
  upgrade = false;
  /** Whether they are constants of their application: then what was made of them last is worth keeping. */
  constant = false;
  /** Kept by the response encoder. */
  last: MadeOfFields | null = null;
}

/** A response that was made of fields, from what, and how it came out. */
export interface MadeOfFields {
  readonly date: string;
  readonly line: string;
  readonly length: number;
  readonly connection: string;
  readonly head: string;
  body: string;
  /** Head and body. */
  whole: string;
}

/** Frozen lists are constants of their application: each is encoded once. */
const encodedConstants = new WeakMap<readonly string[], EncodedFields>();

/**
 * Checks and encodes a flat list of names and values.
 * @throws {TypeError} on a name that is not a token, a value with CR, LF, NUL or characters above U+00FF, a
 *   Content-Length that is no number or is given twice, or a transfer coding other than chunked.
 */
export function encodeFields(fields: readonly string[]): EncodedFields {
  const known = encodedConstants.get(fields);
  if (known !== undefined) return known;
  if ((fields.length & 1) === 1) throw new TypeError("fields: a name without a value at the end of the list");
  const encoded = new EncodedFields();
  for (let i = 0; i < fields.length; i += 2) encodeField(encoded, fields[i]!, fields[i + 1]!);
  if (Object.isFrozen(fields)) {
    encoded.constant = true;
    encodedConstants.set(fields, encoded);
  }
  return encoded;
}

function encodeField(encoded: EncodedFields, name: string, value: string): void {
  if (!TOKEN_TEXT.test(name)) throw new TypeError(`field name ${JSON.stringify(name)}: not a token`);
  if (!SENDABLE.test(value)) throw new TypeError(`field ${name}: a character that may not be sent in a value`);
  switch (name.length) {
    case 4:
      if (name.toLowerCase() === "date") encoded.dated = true;
      break;
    case 7:
      if (name.toLowerCase() === "upgrade") encoded.upgrade = true;
      break;
    case 10: {
      const folded = name.toLowerCase();
      if (folded === "keep-alive") return;
      if (folded !== "connection") break;
      if (/(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(value)) encoded.close = true;
      return;
    }
    case 14:
      if (name.toLowerCase() !== "content-length") break;
      if (!DIGITS_TEXT.test(value))
        throw new TypeError(`Content-Length ${JSON.stringify(value)}: not a number of bytes`);
      if (encoded.length >= 0) throw new TypeError("Content-Length: given twice");
      encoded.length = Number(value);
      return;
    case 17:
      if (name.toLowerCase() !== "transfer-encoding") break;
      if (value.toLowerCase() !== "chunked")
        throw new TypeError(`Transfer-Encoding ${JSON.stringify(value)}: only chunked`);
      return;
  }
  encoded.text += `${name}: ${value}\r\n`;
}

/** What a head says of its body when that is no number of bytes for Content-Length. */
export const LENGTH = {
  /** Nothing: there is no body, or it ends with the connection. */
  UNSAID: -1,
  /** `Transfer-Encoding: chunked`. */
  CHUNKED: -2,
} as const;

/** The field line that frames a body of `length` bytes, or one of `LENGTH`, with its line end. */
export function framingLine(length: number): string {
  if (length >= 0) return `Content-Length: ${length}\r\n`;
  return length === LENGTH.CHUNKED ? "Transfer-Encoding: chunked\r\n" : "";
}

/** The line before a chunk of `size` bytes; a chunk of none would end the body. */
export function chunkLine(size: number): string {
  return size.toString(16) + "\r\n";
}

/** What frames, routes, authenticates or controls a message, or says how to read its body, comes too late behind it. */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  ...["connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"],
  ...["authorization", "proxy-authenticate", "proxy-authorization", "set-cookie", "www-authenticate"],
  ...["age", "cache-control", "date", "expires", "location", "retry-after", "vary"],
  ...["content-encoding", "content-range", "content-type"],
]);

/**
 * The last chunk and the trailer section.
 * @throws {TypeError} as `encodeFields`, and on a field that may not be a trailer (RFC 9110 §6.5.1).
 */
export function lastChunk(trailers: readonly string[] | undefined): string {
  if (trailers === undefined || trailers.length === 0) return "0\r\n\r\n";
  for (let i = 0; i < trailers.length; i += 2) {
    const name = trailers[i]!;
    if (NEVER_TRAILERS.has(name.toLowerCase())) throw new TypeError(`trailers: ${name} may not be one`);
  }
  return `0\r\n${encodeFields(trailers).text}\r\n`;
}
