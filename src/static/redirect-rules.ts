/** `_redirects`, as Netlify and Cloudflare Pages read it: paths that are elsewhere, or answered by another file. */
import { type SitePath, writePath } from "../http/path.ts";
import { type Captures, encodePath, PathPattern, Template } from "./path-pattern.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface RedirectRule {
  readonly pattern: PathPattern;
  /** Parameters that the query has to have: with this value, or any, which is captured. */
  readonly query: readonly { readonly key: string; readonly value: string; readonly isCapture: boolean }[];
  readonly status: number;
  /** Whether it goes before a file of that path. */
  readonly isForced: boolean;
  readonly target: Target;
}

/** Where a rule leads. */
interface Target {
  /** `https://example.com`; empty for this site. */
  readonly origin: string;
  readonly path: Template;
  /** With its question mark. */
  readonly query: Template | null;
  /** With its mark. */
  readonly fragment: string;
}

/**
 * Reads the lines of the file: `FROM [KEY=VALUE ...] TO [STATUS[!]]`.
 * @param complain is told of each line that says nothing
 */
export function readRedirectRules(lines: Iterable<[number, string]>, complain: (line: number, why: string) => void) {
  const rules: RedirectRule[] = [];
  for (const [number, line] of lines) {
    try {
      rules.push(readRule(line.split(/\s+/)));
    } catch (error) {
      complain(number, (error as SyntaxError).message);
    }
  }
  return rules;
}

function readRule(tokens: readonly string[]): RedirectRule {
  const comment = tokens.findIndex((token) => token.startsWith("#"));
  const [from, ...rest] = comment < 0 ? tokens : tokens.slice(0, comment);
  const at = rest.findIndex((token) => /^(?:\/|https?:\/\/)/i.test(token));
  if (at < 0)
    throw new SyntaxError("it names no place to lead to: a path from /, or an address with http:// or https://");
  const [to, status = "301", condition] = rest.slice(at);
  if (condition !== undefined) throw new SyntaxError(`a condition such as ${condition} is not supported`);
  const [, code, force] = /^([0-9]{3})(!?)$/.exec(status) ?? [];
  if (code === undefined) throw new SyntaxError(`${status} is not a status`);
  const pattern = new PathPattern(from!);
  const query = rest.slice(0, at).map(readParameter);
  const names = [...pattern.captures, ...query.flatMap(({ value, isCapture }) => (isCapture ? value : []))];
  const target = readTarget(to!, names);
  refuseStatus(Number(code), target);
  return { pattern, query, status: Number(code), isForced: force === "!", target };
}

function readParameter(token: string): RedirectRule["query"][number] {
  const [, key, colon, value] = /^([^=]+)=(:?)(.*)$/.exec(token) ?? [];
  if (key === undefined || value === undefined) throw new SyntaxError(`${token} is neither key=value nor a place`);
  return { key, value, isCapture: colon === ":" };
}

function readTarget(to: string, names: readonly string[]): Target {
  const [, origin = "", path = "", query, fragment = ""] = /^(https?:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(to)!;
  if (!new Template(origin, names).isText)
    throw new SyntaxError(`${to}: with a placeholder in it, the host is anybody's`);
  if (origin !== "" && !URL.canParse(origin)) throw new SyntaxError(`${to} is not an address`);
  if (path.startsWith("//") || path.startsWith("/\\"))
    throw new SyntaxError(`${to}: another host is named with https://`);
  return {
    origin,
    path: new Template(escapeText(path), names),
    query: query === undefined ? null : new Template(escapeText(query), names),
    fragment: escapeText(fragment),
  };
}

function refuseStatus(status: number, { origin }: Target): void {
  if (REDIRECTS.has(status)) return;
  if (status !== 200 && status !== 404) throw new SyntaxError(`${status} is none of 200, 301, 302, 303, 307, 308, 404`);
  if (origin !== "")
    throw new SyntaxError(`with ${status}, the file has to be one of this site: there is no proxy here`);
}

/** What cannot be sent as it is, nor stand in an address. */
function escapeText(text: string): string {
  return text.replace(/[^\x21-\x7e]+/gu, encodeURIComponent).replaceAll("\\", "%5C");
}

export interface Redirected {
  readonly status: number;
  /** For a redirect, where to; for another status, the path of a file of this site, from its root. */
  readonly location: string;
}

/**
 * Where the rules lead from a path, each if there are several: the first that is usable counts.
 * @param prefix under which the site stands, without a slash at its end
 * @param rawQuery with its question mark, or empty
 */
export function* redirectsFrom(
  rules: readonly RedirectRule[],
  path: SitePath,
  rawQuery: string,
  prefix: string,
): Generator<Redirected> {
  for (const rule of rules) {
    const { query, status, target } = rule;
    const found = matchRule(rule, path.names, rawQuery);
    if (found === null) continue;
    if (!REDIRECTS.has(status)) {
      yield { status, location: fillPath(target, found) };
      continue;
    }
    // What the rule has read is not passed on.
    const location = fillLocation(target, found, query.length === 0 ? rawQuery : "", prefix);
    // To itself, as `/about /about/` matches what it leads to: that would never end.
    if (location !== prefix + writePath(path) + rawQuery) yield { status, location };
  }
}

const NO_CAPTURES: Captures = new Map();

function matchQuery(wanted: RedirectRule["query"], rawQuery: string): Captures | null {
  if (wanted.length === 0) return NO_CAPTURES;
  const given = new URLSearchParams(rawQuery);
  const captures = new Map<string, string>();
  for (const { key, value, isCapture } of wanted) {
    const found = given.get(key);
    if (found === null || (!isCapture && found !== value)) return null;
    if (isCapture) captures.set(value, found);
  }
  return captures;
}

/** What was captured where. */
interface Found {
  readonly inPath: Captures;
  readonly inQuery: Captures;
}

function matchRule({ pattern, query }: RedirectRule, names: readonly string[], rawQuery: string): Found | null {
  const inPath = pattern.match(names);
  const inQuery = inPath === null ? null : matchQuery(query, rawQuery);
  return inPath === null || inQuery === null ? null : { inPath, inQuery };
}

/** A path that begins with exactly one slash: nothing that is put in makes a host of it. */
function fillPath({ path }: Target, { inPath, inQuery }: Found): string {
  // A parameter's slash is one of its characters; a path's separates.
  const encode = (text: string, name: string) => (inPath.has(name) ? encodePath(text) : encodeURIComponent(text));
  return path.fill(new Map([...inQuery, ...inPath]), encode).replace(/^\/*/, "/");
}

function fillLocation(target: Target, found: Found, passedOn: string, prefix: string): string {
  const { inPath, inQuery } = found;
  const query = target.query?.fill(new Map([...inQuery, ...inPath]), encodeURIComponent) ?? passedOn;
  return (target.origin === "" ? prefix : target.origin) + fillPath(target, found) + query + target.fragment;
}
