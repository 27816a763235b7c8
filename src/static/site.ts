/** A directory that answers requests: which file a path stands for, and what is said when it stands for none. */
import { closeSync } from "node:fs";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { answerPreflight } from "../gateway/preflight.ts";
import { isPreflight } from "../http/cors.ts";
import { type FieldChanges, joinChanges } from "../http/field-changes.ts";
import { rawPath, rawQuery, readPath, relativePath, type SitePath, writePath } from "../http/path.ts";
import { FileCache, type KeptFile } from "./cache.ts";
import type { FilesOptions } from "./files.ts";
import { changesAt } from "./header-rules.ts";
import { Listings } from "./listing.ts";
import { isNavigation, NAVIGATION_FIELDS } from "./navigation.ts";
import { type Find, findFile, findPage, withExtension } from "./pages.ts";
import { type Redirected, type RedirectRule, redirectsFrom } from "./redirect-rules.ts";
import { ALLOWED, refuse, start } from "./refusal.ts";
import { type Place, Responder, type Role } from "./responder.ts";
import { type OpenFile, type PathState, Root } from "./root.ts";
import { type Rules, SiteRules } from "./rules.ts";

export class Site {
  readonly #root: Root;
  readonly #prefix: readonly string[];
  readonly #next: Handler | undefined;
  readonly #find: Find;
  readonly #spa: readonly string[] | null;
  readonly #cors: boolean;
  /** What is said on every response of this site. */
  readonly #changes: FieldChanges | null;
  readonly #rules: SiteRules;
  readonly #cache: FileCache;
  readonly #responder: Responder;
  readonly #listings: Listings | null;

  constructor(root: string, options: FilesOptions, changes: FieldChanges | null) {
    const { spa = false, cors = false } = options;
    this.#root = new Root(root, options.dotfiles ?? false);
    this.#prefix = namesOfPrefix(options.prefix ?? "/");
    this.#next = options.next;
    this.#find = options.cleanUrls ? findPage : findFile;
    this.#spa = spa === false ? null : namesOfPage(spa === true ? "index.html" : spa);
    this.#cors = cors;
    this.#changes = changes;
    const checkInterval = options.checkInterval ?? 1000;
    this.#rules = new SiteRules(this.#root, checkInterval, options.log ?? console.error);
    this.#cache = new FileCache(options.cacheSize ?? 64 * 1024 * 1024, checkInterval, () => this.#rules.current);
    const compresses = options.compress ?? true;
    this.#responder = new Responder(this.#root, this.#cache, options.cacheControl, compresses);
    this.#listings = options.listing ? new Listings(this.#root, this.#cache, compresses) : null;
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
    const rules = this.#rules.current;
    const ruled = reads ? this.#ruled(rules.forced, rules, exchange, inside) : null;
    if (ruled !== null) return this.#follow(exchange, ruled);
    const found = this.#find(this.#root, inside);
    if (found === null) return this.#fallBack(exchange, path, inside, rules);
    if (!reads) {
      if ("file" in found) closeSync(found.file.descriptor);
      return method === "OPTIONS" ? this.#sendOptions(exchange) : refuse(exchange, 405, this.#changes);
    }
    if (!("file" in found)) return this.#lead(exchange, path, found);
    const isLasting = rules.isSettled && !rules.forced.some(({ pattern }) => pattern.match(inside.names) !== null);
    const { file, states } = found;
    const place: Place = { key, role: 200, states, isLasting, ...this.#said(inside.names, rules, null) };
    return this.#responder.respondFromDisk(exchange, file, place);
  }

  /** The path below the prefix; `null` for one that is not. */
  #inside({ names, directory }: SitePath): SitePath | null {
    if (!this.#prefix.every((name, at) => names[at] === name)) return null;
    return { names: names.slice(this.#prefix.length), directory };
  }

  /** What there is for a path that has no file: what its rules say, a listing, the page of an application. */
  #fallBack(exchange: Exchange, path: SitePath, inside: SitePath, rules: Rules): void | Promise<void> {
    const { method } = exchange.head;
    const reads = method === "GET" || method === "HEAD";
    const ruled = reads ? this.#ruled(rules.others, rules, exchange, inside) : null;
    if (ruled !== null) return this.#follow(exchange, ruled);
    if (this.#isListed(inside)) {
      if (reads) return this.#list(exchange, path, inside, rules);
      return method === "OPTIONS" ? this.#sendOptions(exchange) : refuse(exchange, 405, this.#changes);
    }
    const isShown = this.#spa !== null && isNavigation(exchange.head, inside.names);
    const shell = isShown ? this.#standIn("spa", { names: this.#spa!, directory: false }, 200, rules, VARIES) : null;
    return shell === null ? this.#miss(exchange, 404) : this.#sendStandIn(exchange, shell);
  }

  #isListed({ names }: SitePath): boolean {
    const found = this.#listings === null ? null : this.#root.open(names);
    if (found !== null && found !== "directory") closeSync(found.descriptor);
    return found === "directory";
  }

  #list(exchange: Exchange, path: SitePath, inside: SitePath, rules: Rules): void | Promise<void> {
    const { names, directory } = inside;
    if (!directory) return this.#lead(exchange, path, { names, directory: true });
    const listing = this.#listings!.get(path, names, exchange.head, this.#said(names, rules, null));
    return listing.then((file) => {
      return file === null ? this.#miss(exchange, 404) : this.#responder.respond(exchange, file, 200);
    });
  }

