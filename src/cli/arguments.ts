/** The command line and the environment, read as the table of options says. */
import { parseArgs } from "node:util";
import { OPTIONS, type OptionKey, type OptionSpec, type OptionValue } from "../core/options.ts";
import { readPath } from "../http/path.ts";
import { usageError } from "./command-error.ts";
import { nearest } from "./nearest.ts";
import { refuseResponses } from "./responses.ts";

type Table = typeof OPTIONS;
type FlagKey = { [Key in OptionKey]: Table[Key] extends { flag: string } ? Key : never }[OptionKey];

/** What was asked for, by flag, environment or file; what was not is absent, so that an application can have its say. */
export type Given = { -readonly [Key in FlagKey]?: OptionValue<Table[Key]> };

export type Command = { readonly action: "help" } | { readonly action: "version" } | ServeCommand;

export interface ServeCommand {
  readonly action: "serve";
  readonly entry: string | undefined;
  readonly given: Given;
  /** Where that comes from; who comes first has the say. */
  readonly layers: readonly Layer[];
}

/** What one source of options says. */
export interface Layer {
  readonly kind: "flags" | "environment" | "file";
  /** The file, or what the kind is called. */
  readonly name: string;
  readonly values: Given;
}

/** A configuration file, as it was read. */
export interface FileLayer extends Layer {
  readonly kind: "file";
  readonly entry: string | undefined;
}

/** The command line by itself. */
export type Typed =
  | { readonly action: "help" | "version" }
  | { readonly action: "serve"; readonly entry: string | undefined; readonly flags: Given };

export interface Flag extends OptionSpec {
  readonly key: string;
  readonly flag: string;
}

/** The flags that ask for something else than a server, and so are no options of one. */
const QUESTIONS: readonly Flag[] = [
  { key: "version", flag: "version", short: "V", doc: "print the version" },
  { key: "help", flag: "help", short: "h", doc: "print this" },
].map((question) => ({ ...question, type: "boolean", default: false, group: "Output" }));

/** Every flag there is, in the order of the help. */
export const FLAGS: readonly Flag[] = [
  ...Object.entries<OptionSpec>(OPTIONS).flatMap(([key, spec]) =>
    spec.flag === undefined ? [] : [{ ...spec, key, flag: spec.flag }],
  ),
  ...QUESTIONS,
];

/**
 * Reads `[ENTRY] [PORT]` and the flags, wherever they stand. A flag goes before the environment, and that before the
 * configuration file; of a flag that is given twice, the last counts.
 * @throws {CommandError} one line that names what is wrong and what would be right; exit code 2.
 */
export function parseArguments(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  file: FileLayer | null = null,
): Command {
  const typed = parseWords(args);
  if (typed.action !== "serve") return { action: typed.action };
  const { flags } = typed;
  const values = environment(env, flags);
  const layers: Layer[] = [
    { kind: "flags", name: "the command line", values: flags },
    { kind: "environment", name: "the environment", values },
    ...(file === null ? [] : [file]),
  ];
  const given: Given = {
    ...(file !== null && withoutOtherAddress(file.values, { ...values, ...flags })),
    ...values,
    ...flags,
  };
  refuseContradictions(flags, given);
  return { action: "serve", entry: typed.entry ?? file?.entry, given, layers };
}

/** @throws {CommandError} as `parseArguments`, of what can be seen without the environment and a file. */
export function parseWords(args: readonly string[]): Typed {
  const { tokens } = parseArgs({ args: [...args], options: parseArgsOptions(), strict: false, tokens: true });
  const words: string[] = [];
  const flags: Record<string, unknown> = {};
  /** The flag before the word, if it stands alone; the word may have been meant for it. */
  let alone: Flag | undefined;
  for (const token of tokens) {
    if (token.kind === "positional" && words.push(token.value) === 2) refuseMisplaced(token.value, alone);
    alone = undefined;
    if (token.kind !== "option") continue;
    const flag = FLAGS.find(({ flag }) => flag === token.name);
    if (flag === undefined) throw unknownFlag(token.rawName);
    const value = flagValue(flag, token.value, token.inlineValue === true);
    flags[flag.key] = flag.type === "strings" ? [...((flags[flag.key] as string[] | undefined) ?? []), value] : value;
    if (flag.implied !== undefined && token.value === undefined) alone = flag;
  }
  if (flags.help) return { action: "help" };
  if (flags.version) return { action: "version" };
  addPortWord(words, flags);
  return { action: "serve", entry: words[0], flags };
}

/** What a file says without its address, if who comes before it names one of another kind. */
function withoutOtherAddress(file: Given, before: Given): Given {
  const { unix, fd, port, hostname, ...rest } = file;
  const isNamed = [before.unix, before.fd, before.port, before.hostname].some((value) => value !== undefined);
  const isOther = unix !== undefined || fd !== undefined || before.unix !== undefined || before.fd !== undefined;
  return isNamed && isOther ? rest : file;
}

