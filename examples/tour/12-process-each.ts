/**
 * One process for each connection: the parent accepts, a child answers.
 *
 * Shows: a child that is slow, or that crashes, keeps or loses its own client and nobody else's. The parent gives its
 * copy of the socket up once the child has it: while it held one, the client would never see the end.
 *
 * What is wrong with it: a process of Node costs some 100 ms to start and 35 MB to keep, for every client that connects,
 * even if it says nothing: 1000 silent clients take the machine down. 18 has a few processes, each for many clients.
 *
 * Try: curl http://127.0.0.1:7890/slow        and, meanwhile, curl http://127.0.0.1:7890/
 *      curl http://127.0.0.1:7890/crash       and then the page again
 */
import { fork } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

const port = Number(process.env.PORT ?? 7890);
const slow = Number(process.env.SLOW ?? 20_000);

if (process.send === undefined) {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
    console.log(`${socket.remotePort} is for pid ${child.pid}`);
    // The child gets a copy of the descriptor; ours is closed once it has arrived.
    child.send("serve", socket);
    child.once("exit", (code) => console.log(`pid ${child.pid} has ended: ${code}`));
  });
  server.listen({ host: "127.0.0.1", port }, () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  });
} else {
  process.once("message", (_, socket: Socket) => {
    socket.on("close", () => process.disconnect());
    socket.once("data", (request) => {
      const path = String(request).split(" ")[1];
      if (path === "/crash") process.exit(1);
      if (path === "/slow") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow);
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHello from pid ${process.pid}\n`);
    });
    socket.resume();
  });
}
