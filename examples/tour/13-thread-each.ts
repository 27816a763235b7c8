/**
 * One thread for each connection: lighter than a process, and all in one of them.
 *
 * Shows: while one thread sleeps, others work. In Node a thread cannot be given a socket, so the main thread reads and
 * writes, and the thread computes the answer. What a thread throws is its own affair.
 *
 * What is wrong with it: a thread of Node costs some 50 ms to start and 25 MB to keep, again for every client, and what
 * takes the process down, such as memory that runs out, takes all threads with it. 14 needs no thread to wait.
 *
 * Try: curl http://127.0.0.1:7890/slow        and, meanwhile, curl http://127.0.0.1:7890/
 *      curl http://127.0.0.1:7890/crash       and then the page again
 */
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, threadId, Worker } from "node:worker_threads";

const port = Number(process.env.PORT ?? 7890);
const slow = Number(process.env.SLOW ?? 20_000);

function serve(socket: Socket): void {
  const thread = new Worker(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
  console.log(`${socket.remotePort} is for thread ${thread.threadId}`);
  socket.once("data", (request) => thread.postMessage(String(request).split(" ")[1]));
  socket.on("error", () => {});
  socket.on("close", () => thread.terminate());
  thread.once("message", (body) => socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`));
  thread.once("error", (error) => {
    console.log(`a thread has ended: ${error.message}`);
    socket.destroy();
  });
}

if (isMainThread) {
  const server = createServer(serve).listen({ host: "127.0.0.1", port }, () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  });
} else {
  parentPort!.once("message", (path) => {
    if (path === "/crash") throw new Error("crashed");
    if (path === "/slow") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow);
    parentPort!.postMessage(`Hello from thread ${threadId}\n`);
  });
}
