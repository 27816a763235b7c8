/** `portico config explain [KEY] [OPTIONS]`: what each option is, and who says so. */
import { FILE_OPTIONS } from "../../core/config.ts";
import type { OptionSpec } from "../../core/options.ts";
import type { Layer, ServeCommand } from "../arguments.ts";
import { usageError } from "../command-error.ts";
import { readCommand } from "../config-file.ts";
import { nearest } from "../nearest.ts";

const HELP = `Usage: portico config explain [KEY] [OPTIONS]

Says what each option of portico would be here, and which layer set it: a flag,
the environment, the configuration file, or nobody, so that it is the default.
With KEY, as timeouts.idle or idle-timeout, all there is to say of that one.

OPTIONS are those of portico --help, --config FILE among them.`;

/** @throws {CommandError} on what is no option, and what the file says wrongly. */
export async function run(words: readonly string[]): Promise<void> {
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h") return console.log(HELP);
  if (name !== "explain") throw usageError(`portico config has no command ${name}; it has explain`);
  const [word] = rest;
  const key = word === undefined || word.startsWith("-") ? undefined : keyOf(word);
  const command = await readCommand(key === undefined ? rest : rest.slice(1), process.env);
  if (command.action !== "serve") return console.log(HELP);
  console.log(key === undefined ? all(command) : one(key, command));
}

type Row = readonly [key: string, spec: OptionSpec & { readonly flag: string }];

const ROWS: readonly Row[] = [...FILE_OPTIONS].map(([key, spec]) => [key, { ...spec, flag: spec.flag! }]);

/** @throws {CommandError} when it names no option, by its key or by its flag. */
function keyOf(word: string): string {
  const found = ROWS.find(([key, { flag }]) => key === word || flag === word);
  if (found !== undefined) return found[0];
  const meant = nearest(
    word,
    ROWS.flatMap(([key, { flag }]) => [key, flag]),
  );
  throw usageError(
    `there is no option ${word}; ${meant ? `did you mean ${meant}?` : "portico config explain has them all"}`,
  );
}

function all(command: ServeCommand): string {
  const lines = ROWS.map(
    ([key, spec]) => [key, shown(key, effective(key, spec, command)), sourceOf(key, spec, command)] as const,
  );
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]!.length)));
  const entry = command.entry === undefined ? "" : `entry: ${command.entry}\n\n`;
  return (
    entry +
    lines.map(([key, value, source]) => `${key.padEnd(widths[0]!)}  ${value.padEnd(widths[1]!)}  ${source}`).join("\n")
  );
}

function one(key: string, command: ServeCommand): string {
  const [, spec] = ROWS.find(([each]) => each === key)!;
  const said = saidBy(key, command).map((layer) => {
    const isIgnored = isOverruled(layer, key, command);
    return `  ${shown(key, valueIn(layer, key)).padEnd(12)}  ${layerName(layer, spec)}${isIgnored ? ", overruled" : ""}`;
  });
  const precedent = spec.precedent === undefined ? "" : `\n${spec.precedent}`;
  return `${key} = ${shown(key, effective(key, spec, command))}

${[...said, `  ${shown(key, spec.default).padEnd(12)}  the default`].join("\n")}

${spec.doc}${precedent}
--${spec.flag}${spec.value === undefined ? "" : ` ${spec.value}`}${spec.env === undefined ? "" : `, or $${spec.env}`}`;
}

function valueIn({ values }: Layer, key: string): unknown {
  return (values as Record<string, unknown>)[key];
}

function effective(key: string, spec: OptionSpec, { given }: ServeCommand): unknown {
  return (given as Record<string, unknown>)[key] ?? spec.default;
}

/** The layers that say something of an option; who has the say comes first. */
function saidBy(key: string, { layers }: ServeCommand): Layer[] {
  return layers.filter((layer) => valueIn(layer, key) !== undefined);
}

/** Also a file's address, when somebody before it names one of another kind. */
function isOverruled(layer: Layer, key: string, command: ServeCommand): boolean {
  const isGiven = (command.given as Record<string, unknown>)[key] !== undefined;
  return !isGiven || saidBy(key, command)[0] !== layer;
}

function sourceOf(key: string, spec: OptionSpec & { readonly flag: string }, command: ServeCommand): string {
  const [first] = saidBy(key, command);
  if (first !== undefined && !isOverruled(first, key, command)) return layerName(first, spec);
  return key === "port" || key === "hostname" ? "default, if the application has no wish" : "default";
}

function layerName({ kind, name }: Layer, { flag, env }: { readonly flag: string; readonly env?: string }): string {
  return kind === "flags" ? `--${flag}` : kind === "environment" ? `$${env}` : name;
}

function shown(key: string, value: unknown): string {
  if (value === undefined) return "(none)";
  // It may be read by whoever stands behind.
  return key === "auth" ? "••••••" : Array.isArray(value) ? value.join(" | ") : String(value);
}
