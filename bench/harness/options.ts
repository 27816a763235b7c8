import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PEERS, type Peer } from "./peers.ts";
import type { Style } from "./report.ts";
import { WORKLOADS, type Workload } from "./workloads.ts";

export interface Options {
  readonly help: boolean;
  readonly idle: boolean;
  readonly workloads: readonly Workload[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly seconds: number;
  readonly style: Style;
  /** The directory that results are written to. */
  readonly out: string;
}

export const HELP = `Usage: npm run bench -- [options]

  --workloads LIST  of ${names(WORKLOADS)} (all of them)
  --peers LIST      of ${names(PEERS)} (all of them)
  --rounds N        measured rounds, whose median is shown (3)
  --seconds N       length of a round (2)
  --quick           hello and file, two rounds of one second: about a minute
  --idle            the memory of idle connections instead (Portico, node:http, srvx, bun, deno)
  --markdown        print the tables as Markdown
  --out DIR         where latest.json and hello.svg, or idle.json, are written (bench/results)
  -h, --help        print this
`;

/** @throws {Error} that names the option and says what is wrong with it. */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      workloads: { type: "string" },
      peers: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      quick: { type: "boolean", default: false },
      idle: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { quick, idle } = values;
  return {
    help: values.help,
    idle,
    workloads: pick("--workloads", WORKLOADS, values.workloads ?? (quick ? "hello,file" : names(WORKLOADS))),
    peers: pick("--peers", PEERS, values.peers ?? (idle ? "Portico,node:http,srvx,bun,deno" : names(PEERS))),
    rounds: count("--rounds", values.rounds ?? (quick ? "2" : "3")),
    seconds: count("--seconds", values.seconds ?? (quick ? "1" : "2")),
    style: values.markdown ? "markdown" : "text",
    out: values.out ?? fileURLToPath(new URL("../results", import.meta.url)),
  };
}

function pick<Named extends { name: string }>(flag: string, all: readonly Named[], list: string): Named[] {
  return list.split(",").map((word) => {
    const found = all.find(({ name }) => name.toLowerCase() === word.trim().toLowerCase());
    if (found === undefined) throw new Error(`${flag}: there is no "${word}", only ${names(all)}`);
    return found;
  });
}

function count(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 3600) return number;
  throw new Error(`${flag}: "${text}" is not a whole number from 1 to 3600`);
}

function names(all: readonly { name: string }[]): string {
  return all.map(({ name }) => name).join(", ");
}
