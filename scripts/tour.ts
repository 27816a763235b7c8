/**
 * The tour: `npm run tour` lists its programs, `npm run tour 07` says what one shows and runs it. What there is to say stands at
 * the head of each program.
 */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../examples/tour/", import.meta.url);
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const REGISTER = new URL("../dist/cli/typescript/register.js", import.meta.url);
const PORT = "7890";

export interface Stop {
  readonly number: string;
  readonly path: string;
  readonly title: string;
  /** The head without its title: what it shows, what is wrong with it, what to try. */
  readonly text: string;
  /** The command that runs it. */
  readonly command: readonly string[];
}

/** The programs in their order. */
export function stops(): Stop[] {
  const names = readdirSync(FOLDER).filter((name) => /^\d\d-.*\.ts$/.test(name));
  return names.sort().map((name) => {
    const path = fileURLToPath(new URL(name, FOLDER));
    const [, head = ""] = /^\/\*\*\n(.*?)\n \*\/\n/s.exec(readFileSync(path, "utf8")) ?? [];
    const [title = "", , ...lines] = head.split("\n").map((line) => line.replace(/^ \* ?/, ""));
    return { number: name.slice(0, 2), path, title, text: lines.join("\n"), command: commandOf(path, lines) };
  });
}

/** A line `Runs as: portico ...` names the command; a program without one is run by itself. */
function commandOf(path: string, lines: readonly string[]): string[] {
  const runsAs = lines.find((line) => line.startsWith("Runs as: portico "));
  if (runsAs === undefined) return ["--import", REGISTER.href, path];
  return [`${ROOT}bin/portico.js`, ...runsAs.split(" ").slice(3), "--port", process.env.PORT ?? PORT];
}

function list(): void {
  for (const { number, title } of stops()) console.log(`${number}  ${title}`);
  console.log("\nnpm run tour 01 runs the first. docs/tour.md tells the whole story.");
}

function run(word: string, rest: readonly string[]): void {
  const stop = stops().find(({ number, path }) => number === word.padStart(2, "0") || path.includes(`/${word}`));
  if (stop === undefined) {
    console.error(`tour: there is no program ${word}; npm run tour lists them`);
    process.exitCode = 2;
    return;
  }
  console.log(`${stop.number}  ${stop.title}\n\n${stop.text}\n`);
  const child = spawn(process.execPath, [...stop.command, ...rest], { cwd: ROOT, stdio: "inherit" });
  // The terminal sends Ctrl-C to the program as well; whoever signals this process alone means the program, too.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal!];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [word, ...rest] = process.argv.slice(2);
  if (word === undefined) list();
  else run(word, rest);
}
