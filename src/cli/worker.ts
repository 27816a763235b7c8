/** What a worker runs: the command line again, on a socket that its supervisor has bound. */
import { parentPort, workerData } from "node:worker_threads";
import { toFetch } from "../gateway/to-fetch.ts";
import { LISTENING_FD } from "../run/processes.ts";
import { type Channel, work } from "../run/worker.ts";
import { Server } from "../server/server.ts";
import { type Command, parseArguments } from "./arguments.ts";
import { prepare } from "./serving.ts";
import { DEFAULTS, type Settings, section } from "./settings.ts";

/** A thread is told what a process finds in its surroundings. */
interface ThreadData {
  readonly args: readonly string[];
  readonly fd: number;
}

const thread = parentPort === null ? null : (workerData as ThreadData);
const args = thread?.args ?? process.argv.slice(2);
// The supervisor has read it without complaint.
const { entry, given } = parseArguments(args, process.env) as Command & { action: "serve" };

if (thread === null) leaveSignalsToTheSupervisor();
await work(channel(), open, {
  timeout: thread === null ? (given.workerTimeout ?? DEFAULTS.workerTimeout) : 0,
  maxRequests: jittered(given.maxRequests ?? 0, given.maxRequestsJitter ?? 0),
  maxRss: thread === null ? (given.maxRss ?? 0) * 2 ** 20 : 0,
});

async function open(): Promise<Server> {
  const { handler, connect, settings } = await prepare(entry, given);
  await probe(toFetch(handler), settings);
  const limits = section(settings, "limits");
  const timeouts = section(settings, "timeouts");
  const fd = thread?.fd ?? LISTENING_FD;
  return new Server(handler, { fd, connect, backlog: settings.backlog, limits, timeouts, timed: true }).ready();
}

/** @throws {Error} when the application does not answer the trial request, or with a server error. */
async function probe(fetch: (request: Request) => Promise<Response>, { probe }: Settings): Promise<void> {
  if (probe === undefined) return;
  const { status, body } = await fetch(new Request(new URL(probe, "http://localhost/")));
  await body?.cancel();
  if (status >= 500) throw new Error(`the trial request for ${probe} was answered with ${status}`);
}

function channel(): Channel {
  if (parentPort !== null) {
    const port = parentPort;
    return { send: (message) => port.postMessage(message), receive: (listener) => void port.on("message", listener) };
  }
  return {
    send: (message) => process.connected && process.send!(message),
    receive(listener) {
      process.on("message", (message) => listener(message as Parameters<typeof listener>[0]));
      process.on("disconnect", () => listener(null));
      // The supervisor may have died while this was loaded.
      if (!process.connected) listener(null);
    },
  };
}

/** A terminal sends its signals to the whole process group; the supervisor passes on what they mean for a worker. */
function leaveSignalsToTheSupervisor(): void {
  for (const signal of ["SIGINT", "SIGQUIT", "SIGHUP"] as const) process.on(signal, () => {});
}

function jittered(count: number, jitter: number): number {
  return count === 0 ? 0 : count + Math.floor(Math.random() * (jitter + 1));
}
