// biome-ignore-all lint/complexity/noArguments: Web IDL counts arguments; a missing one is not the same as `undefined`.
/**
 * Headers that cost nothing until they are used: a flat list of lower-case names and values, or a received field section
 * that is looked into where it lies. Only a change or a walk over a received section builds the list.
 */
import { type InspectOptions, inspect, types } from "node:util";
import type { FieldLines } from "../../http/field-lines.ts";
import { type HeadersInit, isObject, NativeHeaders, refuseCloning, requireArguments, standInFor } from "./platform.ts";

/** Names in lower case, each once but for Set-Cookie, and their values. */
type List = string[];

/** Opens the constructor to `adoptHeaders`, and to nobody else. */
const ADOPT = Symbol();

/** Headers over a source that is taken as it is, not copied. */
export function adoptHeaders(source: List | FieldLines): LightHeaders {
  return Reflect.construct(LightHeaders, [ADOPT, source]);
}

/** The headers' own list, as a field list to send; it changes when they do. */
export let listOf: (headers: LightHeaders) => List;
/** Makes every later change throw, as the headers of a redirect do. */
export let freeze: (headers: LightHeaders) => void;
/** A copy that is as mutable as the original. */
export let cloneHeaders: (headers: LightHeaders) => LightHeaders;
export let isLightHeaders: (value: unknown) => value is LightHeaders;
let sortedEntries: (headers: LightHeaders) => readonly [name: string, value: string][];

export class LightHeaders implements Headers {
  #source: List | FieldLines;
  /** What iteration walks over, until the next change. */
  #sorted: [name: string, value: string][] | null = null;
  #immutable = false;

  constructor(init?: HeadersInit);
  constructor(init: unknown = undefined, source?: List | FieldLines) {
    refuseCloning(this);
    this.#source = init === ADOPT ? source! : listFromInit(init);
  }

