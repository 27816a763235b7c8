/**
 * Lines to a stream that nobody waits for. A stream keeps what its reader does not take: under a flood of errors, which
 * whoever sends requests can cause, a slow reader of the log would cost the process all memory.
 */
import type { Writable } from "node:stream";

/** Bytes that may wait for the reader, as for the access log. */
const MOST_WAITING = 4 * 1024 * 1024;

/**
 * Gives what writes a line. Once too much waits, lines are dropped until the reader has taken all of it.
 * @param tell how many were dropped, when that is over
 */
export function boundedLines(stream: Writable, tell: (dropped: number) => void): (line: string) => void {
  let dropped = 0;
  const drained = () => {
    const count = dropped;
    dropped = 0;
    tell(count);
  };
  return (line) => {
    if (dropped === 0) {
      if (stream.writableLength <= MOST_WAITING) return void stream.write(`${line}\n`);
      stream.once("drain", drained);
    }
    dropped++;
  };
}
