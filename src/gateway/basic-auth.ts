/** Basic authentication (RFC 7617): one name and password before an application, whatever it is. */
import { createHash, timingSafeEqual } from "node:crypto";
import { changeFields, type FieldChanges } from "../http/field-changes.ts";
import type { FieldLines } from "../http/field-lines.ts";
import type { Exchange, FieldList, Handler } from "./contract.ts";

/** One challenge for the whole server, so that a browser asks its user once. */
const CHALLENGE: FieldList = Object.freeze([
  ...["WWW-Authenticate", 'Basic realm="portico", charset="UTF-8"'],
  ...["Content-Type", "text/plain; charset=utf-8"],
  ...["Cache-Control", "no-store"],
]);

const SCHEME = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/**
 * Lets requests with these credentials pass; all others are a 401, and do not reach the application.
 * @param credentials `user:password`; the name has no colon
 * @param changes what is said over the 401's fields
 * @throws {TypeError} when there is no name, no colon, or a control character (RFC 7617 §2)
 */
export function basicAuth(handler: Handler, credentials: string, changes: FieldChanges | null = null): Handler {
  if (!isCredentials(credentials)) throw new TypeError("basicAuth: the credentials have to be user:password");
  const expected = digest(Buffer.from(credentials));
  const fields = changes === null ? CHALLENGE : Object.freeze(changeFields(CHALLENGE, changes));
  return (exchange) => (isAllowed(exchange.head.fields, expected) ? handler(exchange) : challenge(exchange, fields));
}

export function isCredentials(text: string): boolean {
  return text.indexOf(":") > 0 && !/\p{Cc}/u.test(text);
}

/** Digests are compared, in a time that depends on neither: of equal length, and not to be guessed byte by byte. */
function isAllowed(fields: FieldLines, expected: Uint8Array): boolean {
  const given = SCHEME.exec(fields.get("authorization") ?? "")?.[1];
  return given !== undefined && timingSafeEqual(digest(Buffer.from(given, "base64")), expected);
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function challenge(exchange: Exchange, fields: FieldList): void {
  exchange.start(401, fields);
  exchange.end("401 Unauthorized\n");
}
