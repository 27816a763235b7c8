/**
 * What systemd passes to a service and wants to hear from it. Sockets come as sd_listen_fds(3) says. Notes go the way of
 * sd_notify(3), by the program `systemd-notify`, which is there where systemd is: Node has no unix datagram sockets.
 */
import { execFile } from "node:child_process";
import { failure } from "./command-error.ts";

/** Where passed descriptors begin. */
const FIRST_FD = 3;

/**
 * The listening socket that systemd has bound for this process, if it has. The variables that say so are taken out of `env`:
 * they are not for what this process starts.
 * @throws {CommandError} when there are several: which one to listen on is not said; exit code 1.
 */
export function passedSocket(env: NodeJS.ProcessEnv): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env;
  delete env.LISTEN_PID;
  delete env.LISTEN_FDS;
  delete env.LISTEN_FDNAMES;
  if (LISTEN_PID !== String(process.pid) || LISTEN_FDS === undefined) return undefined;
  if (LISTEN_FDS === "1") return FIRST_FD;
  throw failure(`systemd has passed ${LISTEN_FDS} sockets and portico listens on one; which: --fd ${FIRST_FD}`);
}

/** The states of a service, as systemd knows them. */
export type ServiceState = "ready" | "reloading" | "stopping";

/** Resolves when it has been told, or cannot be. That the service stops is told once, however often it is said. */
export type Notify = (state: ServiceState) => Promise<void>;

/** Milliseconds that telling may take. */
const PATIENCE = 2000;

/**
 * Gives the way to tell systemd what becomes of the service; where there is no systemd, it does nothing. Under a watchdog
 * (`WatchdogSec=`), tells it twice in its time that the event loop turns.
 * @param say takes the line that says why nothing can be told
 */
export function notifier(env: NodeJS.ProcessEnv, say: (line: string) => void): Notify {
  if (!env.NOTIFY_SOCKET) return async () => {};
  const tell = (...notes: string[]) =>
    new Promise<void>((resolve) => {
      // On behalf of this process: systemd listens to a unit's main process, by NotifyAccess=all to all of them.
      const words = [`--pid=${process.pid}`, ...notes];
      execFile("systemd-notify", words, { env, timeout: PATIENCE }, (error) => {
        if (error !== null) say(`systemd cannot be told ${notes[0]}: ${error.message.trim().split("\n").at(-1)}`);
        resolve();
      });
    });
  const { WATCHDOG_USEC, WATCHDOG_PID = String(process.pid) } = env;
  if (WATCHDOG_USEC !== undefined && WATCHDOG_PID === String(process.pid)) {
    setInterval(() => void tell("WATCHDOG=1"), Number(WATCHDOG_USEC) / 1000 / 2).unref();
  }
  let stopping: Promise<void> | null = null;
  return (state) => {
    if (state === "ready") return tell("READY=1");
    if (state === "reloading") return tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    stopping ??= tell("STOPPING=1");
    return stopping;
  };
}
