/** The bytes of RFC 9112's grammar by name, and its character classes as 256-entry tables. No state lives here. */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const BACKSLASH = 0x5c;

/** tchar (RFC 9110 §5.6.2): what methods and field names are made of. */
export const TOKEN: Uint8Array = byteClass((byte) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)));

/**
 * Visible ASCII but "#" and "\": a target has no fragment (RFC 9112 §3.2), and a backslash is a slash to URL parsers and
 * none to others. What else is invalid in a URI, clients do send.
 */
export const TARGET: Uint8Array = byteClass(
  (byte) => byte > 0x20 && byte < 0x7f && byte !== 0x23 && byte !== BACKSLASH,
);

/** field-vchar, obs-text, SP and HTAB (RFC 9110 §5.5): what a field value or a chunk extension may hold. */
export const VALUE: Uint8Array = byteClass((byte) => byte === HTAB || (byte >= SP && byte !== 0x7f));

/** The value of a hexadecimal digit, 0xff for any other byte. */
export const HEX: Uint8Array = new Uint8Array(256).map((_, byte) =>
  /[0-9a-fA-F]/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : 0xff,
);

function byteClass(holds: (byte: number) => boolean): Uint8Array {
  return new Uint8Array(256).map((_, byte) => (holds(byte) ? 1 : 0));
}

/** Whether the bytes from `start` to `end` are `name`, without regard to case. Both are tokens; `name` in lower case. */
export function tokenIs(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    // On token bytes |0x20 maps onto a lower-case letter, a digit or "-" only from themselves and their upper case.
    if ((bytes[start + i]! | 0x20) !== name.charCodeAt(i)) return false;
  }
  return true;
}
