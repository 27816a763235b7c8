/** A directory as an application: from a request to the file that answers it. */
import { closeSync, fstatSync } from "node:fs";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { evaluatePreconditions, hasPreconditions } from "../http/conditional.ts";
import { rawPath, rawQuery, readPath, type SitePath, writePath } from "../http/path.ts";
import { CachedFile, FileCache } from "./cache.ts";
import { ALLOWED, refuse } from "./refusal.ts";
import { Representation } from "./representation.ts";
import { type OpenFile, Root } from "./root.ts";
import { PIECE_SIZE, readWhole, sendPieces } from "./send.ts";

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
  /** Memory for small files, in bytes. Default 64 MiB; 0 keeps none. */
  cacheSize?: number | undefined;
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
  readonly #cacheControl: string;
  readonly #cache: FileCache;
  readonly #pageKey: string;

  constructor(root: string, options: FilesOptions) {
    const prefix = readPath(options.prefix ?? "/");
    if (typeof prefix === "number") throw new TypeError(`files: the prefix ${options.prefix} is not a path from /`);
    this.#root = new Root(root, options.dotfiles ?? false);
    this.#prefix = prefix.names;
    this.#pageKey = writePath({ names: [...prefix.names, "404.html"], directory: false });
    this.#next = options.next;
    this.#cacheControl = options.cacheControl ?? "no-cache";
    this.#cache = new FileCache(options.cacheSize ?? 64 * 1024 * 1024, options.checkInterval ?? 1000);
  }

  answer(exchange: Exchange): void | Promise<void> {
    const { method, target } = exchange.head;
    const raw = rawPath(target);
    const reads = method === "GET" || method === "HEAD";
    // Keys are spelled as `writePath` does: a raw path that equals one is one, and need not be read.
    let cached = reads ? this.#cache.get(raw) : null;
    if (cached !== null) return sendCached(exchange, cached, 200);

    const path = readPath(raw);
    if (typeof path === "number") return this.#missing(exchange, path);
    const key = writePath(path);
    if (reads && key !== raw) cached = this.#cache.get(key);
    if (cached !== null) return sendCached(exchange, cached, 200);

    const found = this.#find(path);
    if (found === null) return this.#missing(exchange, 404);
    if (reads) return found === "directory" ? redirect(exchange, path) : this.#send(exchange, found, key, 200);
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
    if (cached !== null) return sendCached(exchange, cached, 404);
    const page = this.#root.open(["404.html"]);
    return page === null || page === "directory"
      ? refuse(exchange, 404)
      : this.#send(exchange, page, this.#pageKey, 404);
  }

  #send(exchange: Exchange, file: OpenFile, key: string, status: 200 | 404): void | Promise<void> {
    const cached = file.stats.size <= PIECE_SIZE ? this.#read(file, key) : null;
    return cached === null ? this.#stream(exchange, file, status) : sendCached(exchange, cached, status);
  }

  /** Reads a small file, and closes it. One that changes meanwhile stays open: `#stream` sees how that ends. */
  #read(file: OpenFile, key: string): CachedFile | null {
    let done = true;
    try {
      const body = readWhole(file);
      done = body !== null;
      if (body === null) return null;
      const cached = new CachedFile(this.#describe(file), body, file.path, file.stats);
      if (isSettled(file)) this.#cache.set(key, cached);
      return cached;
    } finally {
      if (done) closeSync(file.descriptor);
    }
  }

  async #stream(exchange: Exchange, opened: OpenFile, status: 200 | 404): Promise<void> {
    const { descriptor } = opened;
    try {
      // Taken anew: a file that changed since the open would only be sent to be cut.
      const file = { ...opened, stats: fstatSync(descriptor, { bigint: true }) };
      if (!start(exchange, this.#describe(file), status)) return;
      if (exchange.head.method === "HEAD") exchange.end();
      else await sendPieces(exchange, file);
    } finally {
      closeSync(descriptor);
    }
  }

  #describe(file: OpenFile): Representation {
    return new Representation(file.path, file.stats, this.#cacheControl);
  }
}

function sendCached(exchange: Exchange, file: CachedFile, status: 200 | 404): void {
  if (start(exchange, file.representation, status)) exchange.end(file.body);
}

/** Starts the response with a file; gives false when the preconditions decided on one without, which is then complete. */
function start(exchange: Exchange, representation: Representation, status: 200 | 404): boolean {
  if (status === 404) {
    exchange.start(404, representation.errorFields);
    return true;
  }
  const { method, fields } = exchange.head;
  const verdict = hasPreconditions(fields) ? evaluatePreconditions(method, fields, representation) : null;
  if (verdict === null) {
    exchange.start(200, representation.fields);
  } else if (verdict === 304) {
    exchange.start(304, representation.notModifiedFields);
    exchange.end();
  } else refuse(exchange, 412);
  return verdict === null;
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

/**
 * Whether a later change of the file would show in its times. They move in steps: up to 10 ms by Linux's clock tick, two
 * seconds on FAT. What was changed within the current step could change again unseen, and is not kept.
 */
function isSettled({ stats }: OpenFile): boolean {
  const wholeSeconds = stats.ctimeNs % 1_000_000_000n === 0n;
  return Date.now() - Number(stats.ctimeMs) > (wholeSeconds ? 2000 : 20);
}