  append(name: string, value: string): void {
    requireArguments(arguments.length, 2, "Headers.append");
    const field = fieldName(name);
    const content = fieldValue(value);
    appendTo(this.#change(), field, content);
  }

  delete(name: string): void {
    requireArguments(arguments.length, 1, "Headers.delete");
    const field = fieldName(name);
    removeFrom(this.#change(), field, 0);
  }

  get(name: string): string | null {
    requireArguments(arguments.length, 1, "Headers.get");
    const field = fieldName(name);
    const source = this.#source;
    return Array.isArray(source) ? valueIn(source, field) : source.get(field);
  }

  getSetCookie(): string[] {
    return this.#list().filter((_, at, list) => at % 2 === 1 && list[at - 1] === "set-cookie");
  }

  has(name: string): boolean {
    requireArguments(arguments.length, 1, "Headers.has");
    const field = fieldName(name);
    const source = this.#source;
    return Array.isArray(source) ? indexIn(source, field) >= 0 : source.has(field);
  }

  set(name: string, value: string): void {
    requireArguments(arguments.length, 2, "Headers.set");
    const field = fieldName(name);
    const content = fieldValue(value);
    const list = this.#change();
    const at = indexIn(list, field);
    if (at < 0) {
      list.push(field, content);
    } else {
      list[at + 1] = content;
      removeFrom(list, field, at + 2);
    }
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg: unknown = undefined): void {
    requireArguments(arguments.length, 1, "Headers.forEach");
    if (typeof callback !== "function") throw new TypeError("Headers.forEach needs a function");
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this);
  }

  keys(): ReturnType<Headers["keys"]> {
    return new EntryWalk(this, ([name]) => name);
  }

  values(): ReturnType<Headers["values"]> {
    return new EntryWalk(this, ([, value]) => value);
  }

  entries(): ReturnType<Headers["entries"]> {
    return new EntryWalk(this, ([name, value]) => [name, value]);
  }

  declare [Symbol.iterator]: () => ReturnType<Headers["entries"]>;

  #list(): List {
    if (!Array.isArray(this.#source)) this.#source = listFromLines(this.#source);
    return this.#source;
  }

  #change(): List {
    if (this.#immutable) throw new TypeError("these headers are immutable");
    this.#sorted = null;
    return this.#list();
  }

  static {
    listOf = (headers) => headers.#list();
    freeze = (headers) => {
      headers.#immutable = true;
    };
    cloneHeaders = (headers) => {
      const source = headers.#source;
      const copy = adoptHeaders(Array.isArray(source) ? source.slice() : source);
      copy.#immutable = headers.#immutable;
      return copy;
    };
    isLightHeaders = (value): value is LightHeaders => isObject(value) && #source in value;
    sortedEntries = (headers) => (headers.#sorted ??= sorted(headers.#list()));
  }
}

standInFor(LightHeaders, NativeHeaders, "Headers");
Object.defineProperties(LightHeaders.prototype, {
  [Symbol.iterator]: { value: LightHeaders.prototype.entries, writable: true, configurable: true },
  [Symbol.for("nodejs.util.inspect.custom")]: { value: inspectHeaders, writable: true, configurable: true },
});

/** A walk over the entries as they are at each step: what is added or taken away on the way counts. */
class EntryWalk<T> {
  #headers: LightHeaders;
  #pick: (entry: readonly [name: string, value: string]) => T;
  #at = 0;

  constructor(headers: LightHeaders, pick: (entry: readonly [name: string, value: string]) => T) {
    sortedEntries(headers);
    this.#headers = headers;
    this.#pick = pick;
  }

  next(): IteratorResult<T, undefined> {
    const entry = sortedEntries(this.#headers)[this.#at];
    if (entry === undefined) return { value: undefined, done: true };
    this.#at++;
    return { value: this.#pick(entry), done: false };
  }

  declare [Symbol.iterator]: () => HeadersIterator<T>;
}

Object.setPrototypeOf(EntryWalk.prototype, Object.getPrototypeOf(Object.getPrototypeOf([].values())));
Object.defineProperty(EntryWalk.prototype, Symbol.toStringTag, { value: "Headers Iterator", configurable: true });
Object.defineProperty(EntryWalk.prototype, "next", { enumerable: true });

function sorted(list: List): [name: string, value: string][] {
  const entries: [string, string][] = [];
  for (let at = 0; at < list.length; at += 2) entries.push([list[at]!, list[at + 1]!]);
  return entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** What `new Headers(init)` holds, as the Fetch standard's "fill" reads it. */
export function listFromInit(init: unknown): List {
  if (init === undefined) return [];
  if (isLightHeaders(init) && init[Symbol.iterator] === LightHeaders.prototype.entries) return listOf(init).slice();
  if (!isObject(init)) throw new TypeError("headers are made from an object, a list of pairs or Headers");
  const iterator = (init as Partial<Iterable<unknown>>)[Symbol.iterator];
  if (iterator === undefined || iterator === null) return listFromRecord(init as Record<string, unknown>);
  return listFromPairs(init as Iterable<unknown>);
}

function listFromRecord(record: Record<string, unknown>): List {
  const list: List = [];
  // A proxy is asked key by key. An object that is none gives the same answer to Object.keys, in a third of the time.
  if (types.isProxy(record) || Object.getOwnPropertySymbols(record).length > 0) {
    for (const key of Reflect.ownKeys(record)) {
      if (!Object.prototype.propertyIsEnumerable.call(record, key)) continue;
      appendTo(list, fieldName(key), fieldValue(record[key as string]));
    }
  } else {
    for (const key of Object.keys(record)) appendTo(list, fieldName(key), fieldValue(record[key]));
  }
  return list;
}

function listFromPairs(pairs: Iterable<unknown>): List {
  const list: List = [];
  for (const pair of pairs) {
    const entry = isObject(pair) ? [...(pair as Iterable<unknown>)] : [];
    if (entry.length !== 2) throw new TypeError("each header in a list is a pair of a name and a value");
    appendTo(list, fieldName(entry[0]), fieldValue(entry[1]));
  }
  return list;
}

function listFromLines(lines: FieldLines): List {
  const list: List = [];
  for (const [name, value] of lines) appendTo(list, name.toLowerCase(), value);
  return list;
}

/** Adds a line, joined to an earlier one of its name (RFC 9110 §5.3, Cookie: RFC 6265 §5.4), but for Set-Cookie. */
function appendTo(list: List, name: string, value: string): void {
  const at = name === "set-cookie" ? -1 : indexIn(list, name);
  if (at < 0) list.push(name, value);
  else list[at + 1] += (name === "cookie" ? "; " : ", ") + value;
}

function removeFrom(list: List, name: string, start: number): void {
  for (let at = list.length - 2; at >= start; at -= 2) if (list[at] === name) list.splice(at, 2);
}

function indexIn(list: readonly string[], name: string): number {
  for (let at = 0; at < list.length; at += 2) if (list[at] === name) return at;
  return -1;
}

function valueIn(list: readonly string[], name: string): string | null {
  if (name === "set-cookie") {
    const cookies = list.filter((_, at) => at % 2 === 1 && list[at - 1] === name);
    return cookies.length > 0 ? cookies.join(", ") : null;
  }
  const at = indexIn(list, name);
  return at < 0 ? null : list[at + 1]!;
}

/** Names seen before, in lower case: programs use few, and a look-up is a fifth of the check. */
const KNOWN_NAMES = new Map<unknown, string>();
const KNOWN_NAMES_LIMIT = 512;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** A header name in lower case. @throws {TypeError} when it is not a token (RFC 9110 §5.1). */
function fieldName(name: unknown): string {
  const known = KNOWN_NAMES.get(name);
  if (known !== undefined) return known;
  const text = toByteString(name);
  if (!TOKEN.test(text)) throw new TypeError(`${JSON.stringify(text)} is not a header name`);
  const lower = text.toLowerCase();
  if (KNOWN_NAMES.size < KNOWN_NAMES_LIMIT) KNOWN_NAMES.set(text, lower);
  return lower;
}

/** What looks behind it begins a run of spaces once only: else a run inside would be tried from each of its spaces. */
const EDGE_SPACE = /^[\t\n\r ]+|(?<![\t\n\r ])[\t\n\r ]+$/g;
const NOT_PLAIN = /^[\t ]|[^\t\x20-\xff]|[\t ]$/;

/** A header value without the white space around it. @throws {TypeError} when it holds NUL, CR, LF or no byte at all. */
function fieldValue(value: unknown): string {
  if (typeof value === "string" && !NOT_PLAIN.test(value)) return value;
  const text = toByteString(value).replace(EDGE_SPACE, "");
  if (/[\0\r\n]/.test(text)) throw new TypeError("a header value holds NUL, CR or LF");
  return text;
}

/** A string of which each character is a byte (Web IDL's ByteString). */
export function toByteString(value: unknown): string {
  const text = `${value as string}`;
  if (/[^\0-\xff]/.test(text)) throw new TypeError("a header name or value holds a character above U+00FF");
  return text;
}

function inspectHeaders(this: LightHeaders, _depth: number, options: InspectOptions): string {
  return `Headers ${inspect(Object.fromEntries(this), options)}`;
}
