/** What a change of a file means: for the application, for the pages that are open, or for nobody. */
import { extname, sep } from "node:path";

export type Meaning = "application" | "styles" | "page" | "nothing";

/** What an application is written in, and what it is likely to have read when it was loaded. */
const SOURCES =
  /^\.(?:[cm]?[jt]s|[jt]sx|wasm|html?|ejs|hbs|njk|pug|mustache|liquid|eta|svg|css|sql|graphql|ya?ml|toml)$/;

export interface Interests {
  /** Directories whose files are served as they are. */
  readonly served: readonly string[];
  /** The directory of the application, if there is one. */
  readonly application: string | undefined;
  /** Files that the application was loaded from. */
  readonly loaded: ReadonlySet<string>;
}

/**
 * Data that an application writes beside its code, such as a database or a log, means nothing: it would be loaded again for
 * each of its own writes.
 */
export function meaningOf(path: string, { served, application, loaded }: Interests): Meaning {
  if (loaded.has(path)) return "application";
  const extension = extname(path).toLowerCase();
  if (served.some((directory) => isWithin(path, directory))) return extension === ".css" ? "styles" : "page";
  const isSource = application !== undefined && isWithin(path, application) && SOURCES.test(extension);
  return isSource ? "application" : "nothing";
}

function isWithin(path: string, directory: string): boolean {
  return path.startsWith(directory.endsWith(sep) ? directory : directory + sep);
}
