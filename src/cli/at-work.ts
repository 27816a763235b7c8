/** What a worker finds where it starts: as a thread in what it was made with, as a process in its surroundings. */
import { parentPort, workerData } from "node:worker_threads";
import { LISTENING_FD } from "../run/processes.ts";
import type { Channel } from "../run/worker.ts";

export interface AtWork {
  readonly args: readonly string[];
  /** The listening socket's descriptor. */
  readonly fd: number;
  readonly channel: Channel;
  readonly isThread: boolean;
}

interface ThreadData {
  readonly args: readonly string[];
  readonly fd: number;
}

export function atWork(): AtWork {
  if (parentPort !== null) {
    const port = parentPort;
    const channel: Channel = {
      send: (message) => port.postMessage(message),
      receive: (listener) => void port.on("message", listener),
    };
    return { ...(workerData as ThreadData), channel, isThread: true };
  }
  leaveSignalsToTheSupervisor();
  return { args: process.argv.slice(2), fd: LISTENING_FD, channel: processChannel(), isThread: false };
}

function processChannel(): Channel {
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

/**
 * A terminal sends its signals to the whole process group, and systemd SIGTERM to all processes of a service; the supervisor
 * passes on what they mean for a worker.
 */
function leaveSignalsToTheSupervisor(): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP"] as const) process.on(signal, () => {});
}
