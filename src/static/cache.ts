/**
 * Files in memory, with everything of their answers ready. A hit costs a Map lookup and a look at the clock; how files are
 * found and read is not known here.
 */
import type { Coding } from "../http/accept-encoding.ts";
import type { Representation } from "./representation.ts";
import { isUnchanged, type PathState } from "./root.ts";

/** One state of a file, in its codings. When it changes, all of them go together. */
export class KeptFile {
  readonly identity: Representation;
  /** As they lay beside the file. */
  readonly siblings = new Map<Coding, Representation>();
  /** As far as one was asked for: a promise while it is being made, `null` when it saves nothing. */
  readonly compressed = new Map<Coding, Representation | null | Promise<Representation | null>>();
  /**
   * What has to be as it was for this to hold: the file, its siblings, and the absence of those that are not there. `null`
   * when that would be too much to look at: then it holds until it is due for a check, and after that if it is renewed.
   */
  readonly states: readonly PathState[] | null;
  /** What all of the site has to be for this to hold; `null` if it does not depend on it. */
  readonly edition: object | null;

  // From here on: the cache's.

  /** In bytes, bodies and all; grows with the codings. */
  size: number;
  /** When the states were last seen to hold, in milliseconds of the monotonic clock. */
  checked = performance.now();
  /** Whether it was asked for since the eviction last came by. */
  used = false;
  /** Responses under way that read from its memory for longer than a write. */
  readers = 0;
  kept = false;

  constructor(identity: Representation, states: readonly PathState[] | null, edition: object | null = null) {
    this.identity = identity;
    this.states = states;
    this.edition = edition;
    // Text is kept behind its head as well.
    this.size = (typeof identity.content === "string" ? 2 * identity.size : identity.size) + OVERHEAD;
  }

  addSibling(coding: Coding, sibling: Representation): void {
    this.siblings.set(coding, sibling);
    this.size += sibling.size;
  }
}

/** What a file takes beside its body: key, stats, field lists, and these encoded. An estimate, from above. */
const OVERHEAD = 4096;

export class FileCache {
  readonly #files = new Map<string, KeptFile>();
  readonly #capacity: number;
  readonly #checkInterval: number;
  readonly #edition: () => object | null;
  #size = 0;
  /** Of these, what cannot be let go now. */
  #held = 0;

  /**
   * @param capacity in bytes
   * @param checkInterval how long a file is believed to be unchanged, in milliseconds; 0: never
   * @param edition what is now what all of the site has to be
   */
  constructor(capacity: number, checkInterval: number, edition: () => object | null = () => null) {
    this.#capacity = capacity;
    this.#checkInterval = checkInterval;
    this.#edition = edition;
  }

  /** Bytes that are taken: by files that are kept, and by others until their last reader is done. */
  get size(): number {
    return this.#size;
  }

  /**
   * The file under this key, unless it is not there, or is due for a check and turns out to be changed. The check is
   * synchronous: a stat costs 1.1 µs of CPU, one through the thread pool 7.4, and the answer is right at this moment.
   */
  get(key: string): KeptFile | null {
    const file = this.#files.get(key);
    if (file === undefined) return null;
    const now = performance.now();
    if (now - file.checked >= this.#checkInterval) {
      const isOfToday = file.edition === null || file.edition === this.#edition();
      if (file.states === null) return null;
      if (!isOfToday || !file.states.every(isUnchanged)) {
        this.#delete(key, file);
        return null;
      }
      file.checked = now;
    }
    file.used = true;
    return file;
  }

  /**
   * The file under this key, if it would be made with this tag and for this edition again: it then holds anew. Slow clients
   * so share what has not changed, however long they take, and what was compressed need not be compressed again.
   */
  renew(key: string, etag: string, edition: object | null): KeptFile | null {
    const file = this.#files.get(key);
    if (file === undefined || file.identity.etag !== etag || file.edition !== edition) return null;
    file.checked = performance.now();
    file.used = true;
    return file;
  }

  /** Whether there can be room for a body of this size, beside those that are being read. */
  hasRoom(size: number): boolean {
    return this.#held + size + OVERHEAD <= this.#capacity;
  }

  /** Keeps a file, and lets others go to make room; does nothing when there can be none. */
  set(key: string, file: KeptFile): void {
    if (this.#held + file.size > this.#capacity) return;
    const known = this.#files.get(key);
    if (known !== undefined) this.#delete(key, known);
    this.#files.set(key, file);
    file.kept = true;
    this.#size += file.size;
    this.#evict();
  }

  /** Counts in what was added to a file. */
  grow(file: KeptFile, size: number): void {
    file.size += size;
    if (file.readers > 0) this.#held += size;
    if (file.kept || file.readers > 0) this.#size += size;
    this.#evict();
  }

  /** Counts a file's memory as taken until the response is over: clients that read slowly must not add up unseen. */
  async hold(file: KeptFile, response: Promise<void>): Promise<void> {
    if (file.readers++ === 0) {
      this.#held += file.size;
      if (!file.kept) this.#size += file.size;
      this.#evict();
    }
    try {
      await response;
    } finally {
      if (--file.readers === 0) {
        this.#held -= file.size;
        if (!file.kept) this.#size -= file.size;
        this.#evict();
      }
    }
  }

  /** Least recently used, nearly: who was used gets a second chance, so that a hit has nothing to move. */
  #evict(): void {
    for (const [key, file] of this.#files) {
      if (this.#size <= this.#capacity) return;
      if (file.readers > 0) continue;
      if (file.used) {
        file.used = false;
        this.#files.delete(key);
        this.#files.set(key, file);
      } else this.#delete(key, file);
    }
  }

  #delete(key: string, file: KeptFile): void {
    this.#files.delete(key);
    file.kept = false;
    if (file.readers === 0) this.#size -= file.size;
  }
}
