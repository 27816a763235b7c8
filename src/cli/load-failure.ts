/** Why a module cannot be loaded, in one line: what, where in the application, and what to do if that is known. */
import { readFileSync } from "node:fs";
import { relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { type CommandError, failure } from "./command-error.ts";
import { compileTypeScript } from "./typescript/compile.ts";
import { findModule } from "./typescript/resolve.ts";

/** Our own files, whose frames in a stack are not the application's. */
const PORTICO = fileURLToPath(new URL("..", import.meta.url));

/** @param error what importing the module at `path` threw */
export function loadFailure(error: unknown, path: string): CommandError {
  if (!(error instanceof Error)) return failure(`${path} threw ${inspect(error)} while it was loaded`, error);
  if (error instanceof SyntaxError) return failure(syntaxFailure(error, path), error);
  return failure(missingModule(error) ?? thrown(error, path), error);
}

/**
 * Node names the place of a syntax error at the top of the stack, if it does at all; an error of the TypeScript
 * compiler's names it in its message. What names none is looked for.
 */
function syntaxFailure(error: SyntaxError, path: string): string {
  const [first = ""] = (error.stack ?? "").split("\n");
  const place = /^(file:\/\/\/.*|\/.*):([0-9]+)$/.exec(first);
  if (place !== null) return `${shown(place[1]!)}:${place[2]}: ${error.message}${syntaxAdvice(error)}`;
  const isCompiler = /^\/.*:[0-9]+:[0-9]+: /.test(error.message);
  // What runs throws it as well, as JSON.parse does.
  if (!isCompiler && ownFrame(error) !== undefined) return thrown(error, path);
  const message = isCompiler ? error.message : findSyntaxError(path);
  if (message === undefined)
    return `${path} or a module it imports does not parse: ${error.message}${syntaxAdvice(error)}`;
  return message.replace(/^.*?(?=:[0-9]+:[0-9]+: )/, shown);
}

function syntaxAdvice({ message }: SyntaxError): string {
  if (message.includes("does not provide an export")) return "; if it is a type: import type";
  if (message === "Invalid or unexpected token") return "; if it is a decorator: Node runs none that is not compiled";
  if (/Unexpected token 'export'|Cannot use import statement/.test(message)) {
    return '; for an ES module, name it .mjs or set "type": "module" in its package.json';
  }
  return "";
}

const RELATIVE_IMPORT = /\b(?:from|import)\s*\(?\s*["'](\.[^"']*)["']/g;

/** The message of the first syntax error in a module or in what it imports, read with the TypeScript compiler. */
function findSyntaxError(path: string): string | undefined {
  // A set gives what is added to it while it is walked.
  const urls = new Set([pathToFileURL(path).href]);
  for (const url of urls) {
    const source = readFileSync(new URL(url), "utf8");
    try {
      compileTypeScript(source, fileURLToPath(url));
    } catch (error) {
      return (error as SyntaxError).message;
    }
    for (const [, specifier] of source.matchAll(RELATIVE_IMPORT)) {
      const imported = findModule(specifier!, url);
      if (imported !== undefined && /\.[cm]?[jt]s$/.test(imported)) urls.add(imported);
    }
  }
  return undefined;
}

function missingModule({ message }: Error): string | undefined {
  const [, kind, name, importer] = /^Cannot find (package|module) '(.*)' imported from (.*)$/.exec(message) ?? [];
  if (kind === undefined) return undefined;
  const isPackage = kind === "package" && !name!.startsWith("/");
  if (isPackage) return `${shown(importer!)} imports "${name}", which is not installed: npm install ${name}`;
  return `${shown(importer!)} imports ${shown(name!)}, which does not exist`;
}

/** A line of a stack that names a file, by its path or its URL. */
const FRAME = /^ +at (?:async )?(?:.*\()?(file:\/\/\/.*?|\/.*?):([0-9]+):([0-9]+)\)?$/gm;

function ownFrame({ stack = "" }: Error): RegExpExecArray | undefined {
  const frames = [...stack.matchAll(FRAME)];
  return frames.find(([, file]) => !pathOf(file!).startsWith(PORTICO) && !file!.includes("/node_modules/"));
}

function thrown(error: Error, path: string): string {
  const own = ownFrame(error);
  const place = own === undefined ? "" : `, at ${shown(own[1]!)}:${own[2]}:${own[3]}`;
  return `${path} threw while it was loaded${place}: ${error.name}: ${error.message}`;
}

function pathOf(file: string): string {
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

/** As it would be typed from here. */
function shown(file: string): string {
  const path = relative(process.cwd(), pathOf(file));
  return path.startsWith(`..${sep}`) ? pathOf(file) : path;
}
