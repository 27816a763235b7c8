/**
 * From the names of a path to the script that they lead to, and what is left for it as PATH_INFO (RFC 3875 §3.2, §4.1.5).
 * Only what the operator made executable, inside the directory, is ever found; the rest is refused with the reason.
 */
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { SitePath } from "../../http/path.ts";

export interface Script {
  /** Where it is: absolute, through links as it was asked for. */
  readonly file: string;
  /** The names that led to it. */
  readonly names: readonly string[];
  /** What follows them, decoded; empty, or from its slash on. */
  readonly pathInfo: string;
}

/** Why nothing is run. A path that leads nowhere says nothing: that is the client's affair and not worth a line. */
export interface Refusal {
  readonly status: 403 | 404 | 500 | 501;
  readonly reason: string;
}

export class ScriptDirectory {
  readonly #directory: string;

  /** @throws {Error} when there is no such directory */
  constructor(directory: string) {
    this.#directory = resolve(directory);
    const stats = statSync(this.#directory, { throwIfNoEntry: false });
    if (stats === undefined) throw new Error(`cgi: there is no directory ${this.#directory}`);
    if (!stats.isDirectory()) throw new Error(`cgi: ${this.#directory} is not a directory`);
  }

  /** Walks down from the directory: the first name that is a file is the script. */
  find({ names, directory }: SitePath): Script | Refusal {
    let file = this.#directory;
    for (const [at, name] of names.entries()) {
      file = join(file, name);
      const kind = name.startsWith(".") ? "nothing" : kindOf(file);
      if (kind === "directory") continue;
      if (kind === "nothing" || !this.#holds(file)) return NOTHING;
      const rest = names.slice(at + 1).map((name) => `/${name}`);
      const script = { file, names: names.slice(0, at + 1), pathInfo: rest.join("") + (directory ? "/" : "") };
      return objectionTo(script) ?? script;
    }
    return NOTHING;
  }

  /** Whether a file is inside the directory, and behind no dot, once all links are resolved. */
  #holds(file: string): boolean {
    const root = realpathSync.native(this.#directory);
    const top = root.endsWith(sep) ? root : root + sep;
    const real = realpathSync.native(file);
    return real.startsWith(top) && !real.slice(top.length - 1).includes(`${sep}.`);
  }
}

const NOTHING: Refusal = { status: 404, reason: "" };

/** The errors of a path that leads nowhere. */
const ABSENCES = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG", "ELOOP", "EACCES", "EPERM"]);

function kindOf(path: string): "directory" | "file" | "nothing" {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? "directory" : stats.isFile() ? "file" : "nothing";
  } catch (error) {
    if (ABSENCES.has((error as NodeJS.ErrnoException).code ?? "")) return "nothing";
    throw error;
  }
}

function objectionTo({ file, names }: Script): Refusal | null {
  if (names.at(-1)!.startsWith("nph-")) {
    return { status: 501, reason: "is not run: non-parsed headers (nph-) are not supported; take the nph- off" };
  }
  try {
    accessSync(file, constants.R_OK | constants.X_OK);
  } catch {
    return { status: 403, reason: "is not run: it is not executable, or not readable (chmod +rx)" };
  }
  if (!isProgram(file)) return { status: 500, reason: "cannot be run: its first line does not begin with #!" };
  return null;
}

/** ELF, and Mach-O in its three forms. */
const BINARIES = ["7f454c46", "cffaedfe", "cefaedfe", "cafebabe"];

/**
 * Whether the kernel knows how to run this file. What it does not know, the C library's execvp would hand to /bin/sh, and
 * no shell runs here that the script has not asked for.
 */
function isProgram(file: string): boolean {
  const start = Buffer.alloc(4);
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    readSync(descriptor, start, 0, 4, 0);
  } finally {
    closeSync(descriptor);
  }
  return start.toString("latin1", 0, 2) === "#!" || BINARIES.includes(start.toString("hex"));
}
