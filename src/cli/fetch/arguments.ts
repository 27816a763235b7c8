/** What is to be asked, as curl has it: the words and flags of `portico fetch`. */
import type { ClientTimeouts } from "../../client/options.ts";
import { usageError } from "../command-error.ts";
import { type Given, readFlags, type SubcommandFlag, seconds, textOf } from "../subcommand.ts";
import { DATA_FLAGS, type Data } from "./data.ts";

export const USAGE = "fetch URL... [OPTIONS]";

export const FLAGS: Readonly<Record<string, SubcommandFlag>> = {
  request: { short: "X", value: "METHOD", doc: "the method [GET, with data POST]" },
  header: { short: "H", value: "LINE", doc: 'a field: "Name: value"; "Name:" leaves one out' },
  data: { short: "d", value: "DATA", empty: true, doc: "a body, joined by & if several; @FILE, @- for input" },
  "data-binary": { value: "DATA", empty: true, doc: "the same, with a file's line ends as they are" },
  output: { short: "o", value: "FILE", doc: "write the body there, one -o for each URL" },
  include: { short: "i", doc: "show the response's head before its body" },
  head: { short: "I", doc: "ask for the head only (HEAD), and show it" },
  location: { short: "L", doc: "follow redirects" },
  fail: { short: "f", doc: "exit with 22, and no body, when the status is an error" },
  user: { short: "u", value: "USER:PASSWORD", doc: "say who you are (Authorization: Basic)" },
  compressed: { doc: "ask for gzip, deflate or br, and undo it" },
  "max-time": { short: "m", value: "SECONDS", doc: "limit for all of it" },
  "connect-timeout": { value: "SECONDS", doc: "limit for connecting [10]" },
  "unix-socket": { value: "PATH", doc: "connect there, whatever host the URL names" },
  insecure: { short: "k", doc: "take any certificate" },
  silent: { short: "s", doc: "no progress and no errors" },
  "show-error": { short: "S", doc: "errors all the same" },
  verbose: { short: "v", doc: "what goes over the wire, and the connection's fate" },
};

export interface Target {
  readonly url: URL;
  /** Where the body goes; standard output when it is `null`. */
  readonly file: string | null;
  /** The Authorization field's value, if there is one. */
  readonly authorization: string | null;
}

export interface FetchCommand {
  readonly targets: readonly Target[];
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Fields that are not to be sent though they usually are, in lower case. */
  readonly withoutHeaders: readonly string[];
  readonly data: readonly Data[];
  readonly include: boolean;
  readonly headOnly: boolean;
  readonly follow: boolean;
  readonly failOnError: boolean;
  readonly compressed: boolean;
  readonly maxTime: number | undefined;
  readonly timeouts: Partial<ClientTimeouts>;
  readonly unix: string | undefined;
  readonly insecure: boolean;
  readonly quiet: boolean;
  readonly showErrors: boolean;
  readonly verbose: boolean;
}

/** @throws {CommandError} one line that says what is wrong with the words; exit code 2. `null` when help is asked for. */
export function fetchCommand(args: readonly string[]): FetchCommand | null {
  const given = readFlags(args, { usage: USAGE, flags: FLAGS });
  const { words, flags } = given;
  if (flags.help) return null;
  if (words.length === 0) throw usageError(`a URL is needed; usage: portico ${USAGE}`);
  const data = given.order.flatMap(([name, text]) =>
    name in DATA_FLAGS ? [{ text: String(text), kind: DATA_FLAGS[name as keyof typeof DATA_FLAGS] }] : [],
  );
  if (flags.head && data.length > 0) throw usageError("--head asks for no body and --data sends one: give one of them");
  const files = valuesOf(given, "output");
  if (files.length > words.length) throw usageError(`there are ${files.length} --output and ${words.length} URL`);
  const urls = words.map(urlOf);
  const connect = seconds(flags["connect-timeout"], "--connect-timeout");
  const lines = valuesOf(given, "header").map(headerOf);
  return {
    targets: urls.map((url, at) => ({
      url: withoutUser(url),
      file: fileOf(files[at]),
      authorization: authorization(textOf(flags.user), url),
    })),
    method: textOf(flags.request) ?? (flags.head ? "HEAD" : data.length > 0 ? "POST" : "GET"),
    headers: lines.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])),
    withoutHeaders: lines.flatMap(({ name, value }) => (value === null ? [name.toLowerCase()] : [])),
    data,
    include: flags.include === true || flags.head === true,
    headOnly: flags.head === true,
    follow: flags.location === true,
    failOnError: flags.fail === true,
    compressed: flags.compressed === true,
    maxTime: seconds(flags["max-time"], "--max-time"),
    // Who waits at a terminal decides for how long, as with curl.
    timeouts: { response: 0, body: 0, ...(connect !== undefined && { connect }) },
    unix: textOf(flags["unix-socket"]),
    insecure: flags.insecure === true,
    quiet: flags.silent === true,
    showErrors: flags.silent !== true || flags["show-error"] === true,
    verbose: flags.verbose === true,
  };
}

function valuesOf({ order }: Given, flag: string): string[] {
  return order.flatMap(([name, value]) => (name === flag ? [String(value)] : []));
}

function fileOf(name: string | undefined): string | null {
  return name === undefined || name === "-" ? null : name;
}

/** Without a scheme it is http, as `localhost:8000/path` would else be a URL of the scheme localhost. */
function urlOf(word: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(word) ? word : `http://${word}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw usageError(`"${word}" is no URL`);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw usageError(`${url.protocol}// is not spoken here: http:// and https:// are`);
}

function withoutUser(url: URL): URL {
  const plain = new URL(url);
  plain.username = plain.password = "";
  return plain;
}

/** From -u, or from the URL itself: what one URL says is not for the host of another. */
function authorization(user: string | undefined, { username, password }: URL): string | null {
  const named = username + password === "" ? undefined : `${decoded(username)}:${decoded(password)}`;
  const credentials = user ?? named;
  if (credentials === undefined) return null;
  const pair = credentials.includes(":") ? credentials : `${credentials}:`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usageError("the user or password in a URL has a percent sign that encodes nothing: write it as %25");
  }
}

/** `Name: value`; `Name;` for an empty value, `Name:` for leaving the field out (`value` is `null`). */
function headerOf(line: string): { name: string; value: string | null } {
  const match = /^([^:;]+)(?:(;)|:[\t ]*(.*))$/.exec(line);
  if (match === null) throw usageError(`--header takes "Name: value", not "${line}"`);
  const [, name = "", empty, value] = match;
  return { name: name.trim(), value: empty !== undefined ? "" : value || null };
}
