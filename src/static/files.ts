/** A directory as an application: from a request to the file that answers it. */
import { closeSync } from "node:fs";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { rawPath, rawQuery, readPath, type SitePath, writePath } from "../http/path.ts";
import { FileCache } from "./cache.ts";
import { ALLOWED, refuse } from "./refusal.ts";
import { Responder } from "./responder.ts";
import { type OpenFile, Root } from "./root.ts";

export interface FilesOptions {
  /** Path under which the files stand, such as `/assets`. Default `/`. */
  prefix?: string | undefined;
  /** Asked for everything that is not found here, with any method. Without it, that is a 404. */
  next?: Handler | undefined;
  /** Whether names that begin with a dot are served. Default: none but `.well-known` (RFC 8615). */
  dotfiles?: boolean | undefined;
  /** The Cache-Control of files. Default `no-cache`: clients keep them, and ask each time whether they are current. */
  cacheControl?: string | undefined;
  /** How long a file in memory is believed to be unchanged, in milliseconds. Default 1000; 0 looks on every request. */
  checkInterval?: number | undefined;
  /** Memory for files of up to 2 MiB, in bytes. Default 64 MiB; 0 keeps none. */
  cacheSize?: number | undefined;
  /** Whether text and other loose formats are compressed for clients that want it. Default true; siblings are used anyway. */
  compress?: boolean | undefined;
}

/**
 * Serves the files of a directory, read-only, and nothing outside of it.
 * @throws {Error} when there is no such directory
 * @throws {TypeError} when the prefix is not a path
 */
export function files(root: string, options: FilesOptions = {}): Handler {
  const site = new Site(root, options);
  return (exchange) => site.answer(exchange);
}

class Site {
  readonly #root: Root;
  readonly #prefix: readonly string[];
  readonly #next: Handler | undefined;
  readonly #cache: FileCache;
  readonly #responder: Responder;
  readonly #pageKey: string;

  constructor(root: string, options: FilesOptions) {
    const prefix = readPath(options.prefix ?? "/");
    if (typeof prefix === "number") throw new TypeError(`files: the prefix ${options.prefix} is not a path from /`);
    this.#root = new Root(root, options.dotfiles ?? false);
    this.#prefix = prefix.names;
    this.#pageKey = writePath({ names: [...prefix.names, "404.html"], directory: false });
    this.#next = options.next;
    this.#cache = new FileCache(options.cacheSize ?? 64 * 1024 * 1024, options.checkInterval ?? 1000);
    const cacheControl = options.cacheControl ?? "no-cache";
    this.#responder = new Responder(this.#root, this.#cache, cacheControl, options.compress ?? true);
  }

  answer(exchange: Exchange): void | Promise<void> {
    const { method, target } = exchange.head;
    const raw = rawPath(target);
    const reads = method === "GET" || method === "HEAD";
    // Keys are spelled as `writePath` does: a raw path that equals one is one, and need not be read.
    let cached = reads ? this.#cache.get(raw) : null;
    if (cached !== null) return this.#responder.respond(exchange, cached, 200);

    const path = readPath(raw);
    if (typeof path === "number") return this.#missing(exchange, path);
    const key = writePath(path);
    if (reads && key !== raw) cached = this.#cache.get(key);
    if (cached !== null) return this.#responder.respond(exchange, cached, 200);

    const found = this.#find(path);
    if (found === null) return this.#missing(exchange, 404);
    if (reads)
      return found === "directory"
        ? redirect(exchange, path)
        : this.#responder.respondFromDisk(exchange, found, key, 200);
    if (found !== "directory") closeSync(found.descriptor);
    return method === "OPTIONS" ? sendOptions(exchange) : refuse(exchange, 405);
  }

  /** What stands at a path: a file; "directory" when only a slash is missing to find one; `null` for nothing. */
  #find({ names, directory }: SitePath): OpenFile | "directory" | null {
    if (!this.#prefix.every((name, at) => names[at] === name)) return null;
    const inside = names.slice(this.#prefix.length);
    if (!directory) {
      const found = this.#root.open(inside);
      if (found !== "directory") return found;
    }
    const index = this.#root.open([...inside, "index.html"]);
    if (index === null || index === "directory") return null;
    if (directory) return index;
    closeSync(index.descriptor);
    return "directory";
  }

  #missing(exchange: Exchange, status: 400 | 404): void | Promise<void> {
    if (this.#next !== undefined) return this.#next(exchange);
    if (exchange.head.target === "*") return sendOptions(exchange);
    if (status === 400) return refuse(exchange, 400);
    const cached = this.#cache.get(this.#pageKey);
    if (cached !== null) return this.#responder.respond(exchange, cached, 404);
    const page = this.#root.open(["404.html"]);
    return page === null || page === "directory"
      ? refuse(exchange, 404)
      : this.#responder.respondFromDisk(exchange, page, this.#pageKey, 404);
  }
}

/** To the same path with a slash. Relative, so that no Host field and no doubled slash can make it lead elsewhere. */
function redirect(exchange: Exchange, { names }: SitePath): void {
  const location = writePath({ names, directory: true }) + rawQuery(exchange.head.target);
  exchange.start(308, ["Location", location, "Content-Length", "0", "Cache-Control", "no-cache"]);
  exchange.end();
}

function sendOptions(exchange: Exchange): void {
  exchange.start(204, ALLOWED);
  exchange.end();
}
