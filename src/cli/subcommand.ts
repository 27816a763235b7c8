/** The words and flags of a command within a command, `portico tcp connect`: few enough to need no table of options. */
import { parseArgs } from "node:util";
import { usageError } from "./command-error.ts";
import { nearest } from "./nearest.ts";

export interface SubcommandFlag {
  /** The one-letter flag. */
  readonly short?: string;
  /** What its value is called in the help; without it, the flag takes none. */
  readonly value?: string;
  /** Whether that value may be empty. */
  readonly empty?: true;
  readonly doc: string;
}

export interface Subcommand {
  /** What is typed, without `portico`. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly doc: string;
  /** The same in full, for its own help. */
  readonly about: string;
  readonly flags: Readonly<Record<string, SubcommandFlag>>;
  /** Lines to try, each with what it does. */
  readonly examples?: string;
  run(words: readonly string[], flags: Flags): Promise<void>;
}

/** The flags that were given, by their long names: a value, or `true` for one that takes none. */
export type Flags = Readonly<Record<string, string | true | undefined>>;

const HELP: SubcommandFlag = { short: "h", doc: "print this" };

/**
 * Runs the subcommand that the first word names.
 * @throws {CommandError} one line that says what is wrong with the words; exit code 2.
 */
export async function runSubcommand(
  command: string,
  table: Readonly<Record<string, Subcommand>>,
  [name = "", ...words]: readonly string[],
): Promise<void> {
  const names = Object.keys(table);
  if (name === "--help" || name === "-h" || name === "") return console.log(overview(command, table));
  const subcommand = Object.hasOwn(table, name) ? table[name] : undefined;
  if (subcommand === undefined) {
    const meant = nearest(name, names);
    const hint = meant === undefined ? `it has ${names.join(", ")}` : `did you mean ${meant}?`;
    throw usageError(`portico ${command} has no command ${name}; ${hint}`);
  }
  const { flags, ...rest } = readFlags(words, subcommand);
  if (flags.help) return console.log(helpText(subcommand));
  return subcommand.run(rest.words, flags);
}

export interface Given {
  readonly words: string[];
  /** Of a flag that was given twice, the last value. */
  readonly flags: Flags;
  /** All of them, in order. */
  readonly order: readonly (readonly [name: string, value: string | true])[];
}

/** @throws {CommandError} one line that says what is wrong with the words; exit code 2. */
export function readFlags(args: readonly string[], { usage, flags: own }: Pick<Subcommand, "usage" | "flags">): Given {
  const known: Record<string, SubcommandFlag> = { ...own, help: HELP };
  const options = Object.fromEntries(
    Object.entries(known).map(([name, { short, value }]) => [
      name,
      { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short && { short }) },
    ]),
  );
  const words: string[] = [];
  const order: [name: string, value: string | true][] = [];
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind === "positional") words.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const flag = Object.hasOwn(known, name) ? known[name] : undefined;
    if (flag === undefined) {
      const meant = nearest(name, Object.keys(known));
      throw usageError(
        `there is no option ${rawName}; ${meant ? `did you mean --${meant}?` : `usage: portico ${usage}`}`,
      );
    }
    if (flag.value !== undefined && (value === undefined || (value === "" && !flag.empty)))
      throw usageError(`${rawName} needs a value: ${rawName} ${flag.value}`);
    if (flag.value === undefined && value !== undefined)
      throw usageError(`${rawName} takes no value, so not "${value}"`);
    order.push([name, value ?? true]);
  }
  return { words, flags: Object.fromEntries(order), order };
}

function overview(command: string, table: Readonly<Record<string, Subcommand>>): string {
  const rows = Object.entries(table).map(([name, { doc }]) => `  ${name.padEnd(10)}${doc}`);
  return `Usage: portico ${command} COMMAND ...\n\n${rows.join("\n")}\n\nEach has its own --help.`;
}

export function helpText({ usage, about, flags, examples }: Omit<Subcommand, "doc" | "run">): string {
  const rows = Object.entries({ ...flags, help: HELP }).map(([name, { short, value, doc }]) => {
    const synopsis = `  ${short === undefined ? "   " : `-${short},`} --${name}${value === undefined ? "" : ` ${value}`}`;
    return `${synopsis.length < 28 ? synopsis.padEnd(28) : `${synopsis}\n${" ".repeat(28)}`}${doc}`;
  });
  const tail = examples === undefined ? "" : `\n\nExamples\n${examples}`;
  return `Usage: portico ${usage}\n\n${about}\n\n${rows.join("\n")}${tail}`;
}

/** A time in seconds, as netcat and curl take it, in milliseconds. @throws {CommandError} unless it is a number. */
export function seconds(text: string | true | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (text !== true && /^[0-9]{1,6}(\.[0-9]{1,3})?$/.test(text)) return Number(text) * 1000;
  throw usageError(`${flag} takes a number of seconds, as 2 or 0.5, not "${text}"`);
}

/** A flag's text, if it was given. */
export function textOf(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value;
}
