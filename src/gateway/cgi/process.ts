/**
 * A script that runs: started without a shell, in a process group of its own, so that it can be ended together with what
 * it has started. No exchange is known here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { readLines } from "./lines.ts";

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Milliseconds from SIGTERM to SIGKILL. Apache: 3 s. */
const KILL_DELAY = 2000;

/** The scripts that run now. Sent away when this process ends: nobody would read what they write. */
const running = new Set<ScriptProcess>();
let isHooked = false;

/**
 * Starts the program at `file`, in its directory, without arguments. Never with any: a query that came as arguments
 * (RFC 3875 §4.4) has been taken for options (CVE-2012-1823).
 * @param input what it reads: nothing, what is written to `stdin`, or an open file
 * @param onErrorLine told each line that it writes to its standard error
 * @throws {Error} (rejects) with the system's `code`, as `ENOENT` when the interpreter is not there
 */
export async function startScript(
  file: string,
  env: Readonly<Record<string, string>>,
  input: "ignore" | "pipe" | number,
  onErrorLine: (line: string) => void,
): Promise<ScriptProcess> {
  const child = spawn(file, [], { cwd: dirname(file), env, stdio: [input, "pipe", "pipe"], detached: true });
  const exited = new Promise<Ending>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  // Without a listener, Node throws away what a child has written once the child has ended.
  child.stdout?.on("readable", () => {});
  await once(child, "spawn");
  if (!isHooked) process.on("exit", killAll);
  isHooked = true;
  readLines(child.stderr!, onErrorLine);
  return new ScriptProcess(child, exited);
}

function killAll(): void {
  for (const script of running) script.signalGroup("SIGKILL");
}

export class ScriptProcess {
  /** `null` when its input is a file, or nothing. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly exited: Promise<Ending>;

  readonly #child: ChildProcess;
  #isStopping = false;

  constructor(child: ChildProcess, exited: Promise<Ending>) {
    this.#child = child;
    this.stdin = child.stdin;
    this.stdout = child.stdout!;
    this.exited = exited;
    running.add(this);
    void exited.then(() => running.delete(this));
  }

  /** Ends the script and all that it has started: SIGTERM, and SIGKILL for what is there when it is gone or 2 s later. */
  stop(): void {
    if (this.#isStopping || !running.has(this)) return;
    this.#isStopping = true;
    this.signalGroup("SIGTERM");
    const kill = setTimeout(() => this.signalGroup("SIGKILL"), KILL_DELAY);
    void this.exited.then(() => {
      clearTimeout(kill);
      // Before anything else is awaited: with the group empty, its number could soon be another's.
      this.signalGroup("SIGKILL");
      this.#child.stderr!.destroy();
    });
  }

  signalGroup(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.#child.pid!, signal);
    } catch {
      // Nobody is left.
    }
  }
}
