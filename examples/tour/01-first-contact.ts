/**
 * A TCP server meets one client.
 *
 * Shows: to bind an address, to listen with a queue, to accept, to read and to answer. It says who came and what they
 * said, answers "Yes" to all of it, and is done.
 *
 * What is wrong with it: it serves one client in its life, and it takes the first piece that comes for all that the client
 * has to say. TCP carries bytes, not messages: "Are you there?" may come as "Are you" and " there?". 03 serves many.
 *
 * Try: npm run tour 02                        a client for it
 *      node bin/portico.js tcp connect 127.0.0.1 7890
 */
import { createServer } from "node:net";

const port = Number(process.env.PORT ?? 7890);

const server = createServer((socket) => {
  // Closed for others: whoever comes next is refused.
  server.close();
  console.log(`accepted ${socket.remoteAddress}:${socket.remotePort}`);
  socket.once("data", (bytes) => {
    console.log(`it said: ${bytes}`);
    socket.end("Yes");
  });
});

// bind(2) and listen(2). Up to 128 clients may wait in the kernel's queue until they are accepted.
server.listen({ host: "127.0.0.1", port, backlog: 128 }, () => {
  const { port } = server.address() as { port: number };
  console.log(`listening on 127.0.0.1:${port}`);
});
