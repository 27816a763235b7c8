/**
 * An echo with a clock, for any number of clients: what comes goes back as `[time] line`.
 *
 * Shows: a connection lasts for many lines, and ends when the client ends it. While one client thinks, others are
 * served.
 *
 * What is wrong with it: it takes every piece that comes for one line. Two lines that are sent together get one time
 * between them, a line that comes in two pieces gets two, and half of an "é" is two question marks. 05 reads lines.
 *
 * Try: npm run tour 04                        a client: lines you type, until an empty one
 *      printf 'one\ntwo\n' | node bin/portico.js tcp connect 127.0.0.1 7890
 */
import { createServer } from "node:net";

const port = Number(process.env.PORT ?? 7890);

const server = createServer((socket) => {
  const client = `${socket.remoteAddress}:${socket.remotePort}`;
  console.log(`${client} has come`);
  // The mistake: `data` is not `line`.
  socket.on("data", (bytes) => socket.write(`[${new Date().toTimeString().slice(0, 8)}] ${bytes}`));
  socket.on("end", () => console.log(`${client} has ended`));
  socket.on("error", (error) => console.log(`${client}: ${error.message}`));
});

server.listen({ host: "127.0.0.1", port }, () => {
  console.log(`listening on 127.0.0.1:${(server.address() as { port: number }).port}`);
});
