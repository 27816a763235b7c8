/**
 * What a worker process leaves behind when its event loop hangs: the requests it holds and the JavaScript stack that
 * blocks it, taken by a thread through the inspector. Then it is killed, and the supervisor replaces it. Also ends a
 * process whose supervisor is gone and that cannot notice by itself.
 */
import { writeSync } from "node:fs";
import { type Debugger, Session } from "node:inspector";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Milliseconds between two looks. */
const LOOK = 250;
/** Milliseconds that the inspector may take to stop the program: native code has no stack of JavaScript to show. */
const PATIENCE = 2000;
/** Frames that are shown. */
const FRAMES = 10;

/** Where the requests under way are found, as lines of text, by an expression that the inspector evaluates. */
const REQUESTS = Symbol.for("portico.requests");

interface Watched {
  readonly beats: Int32Array;
  readonly timeout: number;
  readonly supervisor: number;
}

/**
 * Watches this process's event loop from now on.
 * @param timeout milliseconds that the loop may be blocked
 * @param requests gives the requests under way, a line each
 */
export function watch(timeout: number, requests: () => string[]): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const data: Watched = { beats, timeout, supervisor: process.ppid };
  const thread = new Worker(new URL(import.meta.url), { workerData: data, execArgv: [] });
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), LOOK).unref();
  Object.assign(globalThis, { [REQUESTS]: requests });
}

if (!isMainThread && workerData?.beats instanceof Int32Array) look(workerData as Watched);

function look({ beats, timeout, supervisor }: Watched): void {
  let last = -1;
  let since = Date.now();
  const timer = setInterval(() => {
    const beat = Atomics.load(beats, 0);
    if (beat !== last) {
      last = beat;
      since = Date.now();
      return;
    }
    const blocked = Date.now() - since;
    if (process.ppid !== supervisor) process.kill(process.pid, "SIGKILL");
    if (blocked < timeout) return;
    clearInterval(timer);
    report(blocked);
  }, LOOK);
}

/** Says on standard error, which is shared with the blocked thread but not blocked by it, what there is to know. */
function report(blocked: number): void {
  const say = (text: string) => writeSync(2, `${text}\n`);
  const end = () => process.kill(process.pid, "SIGKILL");
  say(`worker pid ${process.pid} has been blocked for ${(blocked / 1000).toFixed(1)} s, and is killed`);
  setTimeout(() => {
    say("  it is not in JavaScript");
    end();
  }, PATIENCE);

  const session = new Session();
  session.connectToMainThread();
  const scripts = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params }) => scripts.set(params.scriptId, params.url));
  session.once("Debugger.paused", ({ params }) => {
    const { callFrameId } = params.callFrames[0]!;
    const expression = `JSON.stringify(globalThis[Symbol.for("portico.requests")]())`;
    session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression }, (_, answer) => {
      const requests: string[] = JSON.parse(answer?.result.value ?? "[]");
      for (const request of requests) say(`  it holds ${request}`);
      for (const frame of params.callFrames.slice(0, FRAMES)) say(`    at ${place(frame, scripts)}`);
      end();
    });
  });
  session.post("Debugger.enable");
  session.post("Debugger.pause");
}

function place({ functionName, location }: Debugger.CallFrame, scripts: ReadonlyMap<string, string>): string {
  const { scriptId, lineNumber, columnNumber = 0 } = location;
  const file = (scripts.get(scriptId) ?? "").replace(/^file:\/\//, "");
  const where = `${file}:${lineNumber + 1}:${columnNumber + 1}`;
  return functionName === "" ? where : `${functionName} (${where})`;
}
