/**
 * What a worker process leaves behind when its event loop hangs: the requests it holds and the JavaScript stack that
 * blocks it, taken by a thread through the inspector. Then it is killed, and the supervisor replaces it. Also ends a
 * process whose supervisor is gone and that cannot notice by itself.
 */
import { writeSync } from "node:fs";
import { Session } from "node:inspector";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { type Inspector, postMortem } from "./inspection.ts";

/** Milliseconds between two looks. */
const LOOK = 250;

interface Watched {
  readonly beats: Int32Array;
  readonly timeout: number;
  readonly supervisor: number;
}

/** Watches this process's event loop from now on. @param timeout milliseconds that it may be blocked */
export function watch(timeout: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const data: Watched = { beats, timeout, supervisor: process.ppid };
  const thread = new Worker(new URL(import.meta.url), { workerData: data, execArgv: [] });
  thread.unref();
  setInterval(() => Atomics.add(beats, 0, 1), LOOK).unref();
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
    void report(blocked);
  }, LOOK);
}

/** Says on standard error, which is shared with the blocked thread but not blocked by it, what there is to know. */
async function report(blocked: number): Promise<void> {
  const say = (text: string) => writeSync(2, `${text}\n`);
  say(`worker pid ${process.pid} has been blocked for ${(blocked / 1000).toFixed(1)} s, and is killed`);
  for (const line of await postMortem(mainThread())) say(line);
  process.kill(process.pid, "SIGKILL");
}

function mainThread(): Inspector {
  const session = new Session();
  session.connectToMainThread();
  return {
    on: (event, listener) => session.on(event, ({ params }) => listener(params)),
    // No promise goes on within a call from another thread's inspector, so the answer waits for this thread's event loop.
    post: (method, params) =>
      new Promise((resolve) => session.post(method, params, (_, result) => setImmediate(resolve, result))),
  };
}
