/** Files that somebody has compressed before, and put beside their source: `app.js.br` for `app.js`. */
import { closeSync } from "node:fs";
import { CODINGS, type Coding } from "../http/accept-encoding.ts";
import { type OpenFile, type PathState, type Root, statAt } from "./root.ts";

const EXTENSIONS: Readonly<Record<Coding, string>> = { br: ".br", zstd: ".zst", gzip: ".gz" };

/**
 * Opens the sibling of a file in a coding. `null` if there is none that may stand for it: one that is older than its
 * source was made of another state of it (compressors give what they write the time of what they read), and one that is no
 * smaller saves nothing.
 */
export function openSibling(root: Root, { names, stats }: OpenFile, coding: Coding): OpenFile | null {
  const sibling = root.open([...names.slice(0, -1), names.at(-1)! + EXTENSIONS[coding]]);
  if (sibling === null || sibling === "directory") return null;
  if (sibling.stats.mtimeNs >= stats.mtimeNs && sibling.stats.size < stats.size) return sibling;
  closeSync(sibling.descriptor);
  return null;
}

/** What is now at the paths where siblings of a file would be. */
export function siblingStates(path: string): PathState[] {
  return CODINGS.map((coding) => {
    const sibling = path + EXTENSIONS[coding];
    return { path: sibling, stats: statAt(sibling) };
  });
}