  /** What is not to be found here. */
  #miss(exchange: Exchange, status: 400 | 404): void | Promise<void> {
    if (this.#next !== undefined) return this.#next(exchange);
    if (exchange.head.target === "*" || this.#isPreflight(exchange)) return this.#sendOptions(exchange);
    const page = status === 404 ? this.#standIn("page", PAGE_OF_404, 404, this.#rules.current, null) : null;
    return page === null ? refuse(exchange, status, this.#changes) : this.#sendStandIn(exchange, page);
  }

  /** What the site's rules have for a path: where to go, or a file that answers. */
  #ruled(list: readonly RedirectRule[], rules: Rules, { head }: Exchange, path: SitePath): Redirected | StandIn | null {
    if (list.length === 0) return null;
    const prefix = writePath({ names: this.#prefix, directory: false });
    for (const redirected of redirectsFrom(list, path, rawQuery(head.target), prefix)) {
      const { status, location } = redirected;
      if (status !== 200 && status !== 404) return redirected;
      const target = readPath(location);
      const file = typeof target === "number" ? null : this.#standIn("rule", target, status, rules, null);
      if (file !== null) return file;
    }
    return null;
  }

  #follow(exchange: Exchange, ruled: Redirected | StandIn): void | Promise<void> {
    if ("location" in ruled) return this.#redirect(exchange, ruled.status, ruled.location);
    return this.#sendStandIn(exchange, ruled);
  }

  #standIn(purpose: string, path: SitePath, role: Role, rules: Rules, more: FieldChanges | null): StandIn | null {
    // Kept apart from the same file as the answer to its own path: no path begins so.
    const key = `${purpose} ${role} ${writePath(path)}`;
    const kept = this.#cache.get(key);
    if (kept !== null) return { kept, role };
    let found = this.#find(this.#root, path);
    let passedOver: readonly PathState[] = [];
    if (found !== null && !("file" in found)) {
      // A spelling that leads to its own: nobody needs to go there, for as long as nothing else is under it.
      passedOver = [path.names, withExtension(path.names)].map((names) => this.#root.state(names));
      found = this.#find(this.#root, found);
    }
    if (found === null || !("file" in found)) return null;
    const { file: opened } = found;
    const states = [...found.states, ...passedOver];
    const place = { key, role, states, isLasting: rules.isSettled, ...this.#said(path.names, rules, more) };
    return { opened, place };
  }

  #sendStandIn(exchange: Exchange, file: StandIn): void | Promise<void> {
    if ("kept" in file) return this.#responder.respond(exchange, file.kept, file.role);
    return this.#responder.respondFromDisk(exchange, file.opened, file.place);
  }

  /** What is said of the file at a path: by its rules, and over them by whoever serves it. */
  #said(names: readonly string[], rules: Rules, more: FieldChanges | null): Pick<Place, "changes" | "edition"> {
    const changes = joinChanges(joinChanges(more, changesAt(rules.headers, names)), this.#changes);
    return { changes, edition: rules };
  }

  /** Leads from a path to another one below the root, with the query: no Host field and no doubled slash can make it lead elsewhere. */
  #lead(exchange: Exchange, from: SitePath, to: SitePath): void {
    const { target } = exchange.head;
    const there = { names: [...this.#prefix, ...to.names], directory: to.directory };
    // An empty name is one more step up for a client, and none for us.
    const isEven = !rawPath(target).includes("//");
    this.#redirect(exchange, 308, (isEven ? relativePath(from, there) : writePath(there)) + rawQuery(target));
  }

  #redirect(exchange: Exchange, status: number, location: string): void {
    start(exchange, status, ["Location", location, "Content-Length", "0", "Cache-Control", "no-cache"], this.#changes);
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

/** A file that answers for other paths than its own. */
type StandIn = { readonly kept: KeptFile; readonly role: Role } | { readonly opened: OpenFile; readonly place: Place };

const PAGE_OF_404: SitePath = { names: ["404.html"], directory: false };

const VARIES: FieldChanges = { set: ["Vary", NAVIGATION_FIELDS], remove: new Set() };

function namesOfPrefix(path: string): readonly string[] {
  const read = readPath(path);
  if (typeof read === "number") throw new TypeError(`files: the prefix ${path} is not a path from /`);
  return read.names;
}

/** A file is named as it is on disk: nothing in its name is encoded. */
function namesOfPage(file: string): readonly string[] {
  const names = file.split("/").filter((name) => name !== "" && name !== ".");
  if (names.length > 0 && !names.includes("..") && !/[\\\0]/.test(file)) return names;
  throw new TypeError(`files: the page ${file} is not a file below the root`);
}
