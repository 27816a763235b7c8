/**
 * Watches directories for changes of what stands in them, one `fs.watch` a directory: that tells of a save by renaming as
 * of one in place, on every system, where watching a file loses it with its first replacement.
 */
import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { basename, join, sep } from "node:path";

/** Takes the path of what was written, made or removed. One save may be told several times. */
export type OnChange = (path: string) => void;

export class Watcher {
  readonly #changed: OnChange;
  readonly #failed: (error: NodeJS.ErrnoException, directory: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  /** Directories whose subdirectories are watched as well, those to come, too. */
  readonly #trees = new Set<string>();
  #isClosed = false;

  /** @param failed told when a directory cannot be watched: `ENOSPC` when the system watches all it can */
  constructor(changed: OnChange, failed: (error: NodeJS.ErrnoException, directory: string) => void) {
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Watches a directory and all below it, but for hidden ones and installed packages. */
  watchTree(directory: string): void {
    this.#trees.add(directory);
    this.watchDirectory(directory);
    for (const name of subdirectories(directory)) this.watchTree(join(directory, name));
  }

  /** Watches what stands in a directory itself. */
  watchDirectory(directory: string): void {
    if (this.#isClosed || this.#watchers.has(directory)) return;
    try {
      const watcher = watch(directory, (_, name) => this.#event(directory, name));
      watcher.on("error", () => this.#forget(directory));
      this.#watchers.set(directory, watcher);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR") this.#failed(error as NodeJS.ErrnoException, directory);
    }
  }

  /** Nothing is told any more, and nothing will be watched. */
  close(): void {
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #event(directory: string, name: string | null): void {
    if (name === null) return this.#changed(directory);
    if (isIgnored(name)) return;
    const path = join(directory, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) this.#forget(path);
    if (stats?.isDirectory() && this.#trees.has(directory) && !this.#watchers.has(path)) this.#adopt(path);
    this.#changed(path);
  }

  /** A directory is new: what was put into it before it was watched has changed, too. */
  #adopt(directory: string): void {
    this.watchTree(directory);
    for (const path of filesBelow(directory)) this.#changed(path);
  }

  /** A directory is gone, with those below it. One that is made again in its place is another. */
  #forget(directory: string): void {
    for (const [path, watcher] of this.#watchers) {
      if (path !== directory && !path.startsWith(directory + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}

function isIgnored(name: string): boolean {
  return name.startsWith(".") || basename(name) === "node_modules";
}

function subdirectories(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => (entry.isDirectory() && !isIgnored(entry.name) ? [entry.name] : []));
}

function filesBelow(directory: string): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (isIgnored(entry.name)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** None when it is gone by now, or not ours to read. */
function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