/** @throws what `fail` makes of the complaint, unless `text` is a port. */
export function parsePort(text: string, source: string, fail = usageError): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  const hint = text.startsWith("/") ? `; a socket at a path: --unix ${text}` : "";
  throw fail(`${source} takes a number from 0 to 65535, not "${text}"${hint}`);
}

function parseArgsOptions() {
  return Object.fromEntries(
    FLAGS.map(({ flag, short, type, implied }) => {
      const standsAlone = type === "boolean" || implied !== undefined;
      return [flag, { type: standsAlone ? ("boolean" as const) : ("string" as const), ...(short && { short }) }];
    }),
  );
}

function unknownFlag(rawName: string): Error {
  const meant = nearest(
    rawName.replace(/^-+/, ""),
    FLAGS.map(({ flag }) => flag),
  );
  return usageError(
    `there is no option ${rawName}; ${meant ? `did you mean --${meant}?` : "portico --help lists what there is"}`,
  );
}

function flagValue(flag: Flag, text: string | undefined, isInline: boolean): unknown {
  const name = `--${flag.flag}`;
  if (flag.type === "boolean") {
    // Behind an equals sign, for what a file has set.
    if (text === "true" || text === "false") return text === "true";
    if (text !== undefined) throw usageError(`${name} takes no value, so not "${text}"`);
    return true;
  }
  if (flag.implied !== undefined && text === undefined) return flag.implied;
  // A flag's neighbour is rather the next flag than a value that starts with a dash; after "=" it is a value.
  const isMissing = text === undefined || text === "" || (!isInline && /^-[^0-9]/.test(text));
  if (isMissing)
    throw usageError(`${name} needs a value: ${name}${flag.implied === undefined ? " " : "="}${flag.value}`);
  return textValue(flag, text, name);
}

function textValue({ type, choices }: OptionSpec, text: string, source: string): string | number {
  if (choices !== undefined && !choices.includes(text)) {
    throw usageError(`${source} takes ${choices.join(", ").replace(/, (?=[^,]*$)/, " or ")}, not "${text}"`);
  }
  if (type === "port") return parsePort(text, source);
  if (type !== "integer") return text;
  const number = Number(text);
  if (/^[0-9]+$/.test(text) && Number.isSafeInteger(number)) return number;
  throw usageError(`${source} takes a whole number, not "${text}"`);
}

function refuseMisplaced(word: string, alone: Flag | undefined): void {
  if (alone === undefined || /^[0-9]+$/.test(word)) return;
  throw usageError(`--${alone.flag} takes its value behind an equals sign: --${alone.flag}=${word}`);
}

/** `portico ./html 7890`: the port as a second word. */
function addPortWord(words: readonly string[], flags: Record<string, unknown>): void {
  const [, word, ...rest] = words;
  if (rest.length > 0) throw usageError(`there is no place for "${rest[0]}": portico takes one ENTRY and one PORT`);
  if (word === undefined) return;
  const port = parsePort(word, "PORT, the second word,");
  if (flags.port !== undefined && flags.port !== port) {
    throw usageError(`two different ports are given, ${port} and --port ${flags.port}`);
  }
  flags.port = port;
}

/**
 * What the environment says where no flag does. An empty variable counts as none: that is how compose files and shells
 * leave one out.
 */
function environment(env: NodeJS.ProcessEnv, flags: Record<string, unknown>): Given {
  const values: Record<string, unknown> = {};
  for (const flag of FLAGS) {
    const text = flag.env === undefined || flags[flag.key] !== undefined ? "" : env[flag.env];
    if (text) values[flag.key] = textValue(flag, text, `${flag.env} in the environment`);
  }
  return values;
}

function refuseContradictions(flags: Record<string, unknown>, given: Given): void {
  for (const { key, flag } of FLAGS) {
    const isAddress = key === "port" || key === "hostname";
    if (isAddress && given.unix !== undefined && flags[key] !== undefined) {
      throw usageError(`--unix listens on a path and --${flag} on an address: give one of them`);
    }
    if ((isAddress || key === "unix") && given.fd !== undefined && flags[key] !== undefined) {
      throw usageError(`--fd listens on a socket that has an address already: leave out --${flag}`);
    }
  }
  if (given.unix !== undefined && given.open) throw usageError("--open opens an address, and --unix listens on none");
  refusePrefix("prefix", given.prefix, given.static, "--static files stand: give --static DIR");
  refusePrefix("cgi-prefix", given.cgiPrefix, given.cgi, "--cgi programs stand: give --cgi DIR");
  refusePath("base", given.base);
  refuseResponses(given);
}

function refusePrefix(flag: string, prefix: string | undefined, directory: string | undefined, hint: string): void {
  if (prefix === undefined) return;
  if (directory === undefined) throw usageError(`--${flag} says where ${hint} as well`);
  refusePath(flag, prefix);
}

function refusePath(flag: string, path: string | undefined): void {
  if (path === undefined || typeof readPath(path) !== "number") return;
  throw usageError(`--${flag} takes a path that starts with /, not "${path}"`);
}
