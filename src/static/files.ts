/** A directory as an application. */
import { fileURLToPath } from "node:url";
import { basicAuth } from "../gateway/basic-auth.ts";
import type { FieldList, Handler } from "../gateway/contract.ts";
import { withPreflights } from "../gateway/preflight.ts";
import { CORS_FIELDS, ISOLATION_FIELDS } from "../http/cors.ts";
import { type FieldChanges, objectionToField } from "../http/field-changes.ts";
import { Site } from "./site.ts";

export interface FilesOptions {
  /** Path under which the files stand, such as `/assets`. Default `/`. */
  prefix?: string | undefined;
  /** Asked for everything that is not found here, with any method. Without it, that is a 404. */
  next?: Handler | undefined;
  /** Whether names that begin with a dot are served. Default: none but `.well-known` (RFC 8615). */
  dotfiles?: boolean | undefined;
  /** Whether a directory without `index.html` is listed, as a page or as JSON. Default false: then it is not there. */
  listing?: boolean | undefined;
  /** The Cache-Control of all files. Default: by what a file is, as `cacheControlOf` says; for development, `no-cache`. */
  cacheControl?: string | undefined;
  /** How long a file in memory is believed to be unchanged, in milliseconds. Default 1000; 0 looks on every request. */
  checkInterval?: number | undefined;
  /** Memory for files of up to 2 MiB, in bytes. Default 64 MiB; 0 keeps none. */
  cacheSize?: number | undefined;
  /** Whether text and other loose formats are compressed for clients that want it. Default true; siblings are used anyway. */
  compress?: boolean | undefined;
  /** The page of an application that runs in the browser, a file below the root: `index.html` if true. Navigations get it that find no file. */
  spa?: boolean | string | undefined;
  /** Whether `about.html` is `/about`, and its other spellings lead there. Default false. */
  cleanUrls?: boolean | undefined;
  /** Fields of every response of these files, by name, in the place of what would be said otherwise; not of `next`'s. */
  headers?: Readonly<Record<string, string>> | FieldList | undefined;
  /** Whether scripts of any origin may read these files. Default false. */
  cors?: boolean | undefined;
  /** Whether pages are isolated from other origins (COOP and COEP). Default false. */
  isolate?: boolean | undefined;
  /** Takes what is wrong with lines of `_headers` and `_redirects`. Default `console.error`. */
  log?: ((line: string) => void) | undefined;
  /** `user:password` that has to be given (Basic) before anything is answered, by `next` too. */
  auth?: string | undefined;
}

/**
 * Serves the files of a directory, read-only, and nothing outside of it.
 * @param root a path, relative to where the process runs, or a URL: `new URL("./site", import.meta.url)` is beside the module
 * @throws {Error} when there is no such directory
 * @throws {TypeError} when the prefix or the page is not a path, a field cannot be set, or the credentials are none
 */
export function files(root: string | URL, options: FilesOptions = {}): Handler {
  const changes = changesOf(options);
  const directory = typeof root === "string" ? root : fileURLToPath(root);
  const site = new Site(directory, options, changes);
  const handler: Handler = (exchange) => site.answer(exchange);
  if (options.auth === undefined) return handler;
  const guarded = basicAuth(handler, options.auth, changes);
  // A browser asks without credentials whether it may send them.
  return options.cors ? withPreflights(guarded) : guarded;
}

function changesOf({ headers = {}, cors = false, isolate = false, cacheControl }: FilesOptions): FieldChanges | null {
  const given = Array.isArray(headers) ? (headers as FieldList) : Object.entries(headers).flat();
  const said = cacheControl === undefined ? given : [...given, "Cache-Control", cacheControl];
  for (let at = 0; at < said.length; at += 2) {
    const objection = objectionToField(said[at]!, said[at + 1]);
    if (objection !== null) throw new TypeError(`files: ${objection}`);
  }
  const set = [...given, ...(cors ? CORS_FIELDS : []), ...(isolate ? ISOLATION_FIELDS : [])];
  return set.length === 0 ? null : { set, remove: new Set() };
}
