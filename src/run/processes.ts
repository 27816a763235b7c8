/** The model "processes": a child process for each worker, which inherits the listening socket. */
import { type ChildProcess, fork } from "node:child_process";
import type { SharedSocket } from "../net/shared-socket.ts";
import type { FromWorker, Spawn } from "./messages.ts";
import { environmentOfWatched } from "./watchdog.ts";

/** The descriptor of the listening socket in a child: after the standard ones and the channel. */
export const LISTENING_FD = 4;

/** Makes children that run `program` with `args`. */
export function processes(program: URL, args: readonly string[], socket: SharedSocket): Spawn {
  return async (events) => {
    const child: ChildProcess = fork(program, args, {
      env: environmentOfWatched(),
      stdio: ["ignore", "inherit", "inherit", "ipc", socket.fd],
    });
    child.on("message", (message) => events.message(message as FromWorker));
    // One that never came to be has no other end. Otherwise it is a message to a child that has just ended.
    child.on("error", (error) => child.pid === undefined && events.ended(error.message));
    child.once("exit", (code, signal) => events.ended(signal ?? `exit code ${code}`));
    return {
      name: `pid ${child.pid}`,
      send: (message) => child.connected && child.send(message),
      kill: () => child.kill("SIGKILL"),
    };
  };
}
