/** A configuration file: found, read, and held to the table of options. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { FILE_OPTIONS } from "../core/config.ts";
import type { OptionSpec } from "../core/options.ts";
import { type Command, type FileLayer, type Given, parseArguments, parseWords } from "./arguments.ts";
import { failure } from "./command-error.ts";
import { loadFailure } from "./load-failure.ts";
import { nearest } from "./nearest.ts";
import { installTypeScript } from "./typescript/install.ts";

/** Where a configuration is looked for when none is named. */
const NAMES = [".ts", ".mts", ".js", ".mjs", ".json"].map((extension) => `portico.config${extension}`);

/**
 * The command line, with the environment and the configuration file.
 * @throws {CommandError} one line that names what is wrong, and where
 */
export async function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Command> {
  const typed = parseWords(args);
  if (typed.action !== "serve") return typed as Command;
  const named = typed.flags.config ?? (env.PORTICO_CONFIG || undefined);
  const path = named ?? findConfig();
  return parseArguments(args, env, path === undefined ? null : await readConfig(path));
}

/** Where a configuration is read from, if it is there. */
export function configPaths(args: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  const typed = parseWords(args);
  const named = typed.action === "serve" ? (typed.flags.config ?? env.PORTICO_CONFIG) : undefined;
  return named ? [named] : NAMES;
}

/** @throws {CommandError} when there are two: which of them counts should not be a matter of their names. */
function findConfig(): string | undefined {
  const [found, other] = NAMES.filter((name) => existsSync(name));
  if (other !== undefined) throw failure(`${found} and ${other} are both there: keep one, or name one with --config`);
  return found;
}

/** @throws {CommandError} when it cannot be read, or says what is no option or no value of it. */
export async function readConfig(path: string): Promise<FileLayer> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw failure(`there is no file ${path} (--config)`);
  if (!stats.isFile()) throw failure(`${path} is not a file (--config)`);
  const config = extname(path) === ".json" ? readJson(path) : await importConfig(path);
  if (!isRecord(config)) {
    throw failure(
      `${path} holds no configuration: ${inspect(config, { breakLength: Infinity, depth: 0 })} is no object`,
    );
  }
  return checked(path, config);
}

function readJson(path: string): unknown {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = Number(/at position ([0-9]+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, at).split("\n");
    const what = message.replace(/ in JSON at position .*$/, "").replace(/, \.{0,3}".*$/s, "");
    throw failure(`${path}:${before.length}:${before.at(-1)!.length + 1}: ${what}`);
  }
}

/** A module is loaded once by its name, and a file may be read again. */
let imports = 0;

async function importConfig(path: string): Promise<unknown> {
  installTypeScript();
  const url = pathToFileURL(resolve(path));
  if (imports++ > 0) url.search = String(imports);
  let module: Record<string, unknown>;
  try {
    module = await import(url.href);
  } catch (error) {
    throw loadFailure(error, path);
  }
  if (!("default" in module)) throw failure(`${path} has no default export: export default defineConfig({ ... })`);
  return module.default;
}

function checked(path: string, config: Record<string, unknown>): FileLayer {
  const { $schema: _, entry, ...options } = config;
  const values: Record<string, unknown> = {};
  const take = (key: string, value: unknown) => {
    const spec = FILE_OPTIONS.get(key);
    if (spec === undefined) throw failure(`${path}: ${unknownKey(key)}`);
    const read = readValue(spec, value);
    if (read === WRONG) throw failure(`${path}: ${key} takes ${wanted(spec)}, not ${shown(value)}`);
    if (read !== undefined) values[key] = read;
  };
  if (entry !== undefined && typeof entry !== "string")
    throw failure(`${path}: entry takes a path, not ${shown(entry)}`);
  for (const [key, value] of Object.entries(options)) {
    if (key !== "limits" && key !== "timeouts") take(key, value);
    else if (!isRecord(value)) throw failure(`${path}: ${key} takes an object, not ${shown(value)}`);
    else for (const [name, inner] of Object.entries(value)) take(`${key}.${name}`, inner);
  }
  return { kind: "file", name: path, entry, values: values as Given };
}

function unknownKey(key: string): string {
  const names = [...FILE_OPTIONS.keys(), "entry"];
  const byFlag = [...FILE_OPTIONS].find(([, { flag }]) => flag === key || flag === key.split(".").at(-1))?.[0];
  const inSection = names.find((name) => name.endsWith(`.${key}`));
  const meant = byFlag ?? inSection ?? nearest(key, names);
  if (["config", "watch", "check"].includes(key))
    return `${key} is no option of a file: it belongs to a call, --${key}`;
  return `there is no option ${key}; ${meant === undefined ? "portico config explain lists what there is" : `did you mean ${inWords(meant)}?`}`;
}

/** A key as it is written in a file. */
function inWords(key: string): string {
  const [section, name] = key.split(".");
  return name === undefined ? key : `${name}, in ${section}`;
}

const WRONG = Symbol("a wrong value");

/** The value as a flag would give it; `undefined` for none. */
function readValue({ type, choices, implied, orNumber }: OptionSpec, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (implied !== undefined && typeof value === "boolean") return value ? implied : undefined;
  switch (type) {
    case "boolean":
      return typeof value === "boolean" ? value : WRONG;
    case "strings":
      return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : WRONG;
    case "string": {
      const text = orNumber && typeof value === "number" ? String(value) : value;
      const isText = typeof text === "string" && text !== "" && (choices === undefined || choices.includes(text));
      return isText ? text : WRONG;
    }
    case "port":
      return isWhole(value) && value <= 65_535 ? value : WRONG;
    case "integer":
      return isWhole(value) ? value : WRONG;
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wanted({ type, choices }: OptionSpec): string {
  if (choices !== undefined) return choices.join(", ").replace(/, (?=[^,]*$)/, " or ");
  const kinds = {
    boolean: "true or false",
    strings: "a list of texts",
    string: "a text",
    port: "a number from 0 to 65535",
    integer: "a whole number",
  };
  return kinds[type];
}

function shown(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : inspect(value, { breakLength: Infinity, depth: 0 });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
