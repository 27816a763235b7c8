/**
 * A received field section, as it stood on the wire: one string, and where each name and value lies in it.
 * Nothing is cut out or decoded until it is asked for: most handlers read two fields of twelve.
 */
export class FieldLines implements Iterable<[name: string, value: string]> {
  /** The section's text, one character a byte (obs-text survives as Latin-1, RFC 9110 §5.5). */
  readonly text: string;
  /** Four numbers a line: name start, name end, value start, value end. */
  readonly spans: readonly number[];

  constructor(text: string, spans: readonly number[]) {
    this.text = text;
    this.spans = spans;
  }

  /** How many lines there are; a repeated field counts each time. */
  get count(): number {
    return this.spans.length >> 2;
  }

  /**
   * The value of a field, `null` when it is absent. Repeated lines are joined by ", " (RFC 9110 §5.3), Cookie by "; "
   * (RFC 6265 §5.4); of Set-Cookie, whose lines cannot be joined (RFC 6265 §3), it is the first. `name` is in lower case.
   */
  get(name: string): string | null {
    const { text, spans } = this;
    let value: string | null = null;
    for (let at = 0; at < spans.length; at += 4) {
      const start = spans[at]!;
      if (spans[at + 1]! - start !== name.length || !nameIs(text, start, name)) continue;
      const line = text.slice(spans[at + 2], spans[at + 3]);
      if (name === "set-cookie") return line;
      value = value === null ? line : value + (name === "cookie" ? "; " : ", ") + line;
    }
    return value;
  }

  has(name: string): boolean {
    const { text, spans } = this;
    for (let at = 0; at < spans.length; at += 4) {
      const start = spans[at]!;
      if (spans[at + 1]! - start === name.length && nameIs(text, start, name)) return true;
    }
    return false;
  }

  /** The lines in the order they arrived, names in the case they arrived in. */
  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    const { text, spans } = this;
    for (let at = 0; at < spans.length; at += 4) {
      yield [text.slice(spans[at], spans[at + 1]), text.slice(spans[at + 2], spans[at + 3])];
    }
  }
}

export const NO_FIELDS: FieldLines = new FieldLines("", []);

/** Writes names and values, in turn, out as the section that they would have come in. */
export function writeFieldLines(list: readonly string[]): FieldLines {
  let text = "";
  const spans: number[] = [];
  for (let at = 0; at < list.length; at += 2) {
    const start = text.length;
    const [name, value] = [list[at]!, list[at + 1]!];
    text += `${name}: ${value}\r\n`;
    spans.push(start, start + name.length, start + name.length + 2, text.length - 2);
  }
  return new FieldLines(text, spans);
}

/** Whether the token at `start` is `name`, without regard to case. Names are tokens, so |0x20 folds only letters. */
function nameIs(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = text.charCodeAt(start + i);
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (folded !== name.charCodeAt(i)) return false;
  }
  return true;
}
