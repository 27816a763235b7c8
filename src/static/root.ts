/**
 * The one directory that is served, and the only way to a file in it. What is opened is checked after it was opened, by
 * the path that the system itself gives for the descriptor: between a check and an open, a directory can be swapped for
 * a link.
 */
import {
  accessSync,
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join, resolve, sep } from "node:path";

/** A regular file inside the root, or a directory, open for reading. Whoever has it closes the descriptor. */
export interface OpenFile {
  /** Where it was asked for, links and all: the names below the root, and the whole path. */
  readonly names: readonly string[];
  readonly path: string;
  readonly descriptor: number;
  /** As of the open. */
  readonly stats: BigIntStats;
}

/** Asking by option is cheap where nothing is there: 0.5 µs, and 5 µs with the exception. */
const STAT = { bigint: true, throwIfNoEntry: false } as const;

/** Not blocking: what was a regular file a moment ago may be a FIFO by now, whose open would wait for a writer. */
const OPEN = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** What a site says about itself, in its directory; never to a client. */
export const RULE_FILES: readonly string[] = ["_headers", "_redirects"];

/** The command's settings, a password among them: the command may run below the directory that it serves. */
const CONFIGURATION = /^portico\.config\.\w+$/i;

export class Root {
  /** As it was given, absolute: a link that is pointed elsewhere, as deployments do, is followed. */
  readonly #directory: string;
  readonly #dotfiles: boolean;
  /** What the directory is, links resolved, with a separator at its end. */
  #real: string;

