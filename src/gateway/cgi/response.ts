/** What a script writes before its body (RFC 3875 §6), read strictly: what cannot be sent on is named, not repaired. */
import type { FieldList } from "../contract.ts";

/** Bytes of a script's header section. Apache takes 8190 a line and any number of them; this is our own requests' limit. */
const HEAD_LIMIT = 64 * 1024;

export type ScriptResponse =
  | { readonly kind: "document"; readonly status: number; readonly reason: string; readonly fields: FieldList }
  /** The server is to answer as if this target had been asked for (RFC 3875 §6.2.2). */
  | { readonly kind: "redirect"; readonly target: string };

/** Collects output until the empty line that ends the header section. */
export class HeadReader {
  readonly #bytes = Buffer.allocUnsafe(HEAD_LIMIT);
  #size = 0;
  /** Where the line begins that is not over yet. */
  #line = 0;

  /** The header section, one character a byte, each line with its end but the empty one; complete once `push` says so. */
  get text(): string {
    return this.#bytes.toString("latin1", 0, this.#line);
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** @returns what of the piece belongs to the body, once the head is complete; until then `null`; "too large" */
  push(piece: Uint8Array): Uint8Array | null | "too large" {
    this.#bytes.set(piece.subarray(0, HEAD_LIMIT - this.#size), this.#size);
    const before = this.#size;
    this.#size = Math.min(before + piece.length, HEAD_LIMIT);
    for (;;) {
      const end = this.#bytes.subarray(0, this.#size).indexOf(0x0a, Math.max(before, this.#line));
      if (end < 0) return this.#size === HEAD_LIMIT ? "too large" : null;
      const length = end - this.#line;
      if (length === 0 || (length === 1 && this.#bytes[this.#line] === 0x0d)) return piece.subarray(end + 1 - before);
      this.#line = end + 1;
    }
  }
}

const LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[\t ]*((?:.*[^\t ])?)[\t ]*$/s;
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What belongs to the connection (RFC 9110 §7.6.1) is the server's to say. */
const DROPPED = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"]);
/** May be given once, or what they mean is anybody's guess. */
const ONCE = ["status", "content-type", "location", "content-length"];

/**
 * Reads a header section.
 * @returns a string that says what is wrong with it, if something is
 */
export function readResponse(text: string): ScriptResponse | string {
  const fields: string[] = [];
  const known = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const field = readLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (typeof field === "string") return field;
    const [name, value] = field;
    const folded = name.toLowerCase();
    if (known.has(folded) && ONCE.includes(folded)) return `gave ${name} twice`;
    known.set(folded, value);
    if (folded !== "status" && !DROPPED.has(folded)) fields.push(name, value);
  }
  return interpret(fields, known);
}

function readLine(line: string): [name: string, value: string] | string {
  const [, name, value] = LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) {
    const shown = JSON.stringify(line.slice(0, 80));
    return line.startsWith("HTTP/")
      ? `wrote a status line, ${shown}, in place of a Status field`
      : `wrote ${shown} where a header field or the empty line after them was wanted`;
  }
  return SENDABLE.test(value) ? [name, value] : `gave ${name} with a control character in its value`;
}

function interpret(fields: FieldList, known: ReadonlyMap<string, string>): ScriptResponse | string {
  const location = known.get("location");
  const length = known.get("content-length");
  if (known.has("transfer-encoding")) return "gave Transfer-Encoding, which is the server's to use";
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length)) return `gave the Content-Length ${JSON.stringify(length)}`;
  if (known.has("status")) return document(fields, known.get("status")!);
  if (location !== undefined) return redirect(fields, known, location);
  if (known.has("content-type")) return { kind: "document", status: 200, reason: "", fields };
  return "gave neither Content-Type nor Status nor Location";
}

function document(fields: FieldList, line: string): ScriptResponse | string {
  const [, code, reason = ""] = /^([0-9]{3})(?: (.*))?$/.exec(line) ?? [];
  const status = Number(code);
  // Informational responses are not among what a script can give.
  if (!(status >= 200 && status <= 599)) return `gave the Status ${JSON.stringify(line)}, which is not 200 to 599`;
  return { kind: "document", status, reason, fields };
}

function redirect(fields: FieldList, known: ReadonlyMap<string, string>, location: string): ScriptResponse | string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:/.test(location)) return { kind: "document", status: 302, reason: "", fields };
  if (!/^\/[\x21-\x22\x24-\x7e]*$/.test(location)) {
    return `gave the Location ${JSON.stringify(location)}, which is neither a URL nor a path; to send it as it is, give a Status`;
  }
  // A type says nothing where there is no body. Whatever else there is would be lost.
  const lost = [...known.keys()].find((name) => !["location", "content-type", "content-length"].includes(name));
  if (lost === undefined) return { kind: "redirect", target: location };
  return `gave ${lost} with a local redirect, which takes no other fields; to redirect the client, give a Status`;
}
