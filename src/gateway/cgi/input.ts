/** The request's body on its way to a script: as a stream when its length is known, by way of a file when it is not. */
import { once } from "node:events";
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { BodySource } from "../contract.ts";
import type { Patience } from "./patience.ts";

/**
 * Passes the body on at the pace of the script. One that stops to read, or ends, has heard enough: that is no error.
 * @throws (rejects) with what `body.read()` rejects with
 */
export async function feed(body: BodySource, stdin: Writable, patience: Patience): Promise<void> {
  let isOpen = !stdin.destroyed;
  const closed = once(stdin, "close").finally(() => (isOpen = false));
  // Writing to a pipe that nobody reads is an EPIPE; the close follows.
  closed.catch(() => {});
  for (;;) {
    const piece = await patience.excuse(body.read());
    if (piece === null || !isOpen) break;
    const isFull = !stdin.write(piece);
    if (isFull) await Promise.race([once(stdin, "drain"), closed]).catch(() => {});
    patience.sign();
  }
  if (isOpen) stdin.end();
  else body.discard();
}

export interface SpooledBody {
  /** Open at its beginning, without a name; whoever has it closes it. */
  readonly file: FileHandle;
  readonly size: number;
}

/**
 * Keeps a body whose length nobody has told (chunked) until it is whole: a script is told the length of what it is to read
 * (RFC 3875 §4.1.2), and most read no more than that. On the disk, because it may be as large as the server takes.
 * @throws (rejects) with what `body.read()` rejects with, or the system's error
 */
export async function spool(body: BodySource): Promise<SpooledBody> {
  const folder = await mkdtemp(join(tmpdir(), "portico-cgi-"));
  const file = await open(join(folder, "body"), "wx+", 0o600).finally(() => rm(folder, { recursive: true }));
  try {
    let size = 0;
    for (let piece = await body.read(); piece !== null; piece = await body.read()) {
      // Where to write is said each time: the position that the script will read from stays at the beginning.
      await file.writev([piece], size);
      size += piece.length;
    }
    return { file, size };
  } catch (error) {
    await file.close();
    throw error;
  }
}
