/** The command as a process of its own: `node bin/portico.js`, as it was built. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));

export interface Surroundings {
  readonly cwd?: string | undefined;
  /** Beside this process's own, and `PORT=0`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Portico {
  /** Where it listens, as it has printed it: `http://127.0.0.1:40123` or `unix:PATH`. */
  readonly url: string;
  readonly child: ChildProcess;
  /** What it has written so far, standard output and error together. */
  readonly output: string;
  readonly exited: Promise<Exit>;
  /** Resolves once it has written something that matches; rejects if it ends before, or takes a minute. */
  written(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal, by default SIGTERM, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds that anything the command has to say may take. */
const PATIENCE = 60_000;

const running = new Set<ChildProcess>();
const killAll = () => {
  for (const child of running) child.kill("SIGKILL");
};
after(killAll);
process.on("exit", killAll);

/** Starts the command and waits until it says where it listens. It does not outlive the test file. */
export async function startPortico(args: readonly string[], surroundings: Surroundings = {}): Promise<Portico> {
  const portico = launch(args, surroundings);
  const [, url] = await portico.written(/ {2}(http:\/\/\S+|unix:.+?) {2}/);
  return Object.assign(portico, { url: url! });
}

/** Starts the command without waiting for an address: for a quiet one. */
export function launch(args: readonly string[], surroundings: Surroundings = {}): Portico {
  return follow(spawnPortico(args, surroundings));
}

/** Starts any program of Node's, in the same surroundings. */
export function launchNode(args: readonly string[], surroundings: Surroundings = {}): Portico {
  return follow(spawnNode(args, surroundings));
}

/** Reads along with a command that was started in another way. */
export function follow(child: ChildProcess): Portico {
  const exited = exitOf(child);
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      child.emit("written");
    });
  }
  return {
    url: "",
    child,
    exited,
    get output() {
      return output;
    },
    written(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match !== null) resolve(match);
          return match;
        };
        if (look() !== null) return;
        child.on("written", look);
        const giveUp = (why: string) => look() ?? reject(new Error(`${why} without ${pattern}; it wrote:\n${output}`));
        setTimeout(giveUp, PATIENCE, `portico has run for ${PATIENCE / 1000} s`).unref();
        void exited.then(({ code }) => giveUp(`portico has ended (${code})`));
      });
    },
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return exited;
    },
  };
}

/** Runs the command to its end, for what it has to say before it serves. */
export async function runPortico(args: readonly string[], surroundings: Surroundings = {}): Promise<Finished> {
  const child = spawnPortico(args, surroundings);
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (piece: string) => {
      text[name] += piece;
    });
  }
  return { ...(await exitOf(child)), ...text };
}

function spawnPortico(args: readonly string[], surroundings: Surroundings): ChildProcess {
  return spawnNode([BIN, ...args], surroundings);
}

function spawnNode(args: readonly string[], { cwd, env }: Surroundings): ChildProcess {
  const { NODE_TEST_CONTEXT: _context, FORCE_COLOR: _colour, ...inherited } = process.env;
  return spawn(process.execPath, args, { cwd, env: { ...inherited, PORT: "0", ...env } });
}

/** Once it has ended and all it wrote has been read; with the test file, it ends in any case. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  running.add(child);
  const [code, signal] = await once(child, "close");
  running.delete(child);
  return { code, signal };
}
