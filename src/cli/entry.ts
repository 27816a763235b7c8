/** What ENTRY names: a directory whose files are served, or a module that holds an application. */
import { existsSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname } from "node:path";
import { failure } from "./command-error.ts";

export interface Entry {
  readonly kind: "files" | "application";
  /** As it was typed, or found. */
  readonly path: string;
}

const EXTENSIONS = [".mjs", ".js", ".mts", ".ts"];

/** Where an application is looked for when nothing is named: the names that srvx knows, and its `src/server/index`. */
const NAMES = ["server", "server/index", "server/server", "src/server", "src/server/index"];

/**
 * A directory that is named is served as files, whatever it holds: only the directory we stand in is searched.
 * @throws {CommandError} when there is nothing, or nothing that can be served.
 */
export function findEntry(word: string | undefined): Entry {
  if (word === undefined) {
    const module = firstModule(NAMES);
    return module === undefined ? { kind: "files", path: "." } : { kind: "application", path: module };
  }
  const stats = statsOf(word);
  if (stats?.isDirectory()) return { kind: "files", path: word };
  const module = stats === undefined ? firstModule([word]) : word;
  if (module === undefined) throw nothingThere(word);
  if (!EXTENSIONS.includes(extname(module))) throw notServable(module);
  return { kind: "application", path: module };
}

/** @throws {CommandError} unless `path` is a directory. */
export function requireDirectory(path: string, flag: string): string {
  const stats = statsOf(path);
  if (stats === undefined) throw failure(`there is no directory ${path} (${flag})`);
  if (!stats.isDirectory()) throw failure(`${path} is not a directory (${flag})`);
  return path;
}

/** @throws {CommandError} unless there is a file at `path`. */
export function requireFile(path: string, flag: string): void {
  if (!statsOf(path)?.isFile()) throw failure(`there is no file ${path} (${flag})`);
}

function firstModule(names: readonly string[]): string | undefined {
  const candidates = names.flatMap((name) => EXTENSIONS.map((extension) => name + extension));
  return candidates.find((candidate) => statsOf(candidate)?.isFile());
}

function statsOf(path: string): Stats | undefined {
  return existsSync(path) ? statSync(path) : undefined;
}

function nothingThere(word: string): Error {
  try {
    statSync(word);
  } catch (error) {
    // There may be something where nobody lets us look.
    if ((error as NodeJS.ErrnoException).code === "EACCES") return error as Error;
  }
  if (/^[0-9]+$/.test(word)) return failure(`there is no file or directory ${word}; if it is the port: --port ${word}`);
  return failure(`there is no file or directory ${word}`);
}

function notServable(path: string): Error {
  const directory = dirname(path);
  return failure(
    `${basename(path)} is not a module (${EXTENSIONS.join(", ")}); to serve it as a file, name its directory: portico ${directory}`,
  );
}
