/**
 * One loop over all sockets, none of which blocks: each is asked in turn whether it has something.
 *
 * Shows: a read from a non-blocking socket that has nothing returns at once, with EAGAIN. So one thread can serve many
 * clients: it never waits for any of them.
 *
 * What is wrong with it: it never waits at all. With one silent client it asks hundreds of thousands of times a second,
 * and takes a whole core to do so; with 1000, each of them is asked in vain before the one who has something is reached.
 * 16 is told who has something.
 *
 * Try: curl http://127.0.0.1:7890/            and look at the looks a request, and at top(1)
 */
import { readSync, writeSync } from "node:fs";
import { createServer, type Socket } from "node:net";

const port = Number(process.env.PORT ?? 7890);
const buffer = Buffer.alloc(64 * 1024);
const sockets = new Set<Socket>();
let looks = 0;

/** One read(2) on the socket's descriptor: Node itself has nothing so plain to offer. */
function look(socket: Socket): void {
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  looks++;
  try {
    const length = readSync(fd, buffer, 0, buffer.length, null);
    if (length > 0) {
      writeSync(fd, `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${looks} looks for this request\n`);
      console.log(`${looks} looks for a request, with ${sockets.size} connections`);
      looks = 0;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return;
  }
  sockets.delete(socket);
  socket.destroy();
}

function round(): void {
  for (const socket of sockets) look(socket);
  setImmediate(round);
}

const server = createServer({ pauseOnConnect: true }, (socket) => sockets.add(socket));
server.listen({ host: "127.0.0.1", port }, () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
  round();
});
