/** A directory as an application: from a request to the file that answers it. */
import { closeSync } from "node:fs";
import { basicAuth } from "../gateway/basic-auth.ts";
import type { Exchange, FieldList, Handler } from "../gateway/contract.ts";
import { answerPreflight, withPreflights } from "../gateway/preflight.ts";
import { CORS_FIELDS, ISOLATION_FIELDS, isPreflight } from "../http/cors.ts";
import { type FieldChanges, joinChanges, objectionToField } from "../http/field-changes.ts";
import { rawPath, rawQuery, readPath, type SitePath, writePath } from "../http/path.ts";
import { FileCache, KeptFile } from "./cache.ts";
import { Listings } from "./listing.ts";
import { isNavigation, NAVIGATION_FIELDS } from "./navigation.ts";
import { type Find, findFile, findPage, openFile } from "./pages.ts";
import { ALLOWED, refuse, start } from "./refusal.ts";
import { Responder, type Role } from "./responder.ts";
import { type OpenFile, Root } from "./root.ts";

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
  /** The page of an application that runs in the browser: `index.html` if true. It answers navigations that find no file. */
  spa?: boolean | string | undefined;
  /** Whether `about.html` is `/about`, and its other spellings lead there. Default false. */
  cleanUrls?: boolean | undefined;
  /** Fields of every response of these files, by name, in the place of what would be said otherwise; not of `next`'s. */
  headers?: Readonly<Record<string, string>> | FieldList | undefined;
  /** Whether scripts of any origin may read these files. Default false. */
  cors?: boolean | undefined;
  /** Whether pages are isolated from other origins (COOP and COEP). Default false. */
  isolate?: boolean | undefined;
  /** `user:password` that has to be given (Basic) before anything is answered, by `next` too. */
  auth?: string | undefined;
}

/**
 * Serves the files of a directory, read-only, and nothing outside of it.
 * @throws {Error} when there is no such directory
 * @throws {TypeError} when the prefix or the page is not a path, a field cannot be set, or the credentials are none
 */
export function files(root: string, options: FilesOptions = {}): Handler {
  const changes = changesOf(options);
  const site = new Site(root, options, changes);
  const handler: Handler = (exchange) => site.answer(exchange);
  if (options.auth === undefined) return handler;
  const guarded = basicAuth(handler, options.auth, changes);
  // A browser asks without credentials whether it may send them.
  return options.cors ? withPreflights(guarded) : guarded;
}

class Site {
  readonly #root: Root;
  readonly #prefix: readonly string[];
  readonly #next: Handler | undefined;
  readonly #find: Find;
  readonly #spa: readonly string[] | null;
  readonly #cors: boolean;
  /** What is said on every response of this site. */
  readonly #changes: FieldChanges | null;
  readonly #cache: FileCache;
  readonly #responder: Responder;
  readonly #listings: Listings | null;

  constructor(root: string, options: FilesOptions, changes: FieldChanges | null) {
    const { spa = false, cors = false } = options;
    this.#root = new Root(root, options.dotfiles ?? false);
    this.#prefix = namesOf("prefix", options.prefix ?? "/");
    this.#next = options.next;
    this.#find = options.cleanUrls ? findPage : findFile;
    this.#spa = spa === false ? null : namesOf("spa", spa === true ? "/index.html" : `/${spa}`);
    this.#cors = cors;
    this.#changes = changes;
    this.#cache = new FileCache(options.cacheSize ?? 64 * 1024 * 1024, options.checkInterval ?? 1000);
    const compresses = options.compress ?? true;
    this.#responder = new Responder(this.#root, this.#cache, options.cacheControl, compresses);
    this.#listings = options.listing ? new Listings(this.#root, this.#cache, compresses, changes) : null;
  }

  answer(exchange: Exchange): void | Promise<void> {
    const { method, target } = exchange.head;
    const raw = rawPath(target);
    const reads = method === "GET" || method === "HEAD";
    // Keys are spelled as `writePath` does: a raw path that equals one is one, and need not be read.
    let cached = reads ? this.#cache.get(raw) : null;
    if (cached !== null) return this.#responder.respond(exchange, cached, 200);

    const path = readPath(raw);
    if (typeof path === "number") return this.#miss(exchange, path);
    const key = writePath(path);
    if (reads && key !== raw) cached = this.#cache.get(key);
    if (cached !== null) return this.#responder.respond(exchange, cached, 200);

    const inside = this.#inside(path);
    if (inside === null) return this.#miss(exchange, 404);
    const found = this.#find(this.#root, inside) ?? this.#findDirectory(inside);
    if (found === null) return this.#fallBack(exchange, inside);
    if (!reads) {
      if (found !== "listing" && "file" in found) closeSync(found.file.descriptor);
      return method === "OPTIONS" ? this.#sendOptions(exchange) : refuse(exchange, 405, this.#changes);
    }
    if (found === "listing") return this.#list(exchange, path, inside);
    if (!("file" in found)) return this.#redirect(exchange, found);
    const { file, states } = found;
    return this.#responder.respondFromDisk(exchange, file, { key, role: 200, states, changes: this.#changes });
  }

