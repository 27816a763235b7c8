/**
 * A response made by hand, with its Content-Length: absent, too small, equal, too large.
 *
 * Shows: on a connection that stays open, this number is all that tells a client where the body ends. Without it, the
 * end of the connection has to. Too small: the client cuts the body off, and takes the rest for the next response. Too
 * large: it waits for bytes that never come.
 *
 * What is wrong with it: that it lets you write any number. 11 does not.
 *
 * Try: curl -i http://127.0.0.1:7890/absent   and /small, /equal, /large
 *      curl -i http://127.0.0.1:7890/small http://127.0.0.1:7890/equal      two on one connection
 */
import { createServer } from "node:net";

const port = Number(process.env.PORT ?? 7890);
const BODY = "Hello, world!\n";
const LENGTHS: Readonly<Record<string, number | undefined>> = { small: 5, equal: BODY.length, large: 50 };

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", (request) => {
    const name = String(request).split(" ")[1]!.slice(1);
    const length = LENGTHS[name];
    const field = length === undefined ? "" : `Content-Length: ${length}\r\n`;
    socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${field}\r\n${BODY}`);
    // Kept open as HTTP/1.1 has it, but where nothing else could tell the end.
    if (length === undefined || name === "large") socket.end();
    console.log(`/${name}: ${length ?? "no"} said, ${BODY.length} sent`);
  });
});

server.listen({ host: "127.0.0.1", port }, () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as { port: number }).port}/`);
});
