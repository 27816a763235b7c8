/** The model "threads": a worker thread for each, with an event loop and a copy of the listening socket of its own. */
import { Worker } from "node:worker_threads";
import type { SharedSocket } from "../net/shared-socket.ts";
import { postMortem } from "./inspection.ts";
import type { FromWorker, Spawn } from "./messages.ts";
import { inspectThread } from "./thread-inspector.ts";

/** Makes threads that run `program` with `args`. */
export function threads(program: URL, args: readonly string[], socket: SharedSocket): Spawn {
  return async (events) => {
    const thread = new Worker(program, { workerData: { args, fd: await socket.copy() } });
    const { threadId } = thread;
    let how = "";
    thread.on("message", (message: FromWorker) => events.message(message));
    thread.on("error", (error) => {
      how = String(error);
    });
    thread.once("exit", (code) => events.ended(how || `exit code ${code}`));
    return {
      name: `thread ${threadId}`,
      send: (message) => thread.postMessage(message),
      kill: () => void thread.terminate(),
      async postMortem() {
        const inspector = await inspectThread(threadId);
        const lines = await postMortem(inspector);
        // What stands still for an inspector cannot be ended.
        void inspector.post("Debugger.resume");
        thread.once("exit", () => inspector.disconnect());
        return lines;
      },
    };
  };
}
