/**
 * Small files in memory, with everything of their answer ready. A hit costs a Map lookup and a look at the clock; how
 * files are found and read is not known here.
 */
import type { BigIntStats } from "node:fs";
import type { Representation } from "./representation.ts";
import { isUnchanged } from "./root.ts";

export class CachedFile {
  readonly representation: Representation;
  readonly body: Uint8Array;
  readonly path: string;
  readonly stats: BigIntStats;
  /** When the stats were last seen to hold, in milliseconds of the monotonic clock. */
  checked = performance.now();
  /** Whether it was asked for since the eviction last came by. */
  used = false;

  constructor(representation: Representation, body: Uint8Array, path: string, stats: BigIntStats) {
    this.representation = representation;
    this.body = body;
    this.path = path;
    this.stats = stats;
  }
}

/** What a file takes beside its body: key, stats, field lists, and these encoded. An estimate, from above. */
const OVERHEAD = 2048;

export class FileCache {
  readonly #files = new Map<string, CachedFile>();
  readonly #capacity: number;
  readonly #checkInterval: number;
  #size = 0;

  /**
   * @param capacity in bytes
   * @param checkInterval how long a file is believed to be unchanged, in milliseconds; 0: never
   */
  constructor(capacity: number, checkInterval: number) {
    this.#capacity = capacity;
    this.#checkInterval = checkInterval;
  }

  /** Bytes that are held. */
  get size(): number {
    return this.#size;
  }

  /**
   * The file under this key, unless it is not there, or is due for a check and turns out to be changed. The check is
   * synchronous: a stat costs 1.1 µs of CPU, one through the thread pool 7.4, and the answer is right at this moment.
   */
  get(key: string): CachedFile | null {
    const file = this.#files.get(key);
    if (file === undefined) return null;
    const now = performance.now();
    if (now - file.checked >= this.#checkInterval) {
      if (!isUnchanged(file.path, file.stats)) {
        this.#delete(key, file);
        return null;
      }
      file.checked = now;
    }
    file.used = true;
    return file;
  }

  /** Keeps a file, and lets others go to make room; does nothing with a file that would not fit alone. */
  set(key: string, file: CachedFile): void {
    if (costOf(file) > this.#capacity) return;
    const known = this.#files.get(key);
    if (known !== undefined) this.#delete(key, known);
    this.#files.set(key, file);
    this.#size += costOf(file);
    this.#evict();
  }

  /** Least recently used, nearly: who was used gets a second chance, so that a hit has nothing to move. */
  #evict(): void {
    for (const [key, file] of this.#files) {
      if (this.#size <= this.#capacity) return;
      if (file.used) {
        file.used = false;
        this.#files.delete(key);
        this.#files.set(key, file);
      } else this.#delete(key, file);
    }
  }

  #delete(key: string, file: CachedFile): void {
    this.#files.delete(key);
    this.#size -= costOf(file);
  }
}

function costOf(file: CachedFile): number {
  return file.body.length + OVERHEAD;
}
