/** Patterns of paths as `_headers` and `_redirects` have them: `/news/*`, `/blog/:year/:slug.html`. */

/** What a path has in the place of a pattern's placeholders, decoded. Only `splat` has slashes, between its names. */
export type Captures = ReadonlyMap<string, string>;

/** One name of a pattern: a text, or what stands around a capture. */
interface Segment {
  readonly before: string;
  readonly capture: string | null;
  readonly after: string;
}

const CAPTURE = /\*|:([A-Za-z]\w*)/g;

/**
 * A pattern is matched name by name, so that no path takes longer than its length. A placeholder stands for one name or a
 * part of it, and `*` for any number of names: none of them too, at the end.
 */
export class PathPattern {
  readonly #segments: readonly Segment[];
  /** Where the splat is; -1 for none. */
  readonly #splat: number;

  /** @throws {SyntaxError} that says what is wrong with the pattern */
  constructor(text: string) {
    if (!text.startsWith("/")) throw new SyntaxError(`${text} is not a path: it has to start with /`);
    if (/[?#]/.test(text)) throw new SyntaxError(`${text}: a path has neither ? nor #`);
    this.#segments = text.split("/").filter(Boolean).map(readSegment);
    this.#splat = this.#segments.findIndex(({ capture }) => capture === SPLAT);
    const names = this.captures;
    if (new Set(names).size < names.length) throw new SyntaxError(`${text}: * or a placeholder stands there twice`);
  }

  /** The names of what it captures. */
  get captures(): string[] {
    return this.#segments.flatMap(({ capture }) => capture ?? []);
  }

  /** What the names of a path have in the place of the captures; `null` if it does not match. A slash at its end does not count. */
  match(names: readonly string[]): Captures | null {
    const captures = new Map<string, string>();
    const before = this.#splat < 0 ? this.#segments.length : this.#splat;
    const after = this.#segments.length - before - 1;
    if (this.#splat < 0 ? names.length !== before : names.length < before + Math.max(after, 0)) return null;
    for (let at = 0; at < before; at++) if (!matchName(this.#segments[at]!, names[at]!, captures)) return null;
    if (this.#splat < 0) return captures;
    const last = names.length - after;
    for (let at = 1; at <= after; at++) {
      if (!matchName(this.#segments[before + at]!, names[last + at - 1]!, captures)) return null;
    }
    return matchSplat(this.#segments[before]!, names.slice(before, last), after, captures) ? captures : null;
  }
}

const SPLAT = "splat";

function readSegment(text: string): Segment {
  const [capture, more] = text.matchAll(CAPTURE);
  if (more !== undefined) throw new SyntaxError(`${text}: between two slashes there is one * or placeholder at most`);
  if (capture === undefined) return { before: decode(text), capture: null, after: "" };
  const before = decode(text.slice(0, capture.index));
  return { before, capture: capture[1] ?? SPLAT, after: decode(text.slice(capture.index + capture[0].length)) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SyntaxError(`${text}: a percent sign that encodes nothing`);
  }
}

function matchName({ before, capture, after }: Segment, name: string, captures: Map<string, string>): boolean {
  if (capture === null) return name === before;
  if (name.length <= before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) return false;
  captures.set(capture, name.slice(before.length, name.length - after.length));
  return true;
}

function matchSplat(
  { before, after }: Segment,
  names: readonly string[],
  follow: number,
  captures: Map<string, string>,
) {
  const text = names.join("/");
  const isBare = before === "" && after === "";
  if (names.length === 0 && (!isBare || follow > 0)) return false;
  if (text.length < before.length + after.length || !text.startsWith(before) || !text.endsWith(after)) return false;
  captures.set(SPLAT, text.slice(before.length, text.length - after.length));
  return true;
}

/** A text with captures in it, which are put in at each use: `/blog/:splat`. */
export class Template {
  /** Texts and, at odd places, names of captures. */
  readonly #parts: readonly string[];

  /** @param names what it may hold: another `:word` is text, as the port of an address is */
  constructor(text: string, names: readonly string[]) {
    const parts: string[] = [];
    let at = 0;
    for (const { 0: placeholder, 1: name, index } of text.matchAll(/:([A-Za-z]\w*)/g)) {
      if (!names.includes(name!)) continue;
      parts.push(text.slice(at, index), name!);
      at = index + placeholder.length;
    }
    parts.push(text.slice(at));
    this.#parts = parts;
  }

  get isText(): boolean {
    return this.#parts.length === 1;
  }

  /** @param encode keeps what is put in from meaning something where it stands */
  fill(captures: Captures, encode: (text: string, name: string) => string): string {
    return this.#parts.map((part, at) => (at % 2 === 0 ? part : encode(captures.get(part)!, part))).join("");
  }
}

/** What of a path can stand in a path without meaning more than itself; as `writePath` has it. */
export function encodePath(text: string): string {
  return encodeURI(text).replaceAll("?", "%3F").replaceAll("#", "%23");
}
