/**
 * Chunk extensions (RFC 9112 §7.1.1). They mean nothing here and are read only so that no byte of them can end their
 * line for one reader and not for another. Readers that skip to the line's end are what the extension attacks of 2025 use.
 */
import { BACKSLASH, CR, EQUALS, HTAB, QUOTE, SEMICOLON, SP, TOKEN, VALUE } from "./bytes.ts";

/** Where in `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ) CR` the next byte stands. */
export const EXTENSION = {
  BEFORE: 0,
  NAME_START: 1,
  NAME: 2,
  AFTER_NAME: 3,
  VALUE_START: 4,
  VALUE: 5,
  QUOTED: 6,
  ESCAPED: 7,
  AFTER_QUOTED: 8,
  /** The CR was read. */
  END: 9,
  FAULT: 10,
} as const;

const { BEFORE, NAME_START, NAME, AFTER_NAME, VALUE_START, QUOTED, ESCAPED, AFTER_QUOTED, END, FAULT } = EXTENSION;

/** Each state's next state for each byte. */
export const NEXT_IN_EXTENSION: readonly Uint8Array[] = [
  row({ space: BEFORE, semicolon: NAME_START }),
  row({ space: NAME_START, token: NAME }),
  row({ token: NAME, space: AFTER_NAME, semicolon: NAME_START, equals: VALUE_START, cr: END }),
  row({ space: AFTER_NAME, semicolon: NAME_START, equals: VALUE_START }),
  row({ space: VALUE_START, token: EXTENSION.VALUE, quote: QUOTED }),
  row({ token: EXTENSION.VALUE, space: BEFORE, semicolon: NAME_START, cr: END }),
  row({ any: QUOTED, quote: AFTER_QUOTED, backslash: ESCAPED }),
  row({ any: QUOTED }),
  row({ space: BEFORE, semicolon: NAME_START, cr: END }),
];

type ByteKind = "space" | "semicolon" | "equals" | "quote" | "backslash" | "token" | "cr" | "other";

function row(next: Partial<Record<ByteKind | "any", number>>): Uint8Array {
  return new Uint8Array(256).map((_, byte) => next[kindOf(byte)] ?? (VALUE[byte] === 1 ? next.any : FAULT) ?? FAULT);
}

function kindOf(byte: number): ByteKind {
  switch (byte) {
    case SP:
    case HTAB:
      return "space";
    case SEMICOLON:
      return "semicolon";
    case EQUALS:
      return "equals";
    case QUOTE:
      return "quote";
    case BACKSLASH:
      return "backslash";
    case CR:
      return "cr";
    default:
      return TOKEN[byte] === 1 ? "token" : "other";
  }
}
