/**
 * From a request target to the names of a path, and back: pure, so that what can be asked for at all is decided before
 * the file system is touched. Whether a name is hidden, or is there, is not decided here.
 */

/** A path under the site: its names from the top, decoded. */
export interface SitePath {
  /** No name is empty, `.` or `..`, or holds a slash, a backslash or NUL. */
  readonly names: readonly string[];
  /** Whether the path ends in a slash: it names a directory. */
  readonly directory: boolean;
}

/** The path of a target as sent, without its query; an absolute-form target (RFC 9112 §3.2.2) loses its origin. */
export function rawPath(target: string): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (path.charCodeAt(0) === 0x2f) return path;
  const authority = path.indexOf("://");
  if (authority < 0) return path;
  const slash = path.indexOf("/", authority + 3);
  return slash < 0 ? "/" : path.slice(slash);
}

/** The query of a target, with its question mark; empty without one. */
export function rawQuery(target: string): string {
  const mark = target.indexOf("?");
  return mark < 0 ? "" : target.slice(mark);
}

/**
 * Reads a raw path. It is decoded once, after it was split: an encoded slash never separates. Empty names fall away, as
 * they do in a file system. Dot segments are the client's to resolve (RFC 3986 §5.2.4): one that arrives leads nowhere.
 * @returns 400 for what no path can be: a bad escape, NUL, or bytes that are not UTF-8, overlong forms among them; 404
 *   for names that no file here can have.
 */
export function readPath(raw: string): SitePath | 400 | 404 {
  if (raw.charCodeAt(0) !== 0x2f) return 400;
  const names: string[] = [];
  let absent = false;
  for (const segment of raw.split("/")) {
    if (segment === "") continue;
    const name = decode(segment);
    if (name === null || name.includes("\0")) return 400;
    if (name === "." || name === ".." || name.includes("/") || name.includes("\\")) absent = true;
    names.push(name);
  }
  return absent ? 404 : { names, directory: raw.endsWith("/") };
}

function decode(segment: string): string | null {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/**
 * The one spelling of a path that we use ourselves: `readPath` gives the same path back. It begins with exactly one
 * slash, so as a reference (RFC 3986 §4.2) it cannot lead to another host.
 */
export function writePath({ names, directory }: SitePath): string {
  let path = "";
  for (const name of names) path += "/" + encodeURI(name).replaceAll("?", "%3F").replaceAll("#", "%23");
  return directory ? path + "/" : path;
}

/**
 * How a path names another one: by `./` and `../` alone, so that it holds where only the end of the path is known, below a
 * mount of Express or behind a proxy that cuts paths. It leads to no other host, by whatever names.
 */
export function relativePath(from: SitePath, to: SitePath): string {
  const here = from.directory ? from.names : from.names.slice(0, -1);
  const there = to.directory ? to.names : to.names.slice(0, -1);
  let common = 0;
  while (common < here.length && here[common] === there[common]) common++;
  const down = writePath({ names: to.names.slice(common), directory: to.directory }).slice(1);
  return (common < here.length ? "../".repeat(here.length - common) : "./") + down;
}
