/** What others sent, made safe for a line of a log: it cannot end the line, leave its quotes, or move a terminal's cursor. */

const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;
const EACH_UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g;

/** Quotes, backslashes and whatever is not printable ASCII become `\xHH`, one for each byte, as in nginx's logs. */
export function escaped(text: string): string {
  return UNSAFE.test(text) ? text.replace(EACH_UNSAFE, hexadecimal) : text;
}

/** The same for text that stands without quotes: a space would begin the next column. */
export function escapedWord(text: string): string {
  return escaped(text).replaceAll(" ", "\\x20");
}

/** A character a byte as long as it comes off the wire; what an application wrote may be any. */
function hexadecimal(character: string): string {
  const bytes = character.charCodeAt(0) < 0x100 ? Buffer.from(character, "latin1") : Buffer.from(character);
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** JSON in ASCII: the bytes of a line are then as many as its characters, and no line separator of Unicode's is in it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
