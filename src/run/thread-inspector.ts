/** The inspector of a worker thread, reached from the main thread through the `NodeWorker` domain of its own. */
import { Session } from "node:inspector";
import type { Inspector } from "./inspection.ts";

export interface ThreadInspector extends Inspector {
  disconnect(): void;
}

/** Resolves with the conversation. The thread's event loop may be blocked. */
export async function inspectThread(threadId: number): Promise<ThreadInspector> {
  const session = new Session();
  session.connect();
  const sessionId = await attach(session, threadId);

  const events = new Map<string, (params: unknown) => void>();
  const answers = new Map<number, (result: unknown) => void>();
  session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
    if (params.sessionId !== sessionId) return;
    const message = JSON.parse(params.message);
    if (message.method === undefined) answers.get(message.id)?.(message.result);
    else events.get(message.method)?.(message.params);
  });
  let id = 0;
  return {
    on: (event, listener) => void events.set(event, listener),
    post(method, params = {}) {
      const message = JSON.stringify({ id: ++id, method, params });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message });
      return new Promise((resolve) => answers.set(id, resolve));
    },
    disconnect: () => session.disconnect(),
  };
}

/** The inspector has its own numbers for threads, and shows Node's in a title: `[worker 3] name`. */
function attach(session: Session, threadId: number): Promise<string> {
  return new Promise((resolve) => {
    session.on("NodeWorker.attachedToWorker", ({ params: { workerInfo, sessionId } }) => {
      if (workerInfo.title.startsWith(`[worker ${threadId}]`)) resolve(sessionId);
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  });
}
