/** What a worker runs: the command line again, on a socket that its supervisor has bound. */
import { threadId } from "node:worker_threads";
import { toFetch } from "../gateway/to-fetch.ts";
import { reportOf, workerName } from "../observe/fleet.ts";
import { type Work, work } from "../run/worker.ts";
import { Server } from "../server/server.ts";
import { files } from "../static/index.ts";
import type { ServeCommand } from "./arguments.ts";
import { atWork } from "./at-work.ts";
import { readCommand } from "./config-file.ts";
import { outliveOutput } from "./lost-output.ts";
import { observe } from "./observing.ts";
import { load, type Means, prepare } from "./serving.ts";
import { DEFAULTS, type Settings, section } from "./settings.ts";

const { args, fd, channel, isThread } = atWork();
outliveOutput();
// The supervisor has read the command line without complaint, but the configuration file may have changed since.
const command = (await readCommand(args, process.env).catch((error) => error)) as ServeCommand | Error;
const given = command instanceof Error ? {} : command.given;

/** What is wrong with a site's rules is found by each worker that reads them. */
const MEANS: Means = {
  files: (root, options) => files(root, { ...options, log: (line) => channel.send({ kind: "notice", line }) }),
  load,
};

await work(channel, open, {
  timeout: isThread ? 0 : (given.workerTimeout ?? DEFAULTS.workerTimeout),
  maxRequests: jittered(given.maxRequests ?? 0, given.maxRequestsJitter ?? 0),
  maxRss: isThread ? 0 : (given.maxRss ?? 0) * 2 ** 20,
});

async function open(): Promise<Work> {
  if (command instanceof Error) throw command;
  const { handler, connect, close: end, settings, queues, unheard } = await prepare(command.entry, given, MEANS);
  await probe(toFetch(handler), settings);
  const limits = section(settings, "limits");
  const timeouts = section(settings, "timeouts");
  const name = isThread ? `thread ${threadId}` : workerName();
  for (const line of unheard) channel.send({ kind: "notice", line });
  const { options, reopen, close, watching } = observe(settings, { worker: name, queues });
  if (!isThread) process.on("SIGUSR1", reopen);
  const { backlog } = settings;
  const server = new Server(handler, { fd, connect, close: end, backlog, limits, timeouts, timed: true, ...options });
  await server.ready();
  if (watching === null) return { server, reopen, close };
  return { server, reopen, close, report: (what) => reportOf(watching, server, name, what) };
}

/** @throws {Error} when the application does not answer the trial request, or with a server error. */
async function probe(fetch: (request: Request) => Promise<Response>, { probe }: Settings): Promise<void> {
  if (probe === undefined) return;
  const { status, body } = await fetch(new Request(new URL(probe, "http://localhost/")));
  await body?.cancel();
  if (status >= 500) throw new Error(`the trial request for ${probe} was answered with ${status}`);
}

function jittered(count: number, jitter: number): number {
  return count === 0 ? 0 : count + Math.floor(Math.random() * (jitter + 1));
}
