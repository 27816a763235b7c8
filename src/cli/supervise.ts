/** Serving by several workers: the socket is bound here, the application is loaded in each of them. */
import { constants } from "node:os";
import { bindShared } from "../net/shared-socket.ts";
import { Workers } from "../observe/fleet.ts";
import type { Samples } from "../observe/samples.ts";
import type { Spawn } from "../run/messages.ts";
import { processes } from "../run/processes.ts";
import { Supervisor } from "../run/supervisor.ts";
import { threads } from "../run/threads.ts";
import { openAdmin } from "./admin.ts";
import { failure } from "./command-error.ts";
import { bindFailure } from "./listen.ts";
import { errorLogOf } from "./observing.ts";
import type { Settings } from "./settings.ts";
import { claimSocketPath } from "./socket-path.ts";
import type { Notify } from "./systemd.ts";

export interface Supervision {
  /** What a worker runs; by default, an HTTP server. */
  readonly program?: URL;
  /** The command line, which each worker reads again. */
  readonly args: readonly string[];
  readonly settings: Settings;
  readonly model: "threads" | "processes";
  readonly workers: number;
  readonly say: (line: string) => void;
  /** Told what becomes of the service. */
  readonly notify?: Notify;
}

const PROGRAM = new URL("./worker.js", import.meta.url);

/**
 * Resolves with the URL when the workers are ready. Signals rule from the start, with gunicorn's meanings.
 * @throws {CommandError} when the address cannot be had, or the first worker does not become ready; exit code 1.
 */
export async function supervise({
  program = PROGRAM,
  args,
  settings,
  model,
  workers,
  say,
  notify = async () => {},
}: Supervision): Promise<string> {
  const { hostname, port, unix, fd, workerTimeout } = settings;
  if (unix !== undefined) await claimSocketPath(unix);
  const named = unix === undefined ? { hostname, port } : { unix };
  const socket = await bindShared(fd === undefined ? named : { fd }).catch((error) => {
    throw failure(bindFailure(error, settings));
  });
  const spawn: Spawn = (model === "threads" ? threads : processes)(program, args, socket);
  const grace = settings["timeouts.grace"];
  const farewell = (name: string, content: unknown) => fleet.farewell(name, content as Samples);
  const note = errorLogOf(settings).info;
  const supervisor = new Supervisor({ spawn, workers, workerTimeout, grace, say, note, farewell });
  const fleet = new Workers(supervisor, socket.address);
  void supervisor.ended.then(async (code) => {
    socket.close();
    // What has ended can tell nothing.
    await notify("stopping");
    process.exit(code);
  });
  // From here on: TTIN and TTOU would stop this process, and to process 1 of a container no signal is deadly by itself.
  obeySignals(supervisor, say, notify);
  await supervisor.start().catch((error) => {
    socket.close();
    throw failure(error.message);
  });
  await openAdmin(fleet, settings);
  const { address } = socket;
  if (typeof address === "string") return `unix:${address}`;
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}/`;
}

/** The signals of gunicorn's arbiter. */
function obeySignals(supervisor: Supervisor, say: (line: string) => void, notify: Notify): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
    process.on(signal, () => {
      void notify("stopping");
      void supervisor.stop({ force: signal !== "SIGTERM" });
    });
  }
  process.on("SIGHUP", () => {
    say("reloading");
    void notify("reloading");
    void supervisor.reload().then(() => (supervisor.isTaking ? notify("ready") : undefined));
  });
  // Without a listener, Node would take this one for a wish to debug the supervisor.
  process.on("SIGUSR1", () => supervisor.reopen());
  if ("SIGTTIN" in constants.signals) process.on("SIGTTIN" as NodeJS.Signals, () => supervisor.add());
  if ("SIGTTOU" in constants.signals) process.on("SIGTTOU" as NodeJS.Signals, () => supervisor.remove());
}
