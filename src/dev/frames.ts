/** Where an error was thrown: the frames of its stack, and the source around each. */
import { readFileSync } from "node:fs";
import { parse, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorReport } from "./error-report.ts";

/** Whose code a frame is: only the application's own is likely to be wrong. */
export type Owner = "application" | "library" | "portico" | "node";

export interface Frame {
  /** What was called; empty at the top of a module. */
  readonly name: string;
  /** An absolute path, or a `node:` name. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly owner: Owner;
}

/** A line of V8's (v8.dev/docs/stack-trace-api): `    at async name (file:///path:1:2)`, or without the name; none of `eval`. */
const LINE = /^ +at (?:async )?(?!eval )(?:(.*?) \()?((?:file:\/\/|node:|[A-Za-z]:[\\/]|\/).*?):([0-9]+):([0-9]+)\)?$/;

/** Characters of a line that may be a frame's; a path has 4096 at most. Longer ones are a client's words, and slow to match. */
const MAX_LINE = 5000;

/** What a syntax error begins with: `/path:1:2: ` in our compiler's message, `file:///path:1` in a stack of Node's. */
const PLACE = /^((?:file:\/\/|[A-Za-z]:[\\/]|\/).*?):([0-9]+)(?::([0-9]+): .*)?$/;

/** The folder of this package's code. */
const PORTICO = fileURLToPath(new URL("..", import.meta.url));

/** The frames, from the innermost on; of what does not parse, the place, since nothing of it has run. */
export function framesOf(error: ErrorReport): Frame[] {
  const { name, message, stack } = error;
  const lines = stack.slice(framesStart(error)).split("\n");
  const frames = lines.flatMap(frameIn);
  if (name !== "SyntaxError") return frames;
  const place = PLACE.exec(message.split("\n", 1)[0]!) ?? PLACE.exec(stack.split("\n", 1)[0]!);
  if (place === null) return frames;
  const [, file, line, column = "1"] = place;
  return frameOf(["", file!, line!, column]);
}

/** Behind the message, in which a client's own words may stand: also some that look like a frame of any file. */
function framesStart({ message, stack }: ErrorReport): number {
  const at = stack.indexOf(message);
  return at < 0 ? 0 : at + message.length;
}

function frameIn(line: string): Frame[] {
  return line.length > MAX_LINE ? [] : frameOf(LINE.exec(line)?.slice(1));
}

function frameOf(parts: readonly string[] | undefined): Frame[] {
  if (parts === undefined) return [];
  const [name = "", where, line, column] = parts;
  const file = where!.startsWith("file:") ? fileURLToPath(where!) : where!;
  return [{ name, file, line: Number(line), column: Number(column), owner: ownerOf(file) }];
}

function ownerOf(file: string): Owner {
  if (file.startsWith("node:")) return "node";
  if (file.startsWith(PORTICO)) return "portico";
  return /[\\/]node_modules[\\/]/.test(file) ? "library" : "application";
}

/** Of a module that is not found (Node's ERR_MODULE_NOT_FOUND), the line that imports it, as a stack; empty if that is not known. */
export function importingFrame({ message }: ErrorReport): string {
  const [, name, importer] = /^Cannot find (?:package|module) '(.*)' imported from (.*)$/.exec(message) ?? [];
  if (name === undefined || !SOURCE.test(importer!)) return "";
  const wanted = parse(name).name;
  const lines = linesOf(importer!);
  const at = lines.findIndex((line) => /\b(?:from|import)\b/.test(line) && line.includes(wanted));
  return at < 0 ? "" : `    at ${importer}:${at + 1}:${lines[at]!.indexOf(wanted) + 1}`;
}

/** The stack without what the application does not know: the server around it. */
export function withoutServer(error: ErrorReport): string {
  const { stack } = error;
  const start = framesStart(error);
  const lines = stack.slice(start).split("\n");
  const last = lines.findLastIndex((line) => frameIn(line)[0]?.owner === "application");
  // An error of our own making has nothing else.
  if (last < 0) return stack;
  const hides = (line: string, at: number) => at > last || frameIn(line)[0]?.owner === "portico";
  const kept = lines.filter((line, at) => !line.startsWith("    at ") || !hides(line, at));
  return stack.slice(0, start) + kept.join("\n");
}

/** A file as it would be typed from here. */
export function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return file.startsWith("node:") || path.startsWith(`..${sep}`) || path === "" ? file : path;
}

export interface SourceLine {
  readonly number: number;
  readonly text: string;
}

/** Lines before and after the one in question. */
const AROUND = 6;

/** Whoever rewrites a message may leave what a client said in the stack: no file is shown but a source. */
const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/;

/** The lines around a frame's, as the file has them now; none if it cannot be read. */
export function sourceAround({ file, line, owner }: Frame): SourceLine[] {
  if (owner === "node" || owner === "portico" || !SOURCE.test(file)) return [];
  const start = Math.max(0, line - 1 - AROUND);
  return linesOf(file)
    .slice(start, line + AROUND)
    .map((text, at) => ({ number: start + at + 1, text }));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    return [];
  }
}
