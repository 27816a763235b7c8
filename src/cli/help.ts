import { FLAGS, type Flag } from "./arguments.ts";
import { COMMANDS } from "./commands.ts";
import { VERSION } from "./version.ts";

const WIDTH = 80;
/** Where what a flag does begins: behind the flag, or below one that is longer. */
const COLUMN = 28;

const INTRODUCTION = `portico ${VERSION}: serves files, or an application, over HTTP

Usage: portico [ENTRY] [PORT] [OPTIONS]
       portico COMMAND ...

  ENTRY  a directory, to serve its files; or a module (.ts, .mts, .js, .mjs), to
         run the application it exports: export default { fetch(request) {} }.
         Without ENTRY: the application in this directory (server.ts,
         src/server.ts, ...), or else the directory's files
  PORT   the same as --port PORT
`;

/** What the command can do besides; each has a help of its own. */
const OTHERS = Object.entries(COMMANDS)
  .map(([name, { doc }]) => `  ${name}`.padEnd(COLUMN) + doc)
  .join("\n");

const EXAMPLES = `
Examples
  portico                        this directory, at http://127.0.0.1:8000
  portico ./html 7890            the files in ./html, on port 7890
  portico server.ts --host ::    an application, for the whole network
  portico app.ts --static ./public --prefix /assets
                                 files under /assets, the application elsewhere`;

/** The help: at most 80 columns wide, the options in their groups, as the table has them. */
export function helpText(): string {
  const groups = [...new Set(FLAGS.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const lines = FLAGS.filter((flag) => flag.group === group).map((flag) => {
      const indent = `\n${" ".repeat(COLUMN)}`;
      const name = synopsis(flag);
      const text = wrap([...flag.doc.split(" "), ...remark(flag)], WIDTH - COLUMN);
      return (name.length < COLUMN - 1 ? name.padEnd(COLUMN) : name + indent) + text.join(indent);
    });
    return `\n${group}\n${lines.join("\n")}\n`;
  });
  return `${INTRODUCTION}\nCommands\n${OTHERS}\n${sections.join("")}${EXAMPLES}`;
}

function synopsis({ short, flag, value, implied }: Flag): string {
  const named = value === undefined ? "" : implied === undefined ? ` ${value}` : `[=${value}]`;
  return `  ${short === undefined ? "   " : `-${short},`} --${flag}${named}`;
}

/** What counts without the flag, `[$PORT or 8000]`, as one word. */
function remark({ type, default: value, env }: Flag): string[] {
  const isSilent = type === "boolean" || value === undefined;
  const sources = [env === undefined ? [] : `$${env}`, isSilent ? [] : String(value)].flat();
  return sources.length === 0 ? [] : [`[${sources.join(" or ")}]`];
}

function wrap(words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
