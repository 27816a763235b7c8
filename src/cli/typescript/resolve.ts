import { statSync } from "node:fs";

/** What Node says when a specifier, as it is written, names no file. */
const NOT_FOUND = new Set(["ERR_MODULE_NOT_FOUND", "ERR_UNSUPPORTED_DIR_IMPORT", "MODULE_NOT_FOUND"]);

/** TypeScript names what will be compiled, `./x.js`, for what is there: `./x.ts`. */
const WRITTEN_FOR: Readonly<Record<string, string>> = { ".js": ".ts", ".mjs": ".mts", ".cjs": ".cts" };

/** What may be left away, in the order in which it is tried. */
const ENDINGS = [".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.mts", "/index.js", "/index.mjs"];

/**
 * The URL of the file that a TypeScript author meant by `specifier`, after Node has failed to find it with `error`.
 * @throws `error` itself when there is no such file either.
 */
export function resolveTypeScript(specifier: string, parentUrl: string | undefined, error: unknown): string {
  const { code = "" } = error as NodeJS.ErrnoException;
  const found = NOT_FOUND.has(code) && isRelative(specifier) ? findModule(specifier, parentUrl) : undefined;
  if (found === undefined) throw error;
  return found;
}

/** The URL of the module that a relative specifier names, as it is written or as TypeScript allows to write it. */
export function findModule(specifier: string, parentUrl: string | undefined): string | undefined {
  const url = new URL(specifier, parentUrl);
  for (const candidate of candidates(url.pathname)) {
    url.pathname = candidate;
    if (statSync(url, { throwIfNoEntry: false })?.isFile()) return url.href;
  }
  return undefined;
}

function candidates(pathname: string): string[] {
  const extension = /\.[cm]?js$/.exec(pathname)?.[0];
  if (extension !== undefined) return [pathname, pathname.slice(0, -extension.length) + WRITTEN_FOR[extension]];
  const bare = pathname.replace(/\/$/, "");
  return [pathname, ...ENDINGS.map((ending) => bare + ending)];
}

function isRelative(specifier: string): boolean {
  return /^(?:\.{0,2}\/|\.{1,2}$|file:)/.test(specifier);
}
