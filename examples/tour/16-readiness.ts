/**
 * The same loop, told who has something: readiness events, epoll on Linux.
 *
 * Shows: one wake-up a request, however many connections are silent. The loop sleeps in the kernel until one of its
 * sockets is ready, and gets the list of those that are. This is what Node's own loop does below every program here.
 *
 * What is wrong with it: what an event means has to be understood: 17. And it is one core's work: 18.
 *
 * Try: curl http://127.0.0.1:7890/            once, and then beside 15: top(1) shows nothing
 */
import { createServer } from "node:net";

const port = Number(process.env.PORT ?? 7890);
let connections = 0;
let wakeUps = 0;

const server = createServer((socket) => {
  connections++;
  socket.on("close", () => connections--);
  socket.on("error", () => {});
  // libuv has registered the socket with epoll; this is called when epoll_wait says that it can be read.
  socket.on("data", () => {
    wakeUps++;
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${wakeUps} wake-up for this request\n`);
    console.log(`${wakeUps} wake-up for a request, with ${connections} connections`);
    wakeUps = 0;
  });
});

server.listen({ host: "127.0.0.1", port }, () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
