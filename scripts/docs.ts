/** Writes docs/options.md and config.schema.json from the table of options: `npm run docs`. Tests compare them with it. */
import { realpathSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { OPTIONS, type OptionSpec } from "../src/core/options.ts";
import { SCHEMA_FILE, schemaText } from "./schema.ts";

export const OPTIONS_PAGE = new URL("../docs/options.md", import.meta.url);

const INTRODUCTION = `# Options

<!-- Written by scripts/docs.ts from src/core/options.ts: change the table there. -->

The command takes flags; \`portico --help\` lists them. Behind a flag stands its environment variable, behind that the
[configuration file](config.md), behind that what the application module exports (\`port\` and \`hostname\`), and behind that the
default.

The library takes the same names: \`serve({ fetch, port, hostname, unix, backlog, limits: { ... }, timeouts: { ... } })\`.
What has no flag belongs to the library only; the groups Application, Scripts and Output belong to the command
only. Files and Responses are options of \`files(root, { ... })\`, too, where \`base\` is called \`prefix\`.
`;

const HEADINGS = ["Name", "Flag", "Environment", "Default", "Meaning", "Precedent, and what passing it costs"];

export function optionsPage(): string {
  const options: [string, OptionSpec][] = Object.entries(OPTIONS);
  const groups = [...new Set(options.map(([, { group }]) => group))];
  const sections = groups.map((group) => {
    const rows = options.filter(([, option]) => option.group === group).map(([name, option]) => row(name, option));
    return `\n## ${group}\n\n${table(rows)}\n`;
  });
  return INTRODUCTION + sections.join("");
}

function row(name: string, option: OptionSpec): string[] {
  return [
    code(name),
    flags(option),
    option.env ? code(option.env) : "",
    byDefault(option),
    option.doc,
    option.precedent ?? "",
  ];
}

function flags({ flag, short, value, implied }: OptionSpec): string {
  if (flag === undefined) return "";
  const named = value === undefined ? "" : implied === undefined ? ` ${value}` : `[=${value}]`;
  const long = code(`--${flag}${named}`);
  return short === undefined ? long : `${code(`-${short}`)}, ${long}`;
}

/** Bytes and milliseconds, as the option's meaning calls them, also in a unit that is easier to read. */
function byDefault({ default: value, doc }: OptionSpec): string {
  if (value === undefined) return "";
  if (typeof value !== "number") return code(String(value));
  if (doc.startsWith("milliseconds ")) return `${code(String(value))} (${value / 1000} s)`;
  if (doc.startsWith("bytes ") && value % 2 ** 20 === 0) return `${code(String(value))} (${value / 2 ** 20} MiB)`;
  if (doc.startsWith("bytes ") && value % 2 ** 10 === 0) return `${code(String(value))} (${value / 2 ** 10} KiB)`;
  return code(String(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Its columns padded, as the formatter has them; one in which no row has anything is left out. */
function table(rows: readonly string[][]): string {
  const columns = HEADINGS.flatMap((heading, index) => {
    const cells = rows.map((row) => row[index]!);
    if (cells.every((cell) => cell === "")) return [];
    const width = Math.max(...[heading, ...cells].map(({ length }) => length));
    return [[heading, "-".repeat(width), ...cells].map((cell) => cell.padEnd(width))];
  });
  return columns[0]!.map((_, line) => `| ${columns.map((column) => column[line]).join(" | ")} |`).join("\n");
}

if (realpathSync(process.argv[1]!) === fileURLToPath(import.meta.url)) {
  writeFileSync(OPTIONS_PAGE, optionsPage());
  writeFileSync(SCHEMA_FILE, schemaText());
}
