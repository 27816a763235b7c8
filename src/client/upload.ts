/** A request's body: what it is made of, how long it is, and whether it can be sent twice. */
import { types } from "node:util";
import type { RequestBody } from "./options.ts";

export interface Upload {
  /** Bytes; -1 when only the end will tell. */
  readonly length: number;
  /** The media type that the body brings along; `null` when it has none of its own. */
  readonly type: string | null;
  /** All of it, when it is in memory. */
  readonly bytes: Uint8Array | null;
  /** Whether it can be read from its beginning again. */
  readonly replayable: boolean;
  pieces(): AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
}

/** @throws {TypeError} on what is no body. */
export function uploadOf(body: RequestBody): Upload {
  if (typeof body === "string") return inMemory(Buffer.from(body), "text/plain;charset=UTF-8");
  if (types.isUint8Array(body)) return inMemory(body, null);
  if (ArrayBuffer.isView(body)) return inMemory(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), null);
  if (types.isAnyArrayBuffer(body)) return inMemory(new Uint8Array(body), null);
  if (body instanceof URLSearchParams) {
    return inMemory(Buffer.from(body.toString()), "application/x-www-form-urlencoded;charset=UTF-8");
  }
  if (body instanceof Blob) return ofBlob(body);
  if (body instanceof FormData) return ofBlob(multipart(body));
  if (isIterable(body)) {
    return { length: -1, type: null, bytes: null, replayable: false, pieces: () => body };
  }
  throw new TypeError("a body is text, bytes, a Blob, a form, a stream or an iterable of pieces");
}

function inMemory(bytes: Uint8Array, type: string | null): Upload {
  return { length: bytes.length, type, bytes, replayable: true, pieces: () => [bytes] };
}

function ofBlob(blob: Blob): Upload {
  const pieces = () => blob.stream() as unknown as AsyncIterable<Uint8Array>;
  return { length: blob.size, type: blob.type || null, bytes: null, replayable: true, pieces };
}

function isIterable(body: object): body is Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string> {
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

/**
 * A form as multipart/form-data (RFC 7578), in the Fetch standard's spelling. As a Blob it has a length, which many
 * servers want to know, and its files are read when they are sent.
 */
function multipart(form: FormData): Blob {
  const boundary = `portico-${crypto.randomUUID()}`;
  const parts: (string | Blob)[] = [];
  for (const [name, value] of form) {
    const disposition = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(crLf(name))}"`;
    if (typeof value === "string") {
      parts.push(`${disposition}\r\n\r\n${crLf(value)}\r\n`);
    } else {
      const type = value.type || "application/octet-stream";
      parts.push(`${disposition}; filename="${quoted(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, "\r\n");
    }
  }
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` });
}

function crLf(text: string): string {
  return text.replace(/\r\n?|\n/g, "\r\n");
}

function quoted(text: string): string {
  return text.replace(/\n/g, "%0A").replace(/\r/g, "%0D").replace(/"/g, "%22");
}