  /**
   * @param dotfiles whether names that begin with a dot are served; `.well-known` (RFC 8615) always is
   * @throws {Error} when there is no such directory, or it may not be entered: then there would be nothing but 404s
   */
  constructor(directory: string, dotfiles: boolean) {
    this.#directory = resolve(directory);
    this.#dotfiles = dotfiles;
    const stats = statSync(this.#directory, STAT);
    if (stats === undefined) throw new Error(`files: there is no directory ${this.#directory}`);
    if (!stats.isDirectory()) throw new Error(`files: ${this.#directory} is not a directory`);
    accessSync(this.#directory, constants.X_OK);
    this.#real = this.#resolve();
  }

  /**
   * Opens the file at these names; says "directory" if there is one, `null` if nothing is there that may be served.
   * Everything here is synchronous: open, checks, read and close of a file in the page cache cost 7 µs of CPU so, and
   * 64 µs by way of the thread pool (4 KiB, Node 20).
   * @throws {Error} when the system fails us, as with `EMFILE` or `EIO`
   */
  open(names: readonly string[]): OpenFile | "directory" | null {
    if (!this.#shows(names)) return null;
    const path = join(this.#directory, ...names);
    try {
      const stats = statSync(path, STAT);
      if (stats === undefined) return null;
      if (stats.isDirectory()) return this.#holds(realpathSync.native(path)) ? "directory" : null;
      // A FIFO, socket or device is not even opened: that alone can have effects.
      return stats.isFile() ? this.#openAs("isFile", names, path) : null;
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /** What is at these names now, whether it may be served or not. */
  state(names: readonly string[]): PathState {
    const path = join(this.#directory, ...names);
    return { path, stats: statAt(path) };
  }

  /** Opens the directory at these names, to look into it; `null` if there is none that may be looked into. */
  openDirectory(names: readonly string[]): OpenFile | null {
    if (!this.#shows(names)) return null;
    try {
      return this.#openAs("isDirectory", names, join(this.#directory, ...names));
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  /**
   * What `open` would find under a name in an open directory, without opening it: the state of a file that can be read or
   * of a directory that can be entered, by a link or not; `null` for anything else.
   */
  look(directory: OpenFile, name: string): Stats | null {
    if (!this.#shows([...directory.names, name])) return null;
    const path = join(accessPath(directory), name);
    try {
      let stats = lstatSync(path);
      if (stats.isSymbolicLink()) {
        if (!this.#holds(realpathSync.native(path))) return null;
        stats = statSync(path);
      }
      if (!stats.isFile() && !stats.isDirectory()) return null;
      accessSync(path, stats.isFile() ? constants.R_OK : constants.X_OK);
      return stats;
    } catch (error) {
      if (isAbsence(error)) return null;
      throw error;
    }
  }

  #openAs(kind: "isFile" | "isDirectory", names: readonly string[], path: string): OpenFile | null {
    const descriptor = openSync(path, kind === "isDirectory" ? OPEN | constants.O_DIRECTORY : OPEN);
    let inside = false;
    try {
      const stats = fstatSync(descriptor, { bigint: true });
      const file = { names, path, descriptor, stats };
      if (stats[kind]()) inside = this.#holds(realPath(file));
      return inside ? file : null;
    } finally {
      if (!inside) closeSync(descriptor);
    }
  }

  /** Whether this real path is inside the root, with nothing hidden on the way. */
  #holds(real: string | null): boolean {
    if (real === null) return false;
    if (!`${real}${sep}`.startsWith(this.#real)) {
      this.#real = this.#resolve();
      if (!`${real}${sep}`.startsWith(this.#real)) return false;
    }
    return this.#shows(real.slice(this.#real.length).split(sep));
  }

  #shows(names: readonly string[]): boolean {
    // In any case: some file systems take `_Headers` for the same.
    if (names.length === 1 && RULE_FILES.includes(names[0]!.toLowerCase())) return false;
    if (names.some((name) => CONFIGURATION.test(name))) return false;
    return this.#dotfiles || names.every((name) => !name.startsWith(".") || name === ".well-known");
  }

  #resolve(): string {
    const real = realpathSync.native(this.#directory);
    return real.endsWith(sep) ? real : real + sep;
  }
}

/** What is or was at a path, if anything. */
export interface PathState {
  readonly path: string;
  readonly stats: BigIntStats | undefined;
}

/** What is at a path; nothing where the system will not say. */
export function statAt(path: string): BigIntStats | undefined {
  try {
    return statSync(path, STAT);
  } catch {
    return undefined;
  }
}

/** Whether what is at a path now is what was there, unchanged, or nothing as before. */
export function isUnchanged({ path, stats }: PathState): boolean {
  const now = statAt(path);
  if (now === undefined || stats === undefined) return now === stats;
  return (
    now.mtimeNs === stats.mtimeNs &&
    now.ctimeNs === stats.ctimeNs &&
    now.size === stats.size &&
    now.ino === stats.ino &&
    now.dev === stats.dev
  );
}

/** Linux names the file behind a descriptor. */
const DESCRIPTORS = process.platform === "linux" && existsSync("/proc/self/fd") ? "/proc/self/fd/" : null;

function realPath(file: OpenFile): string | null {
  return DESCRIPTORS === null ? realPathByIdentity(file) : readlinkSync(DESCRIPTORS + file.descriptor);
}

/** A path that leads into an open directory: on Linux for certain, elsewhere as long as nobody swaps it. */
export function accessPath({ path, descriptor }: OpenFile): string {
  return DESCRIPTORS === null ? path : DESCRIPTORS + descriptor;
}

/** Elsewhere: where the path leads now, provided that the same file is there that was opened. */
export function realPathByIdentity({ path, stats }: OpenFile): string | null {
  const real = realpathSync.native(path);
  const there = statSync(real, STAT);
  return there !== undefined && there.ino === stats.ino && there.dev === stats.dev ? real : null;
}

/** The errors of a path that leads nowhere for us: nothing there, not ours to read, or no name the system could have. */
const ABSENCES = new Set([
  "ENOENT",
  "ENOTDIR",
  "ENAMETOOLONG",
  "ELOOP",
  "EACCES",
  "EPERM",
  "ENXIO",
  "ENODEV",
  "EINVAL",
]);

export function isAbsence(error: unknown): boolean {
  return error instanceof Error && "code" in error && ABSENCES.has(error.code as string);
}
