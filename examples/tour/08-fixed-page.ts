/**
 * The first web server: whatever is asked for, the page is `<h1>Hello</h1>`, one client after the other.
 *
 * Shows: HTTP is text over TCP. And what blocking means: the handler of /slow takes 20 seconds, and keeps the only
 * thread there is. (The thread really sleeps: in JavaScript, that takes some doing.)
 *
 * What is wrong with it: whoever comes during those 20 seconds waits for them. The kernel has accepted the connection
 * and holds the request; nobody reads it. 12, 13 and 14 are three ways out. It also takes one piece for a request, as 01.
 *
 * Try: curl http://127.0.0.1:7890/slow        and, in a third terminal,
 *      curl http://127.0.0.1:7890/            which answers after it
 */
import { createServer } from "node:net";

const port = Number(process.env.PORT ?? 7890);
const slow = Number(process.env.SLOW ?? 20_000);
const PAGE = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<h1>Hello</h1>\n";

function work(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", (request) => {
    const [, path] = String(request).split(" ");
    console.log(`${path} asked for`);
    if (path === "/slow") work(slow);
    socket.end(PAGE);
    console.log(`${path} answered`);
  });
});

server.listen({ host: "127.0.0.1", port }, () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
