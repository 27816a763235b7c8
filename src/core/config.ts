/** A configuration, as a file gives it: the options that a command takes, by the names of the table. */
import { type Limits, OPTIONS, type OptionKey, type OptionSpec, type OptionValue, type Timeouts } from "./options.ts";

/** What belongs to one call of the command, and to no file. */
const OF_A_CALL = ["config", "watch", "check"] as const;

type Table = typeof OPTIONS;
type OfACall = (typeof OF_A_CALL)[number];
type InASection = `${"limits" | "timeouts"}.${string}`;
type FileKey = {
  [Key in OptionKey]: Table[Key] extends { flag: string } ? (Key extends OfACall | InASection ? never : Key) : never;
}[OptionKey];
/** Where a flag alone stands for a value, so does `true`; `workers` may be a number. */
type FileValue<Key extends FileKey> =
  | OptionValue<Table[Key]>
  | (Table[Key] extends { implied: string } ? boolean : never)
  | (Key extends "workers" ? number : never);

/** What a `portico.config.ts` exports as its default. Each option is explained in docs/options.md. */
export type Config = { readonly [Key in FileKey]?: FileValue<Key> | undefined } & {
  /** What is served, as ENTRY names it: a directory, or an application's module. */
  readonly entry?: string | undefined;
  /** What a request or a connection may take. */
  readonly limits?: Partial<Limits> | undefined;
  /** How long each state of a connection may last, in milliseconds. */
  readonly timeouts?: Partial<Timeouts> | undefined;
};

/** Gives the configuration back: it is there for its type. */
export function defineConfig(config: Config): Config {
  return config;
}

/** The options that a file may set, by their keys, those of sections as `limits.maxHeaderSize`. */
export const FILE_OPTIONS: ReadonlyMap<string, OptionSpec> = new Map(
  Object.entries<OptionSpec>(OPTIONS).filter(
    ([key, { flag }]) => flag !== undefined && !OF_A_CALL.some((each) => each === key),
  ),
);