  /** The path below the prefix; `null` for one that is not. */
  #inside({ names, directory }: SitePath): SitePath | null {
    if (!this.#prefix.every((name, at) => names[at] === name)) return null;
    return { names: names.slice(this.#prefix.length), directory };
  }

  /** A directory in which nothing answers for it: the listing, or the path of that. */
  #findDirectory({ names, directory }: SitePath): "listing" | SitePath | null {
    const found = this.#listings === null ? null : this.#root.open(names);
    if (found !== null && found !== "directory") closeSync(found.descriptor);
    if (found !== "directory") return null;
    return directory ? "listing" : { names, directory: true };
  }

  async #list(exchange: Exchange, path: SitePath, inside: SitePath): Promise<void> {
    const listing = await this.#listings!.get(path, inside.names, exchange.head);
    return listing === null ? this.#miss(exchange, 404) : this.#responder.respond(exchange, listing, 200);
  }

  #fallBack(exchange: Exchange, { names }: SitePath): void | Promise<void> {
    const shell = this.#spa !== null && isNavigation(exchange.head, names) ? this.#standIn("spa", this.#spa) : null;
    return shell === null ? this.#miss(exchange, 404) : this.#sendStandIn(exchange, shell, 200, VARIES);
  }

  /** What is not to be found here. */
  #miss(exchange: Exchange, status: 400 | 404): void | Promise<void> {
    if (this.#next !== undefined) return this.#next(exchange);
    if (exchange.head.target === "*" || this.#isPreflight(exchange)) return this.#sendOptions(exchange);
    const page = status === 404 ? this.#standIn("404", ["404.html"]) : null;
    return page === null ? refuse(exchange, status, this.#changes) : this.#sendStandIn(exchange, page, 404, null);
  }

  /** A file that answers for paths that have none. */
  #standIn(purpose: string, names: readonly string[]): StandIn | null {
    // Kept apart from the same file as the answer to its own path: no path begins so.
    const key = `${purpose} ${writePath({ names, directory: false })}`;
    const kept = this.#cache.get(key);
    if (kept !== null) return { key, file: kept };
    const file = openFile(this.#root, names);
    return file === null ? null : { key, file };
  }

  #sendStandIn(exchange: Exchange, { key, file }: StandIn, role: Role, changes: FieldChanges | null) {
    if (file instanceof KeptFile) return this.#responder.respond(exchange, file, role);
    const said = joinChanges(changes, this.#changes);
    return this.#responder.respondFromDisk(exchange, file, { key, role, states: [], changes: said });
  }

  /** To another path of this site. Relative, so that no Host field and no doubled slash can make it lead elsewhere. */
  #redirect(exchange: Exchange, { names, directory }: SitePath): void {
    const path = writePath({ names: [...this.#prefix, ...names], directory });
    const location = path + rawQuery(exchange.head.target);
    start(exchange, 308, ["Location", location, "Content-Length", "0", "Cache-Control", "no-cache"], this.#changes);
    exchange.end();
  }

  #sendOptions(exchange: Exchange): void {
    if (this.#isPreflight(exchange)) return answerPreflight(exchange);
    start(exchange, 204, ALLOWED, this.#changes);
    exchange.end();
  }

  #isPreflight({ head }: Exchange): boolean {
    return this.#cors && isPreflight(head);
  }
}

interface StandIn {
  readonly key: string;
  readonly file: KeptFile | OpenFile;
}

const VARIES: FieldChanges = { set: ["Vary", NAVIGATION_FIELDS], remove: new Set() };

function namesOf(option: string, path: string): readonly string[] {
  const read = readPath(path);
  if (typeof read === "number") throw new TypeError(`files: the ${option} ${path} is not a path from /`);
  return read.names;
}

function changesOf({ headers = {}, cors = false, isolate = false }: FilesOptions): FieldChanges | null {
  const given = Array.isArray(headers) ? (headers as FieldList) : Object.entries(headers).flat();
  for (let at = 0; at < given.length; at += 2) {
    const objection = objectionToField(given[at]!, given[at + 1]);
    if (objection !== null) throw new TypeError(`files: ${objection}`);
  }
  const set = [...given, ...(cors ? CORS_FIELDS : []), ...(isolate ? ISOLATION_FIELDS : [])];
  return set.length === 0 ? null : { set, remove: new Set() };
}
