/**
 * Range requests (RFC 9110 §14): which bytes of a representation are asked for, and how they are named in the answer.
 * Whether a range counts at all (only for GET, and only if If-Range holds) is decided before.
 */

/** Bytes from `start` up to, without, `stop`; never none. */
export interface ByteRange {
  readonly start: number;
  readonly stop: number;
}

/** Ranges in one request; beyond it the field is ignored. Apache takes 200, Go as many as do not repeat the file. */
const MAX_RANGES = 100;

/** The only unit there is; its name is case-insensitive (§14.1). */
const UNIT = /^bytes=/i;

/** A list's next element: first and last position, the length of a suffix, or, as a list may have them, nothing. */
const ELEMENT = /[\t ]*(?:(?:([0-9]+)-([0-9]*)|-([0-9]+))[\t ]*)?(?:,|$)/y;

/**
 * Resolves a Range field against a size in bytes. Gives the ranges in the order they were asked for; those that overlap or
 * touch become one, in the place of the first of them, so that the ranges together are never more than the whole.
 * @returns 416 when none of them can be satisfied; `null` when the field has to be ignored, and the whole is the answer:
 *   another unit, anything malformed, more than 100 ranges, or a size of 0, of which no range can be named.
 */
export function resolveRanges(field: string, size: number): readonly ByteRange[] | 416 | null {
  const unit = UNIT.exec(field);
  if (unit === null || size === 0) return null;
  const ranges: ByteRange[] = [];
  let count = 0;
  ELEMENT.lastIndex = unit[0].length;
  while (ELEMENT.lastIndex < field.length) {
    const element = ELEMENT.exec(field);
    if (element === null) return null;
    const [, first, last, suffix] = element;
    if (first === undefined && suffix === undefined) continue;
    if (++count > MAX_RANGES) return null;
    // Digits without end become Infinity, which compares as they do.
    const start = first === undefined ? Math.max(0, size - Number(suffix)) : Number(first);
    const stop = last === undefined || last === "" ? size : Number(last) + 1;
    if (stop <= start && first !== undefined && last !== "") return null;
    if (start < size) include(ranges, start, Math.min(stop, size));
  }
  if (count === 0) return null;
  return ranges.length === 0 ? 416 : ranges;
}

/** Adds a range to others that neither overlap nor touch each other. */
function include(ranges: ByteRange[], start: number, stop: number): void {
  let place = ranges.length;
  for (let at = ranges.length - 1; at >= 0; at--) {
    const other = ranges[at]!;
    if (other.start > stop || start > other.stop) continue;
    start = Math.min(start, other.start);
    stop = Math.max(stop, other.stop);
    ranges.splice(at, 1);
    place = at;
  }
  ranges.splice(place, 0, { start, stop });
}

/** A Content-Range value (§14.4): of a range, or of none that could be had. */
export function contentRange(range: ByteRange | null, size: number): string {
  return range === null ? `bytes */${size}` : `bytes ${range.start}-${range.stop - 1}/${size}`;
}

/** A multipart/byteranges body (§14.6): the text that stands before each range, and at the end. */
export interface Multipart {
  readonly heads: readonly string[];
  readonly end: string;
  /** Of the whole body, in bytes. */
  readonly length: number;
}

/**
 * Lays out ranges of one representation as parts.
 * @param type the representation's Content-Type
 * @param boundary of the parts; nothing in the representation may look like it
 */
export function layOutParts(ranges: readonly ByteRange[], size: number, type: string, boundary: string): Multipart {
  const heads: string[] = [];
  const end = `\r\n--${boundary}--\r\n`;
  let length = end.length;
  for (const range of ranges) {
    const line = heads.length === 0 ? `--${boundary}` : `\r\n--${boundary}`;
    const head = `${line}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`;
    heads.push(head);
    length += head.length + range.stop - range.start;
  }
  return { heads, end, length };
}
