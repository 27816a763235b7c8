/** What stands in a directory, of what would be served. How that is shown is not known here. */
import { closeSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { accessPath, isAbsence, type Root } from "./root.ts";

/** Names of a directory that are looked at: Caddy's `file_limit`. */
export const MAX_ENTRIES = 10_000;

/** Names to a piece, between which the event loop goes round. To look at one takes 6 µs. */
const PIECE = 256;

/** In names that no target leads to (http/path.ts): a backslash, half a character. */
const UNASKABLE = /\\|\p{Surrogate}/u;

export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  /** In bytes; of no meaning for a directory. */
  readonly size: number;
  /** When its content was changed last, in milliseconds since the epoch. */
  readonly modified: number;
}

export interface Contents {
  /** In no order. */
  readonly entries: Entry[];
  /** Whether there are more than `MAX_ENTRIES` names, of which these are the first that the system gave. */
  readonly truncated: boolean;
}

/**
 * Reads a directory inside the root; `null` if there is none that may be looked into.
 * @throws {Error} (rejects) when the system fails us, as with `EMFILE` or `EIO`
 */
export async function readDirectory(root: Root, names: readonly string[]): Promise<Contents | null> {
  const directory = root.openDirectory(names);
  if (directory === null) return null;
  const entries: Entry[] = [];
  let count = 0;
  try {
    for await (const { name } of await opendir(accessPath(directory), { bufferSize: PIECE })) {
      if (++count > MAX_ENTRIES) break;
      // A name that is not UTF-8 came garbled, and is not found by what it became.
      if (UNASKABLE.test(name)) continue;
      const stats = root.look(directory, name);
      if (stats === null) continue;
      entries.push({ name, isDirectory: stats.isDirectory(), size: stats.size, modified: stats.mtimeMs });
    }
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  } finally {
    closeSync(directory.descriptor);
  }
  return { entries, truncated: count > MAX_ENTRIES };
}
