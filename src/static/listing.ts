/**
 * Listings of directories: as a page, or as JSON for a client that wants it, in the order that the query asks for. What a
 * directory holds is read in directory.ts, how the page looks stands in listing-page.ts.
 */
import { preferredType } from "../http/accept.ts";
import { type FieldChanges, joinChanges } from "../http/field-changes.ts";
import { rawQuery, type SitePath, writePath } from "../http/path.ts";
import type { RequestHead } from "../http/request-head.ts";
import { type FileCache, KeptFile } from "./cache.ts";
import { type Contents, type Entry, readDirectory } from "./directory.ts";
import { linkTo, listingPage, PAGE_POLICY } from "./listing-page.ts";
import { Representation, tagOfBytes } from "./representation.ts";
import { type Place, withoutType } from "./responder.ts";
import type { Root } from "./root.ts";

/** What `?sort=` takes: a column, with a minus the other way round. */
export const ORDERS = ["name", "-name", "size", "-size", "date", "-date"] as const;
export type Order = (typeof ORDERS)[number];

const TYPES = ["text/html", "application/json"] as const;

/** What the site says over a listing's fields; what a listing has to say for itself is not changed by it. */
type Said = Pick<Place, "changes" | "edition">;

interface Wanted {
  readonly path: SitePath;
  readonly names: readonly string[];
  readonly type: (typeof TYPES)[number];
  readonly order: Order;
  readonly key: string;
}

export class Listings {
  readonly #root: Root;
  readonly #cache: FileCache;
  readonly #compresses: boolean;
  /** Whoever asks for a listing that is being made gets that one. */
  readonly #underway = new Map<string, Promise<KeptFile | null>>();

  constructor(root: Root, cache: FileCache, compresses: boolean) {
    this.#root = root;
    this.#cache = cache;
    this.#compresses = compresses;
  }

  /**
   * The listing of a directory that the request wants; `null` if there is no such directory that may be looked into.
   * @param path as it was asked for
   * @param names of the directory, below the root
   */
  async get(path: SitePath, names: readonly string[], head: RequestHead, said: Said): Promise<KeptFile | null> {
    const { target, fields } = head;
    const type = preferredType(fields.get("accept"), TYPES);
    const order = orderOf(rawQuery(target));
    // A path has no question mark: no file has this key.
    const key = `${writePath(path)}?${type}?${order}`;
    const kept = this.#cache.get(key);
    if (kept !== null) return kept;
    const underway = this.#underway.get(key);
    if (underway !== undefined) return underway;
    const making = this.#make({ path, names, type, order, key }, said).finally(() => this.#underway.delete(key));
    this.#underway.set(key, making);
    return making;
  }

  async #make({ path, names, type, order, key }: Wanted, { changes, edition }: Said): Promise<KeptFile | null> {
    const contents = await readDirectory(this.#root, names);
    if (contents === null) return null;
    contents.entries.sort(comparison(order));
    const isPage = type === "text/html";
    const text = isPage ? await listingPage(path.names, names.length, contents, order) : listingJson(path, contents);
    const content = Buffer.from(text);
    const etag = tagOfBytes(content);
    const known = this.#cache.renew(key, etag, edition);
    if (known !== null) return known;
    const file = new KeptFile(
      new Representation({
        ...{ content, size: content.length, etag, type: `${type}; charset=utf-8` },
        // A file that is edited leaves its directory as it was: there is no time that would tell a listing's state. What
        // mirrors by time (wget -N) thus always looks inside.
        lastModified: null,
        ...{ coding: null, varies: this.#compresses, cacheControl: "no-cache" },
        changes: joinChanges(changes && withoutType(changes).changes, isPage ? OF_PAGE : OF_JSON),
      }),
      null,
      edition,
    );
    this.#cache.set(key, file);
    return file;
  }
}

const OF_JSON: FieldChanges = { set: ["Vary", "Accept", "Cache-Control", "no-cache"], remove: new Set() };
const OF_PAGE: FieldChanges = { set: [...OF_JSON.set, "Content-Security-Policy", PAGE_POLICY], remove: new Set() };

function orderOf(query: string): Order {
  const asked = new URLSearchParams(query).get("sort");
  return ORDERS.find((order) => order === asked) ?? "name";
}

/** As people count: file2 before file10. To sort 10,000 names takes 22 ms. */
const { compare } = new Intl.Collator("en", { numeric: true });

/** Directories stand before files, whatever the order. */
function comparison(order: Order): (a: Entry, b: Entry) => number {
  const sign = order.startsWith("-") ? -1 : 1;
  const column = order.replace("-", "");
  return (a, b) => {
    if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1;
    let difference = 0;
    if (column === "size" && !a.isDirectory) difference = a.size - b.size;
    if (column === "date") difference = a.modified - b.modified;
    return difference === 0 ? compare(a.name, b.name) * (column === "name" ? sign : 1) : difference * sign;
  };
}

function listingJson(path: SitePath, { entries, truncated }: Contents): string {
  const listing = {
    path: writePath(path),
    entries: entries.map((entry) => ({
      name: entry.name,
      type: entry.isDirectory ? "directory" : "file",
      href: linkTo(entry),
      ...(!entry.isDirectory && { size: entry.size }),
      modified: new Date(entry.modified).toISOString(),
    })),
    truncated,
  };
  return `${JSON.stringify(listing)}\n`;
}
