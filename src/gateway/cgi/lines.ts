import type { Readable } from "node:stream";

/** Bytes of a line; a longer one is told in pieces. */
const LINE_LIMIT = 8 * 1024;

/** Tells each line of a stream, decoded as UTF-8, without its end; the last one also when it has none. */
export function readLines(stream: Readable, tell: (line: string) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  stream.on("data", (piece: Buffer) => {
    let rest = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
    for (;;) {
      const end = rest.indexOf(0x0a);
      if (end < 0 && rest.length < LINE_LIMIT) break;
      const size = end < 0 || end > LINE_LIMIT ? LINE_LIMIT : end;
      tell(rest.toString("utf8", 0, size));
      rest = rest.subarray(size === end ? end + 1 : size);
    }
    pending = rest;
  });
  stream.on("end", () => {
    if (pending.length > 0) tell(pending.toString("utf8"));
  });
  // A pipe that breaks has ended.
  stream.on("error", () => {});
}

/** Text as it can stand in a log: what would move the cursor, or begin a line that nobody wrote, is spelled out. */
export function printable(text: string): string {
  return text.replace(/(?!\t)\p{Cc}/gu, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
