/** From a path to the file that answers it, or to another path where that file stands. */
import { closeSync } from "node:fs";
import type { SitePath } from "../http/path.ts";
import type { OpenFile, PathState, Root } from "./root.ts";

export interface Found {
  readonly file: OpenFile;
  /** What else was looked at first: this is the answer for as long as that is as it was. */
  readonly states: readonly PathState[];
}

/** What stands at a path below the root: a file; the path to go to instead; `null` for nothing. */
export type Find = (root: Root, path: SitePath) => Found | SitePath | null;

const INDEX = "index.html";
const EXTENSION = ".html";

/** Names are those of files. A directory is its index, behind a slash: that is where the links in it lead from. */
export function findFile(root: Root, { names, directory }: SitePath): Found | SitePath | null {
  if (!directory) {
    const found = root.open(names);
    if (found !== "directory") return asFound(found);
  }
  if (directory) return findIndex(root, names);
  return has(root, [...names, INDEX]) ? { names, directory: true } : null;
}

/**
 * Pages have no `.html`. The links in a page are right from where its file stands, so `about.html` is `/about`, and
 * `about/index.html` is `/about/`; there may be both. The other spellings of a page lead to this one.
 */
export function findPage(root: Root, { names, directory }: SitePath): Found | SitePath | null {
  const name = names.at(-1);
  if (name === undefined) return findFile(root, { names, directory });
  if (directory) {
    const index = findIndex(root, names);
    if (index !== null || has(root, names)) return index;
    return has(root, withExtension(names)) ? { names, directory: false } : null;
  }
  const state = root.state(names);
  const found = root.open(names);
  if (found !== null && found !== "directory") return findSpelling(root, found);
  if (name + EXTENSION !== INDEX) {
    const page = openFile(root, withExtension(names));
    if (page !== null) return asFound(page, state);
  } else if (has(root, withExtension(names))) return { names: names.slice(0, -1), directory: true };
  return found === "directory" && has(root, [...names, INDEX]) ? { names, directory: true } : null;
}

/** A file that was asked for by its whole name, which for a page is one too many. */
function findSpelling(root: Root, file: OpenFile): Found | SitePath | null {
  const name = file.names.at(-1)!;
  const parent = file.names.slice(0, -1);
  if (!name.endsWith(EXTENSION) || name === EXTENSION) return { file, states: [] };
  closeSync(file.descriptor);
  const page = [...parent, name.slice(0, -EXTENSION.length)];
  const state = root.state(page);
  // Where the shorter name is another file's, the page keeps its own.
  if (has(root, page)) return asFound(openFile(root, file.names), state);
  return name === INDEX ? { names: parent, directory: true } : { names: page, directory: false };
}

function findIndex(root: Root, names: readonly string[]): Found | null {
  return asFound(openFile(root, [...names, INDEX]));
}

/** Where the page of this name would be. */
export function withExtension(names: readonly string[]): string[] {
  return [...names.slice(0, -1), names.at(-1)! + EXTENSION];
}

function asFound(file: OpenFile | null, ...states: readonly PathState[]): Found | null {
  return file === null ? null : { file, states };
}

function openFile(root: Root, names: readonly string[]): OpenFile | null {
  const found = root.open(names);
  return found === "directory" ? null : found;
}

function has(root: Root, names: readonly string[]): boolean {
  const file = openFile(root, names);
  if (file !== null) closeSync(file.descriptor);
  return file !== null;
}
