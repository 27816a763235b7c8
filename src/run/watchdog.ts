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
/** Milliseconds that count between two looks: in the rest, the whole process was stopped or suspended. */
const MOST_AWAKE = 4 * LOOK;

interface Watched {
  /** How often the event loop has turned, and for how many milliseconds it may not; 0 for any time. */
  readonly shared: Int32Array;
  readonly supervisor: number;
}

const BEATS = 0;
const TIMEOUT = 1;

/** How a process that watches itself is told whose it is: its parent may be gone by the time that it could look. */
const SUPERVISOR = "PORTICO_SUPERVISOR";

/** The environment for a process of ours that watches itself. */
export function environmentOfWatched(): NodeJS.ProcessEnv {
  return { ...process.env, [SUPERVISOR]: String(process.pid) };
}

/**
 * Watches this process's event loop from now on. Gives the way to say for how many milliseconds it may be blocked; at first,
 * and with 0, for any time.
 */
export function watch(): (timeout: number) => void {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const data: Watched = { shared, supervisor: Number(process.env[SUPERVISOR]) };
  // Not for the application, and not for what that starts.
  delete process.env[SUPERVISOR];
  const thread = new Worker(new URL(import.meta.url), { workerData: data, execArgv: [] });
  thread.unref();
  setInterval(() => Atomics.add(shared, BEATS, 1), LOOK).unref();
  return (timeout) => void Atomics.store(shared, TIMEOUT, Math.min(timeout, 2 ** 31 - 1));
}

if (!isMainThread && workerData?.shared instanceof Int32Array) look(workerData as Watched);

function look({ shared, supervisor }: Watched): void {
  let last = -1;
  let blocked = 0;
  let looked = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const passed = Math.min(now - looked, MOST_AWAKE);
    looked = now;
    const beats = Atomics.load(shared, BEATS);
    blocked = beats === last ? blocked + passed : 0;
    last = beats;
    if (blocked === 0) return;
    if (process.ppid !== supervisor) process.kill(process.pid, "SIGKILL");
    const timeout = Atomics.load(shared, TIMEOUT);
    if (timeout === 0 || blocked < timeout) return;
    clearInterval(timer);
    void report(blocked);
  }, LOOK);
}

/** Says on standard error, which is shared with the blocked thread but not blocked by it, what there is to know. */
async function report(blocked: number): Promise<void> {
  const say = (text: string) => {
    try {
      writeSync(2, `${text}\n`);
    } catch {
      // Nobody reads it, or not now: no reason to leave the process as it is.
    }
  };
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
