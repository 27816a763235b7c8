/**
 * UDP: a server without connections. Each datagram goes back as `[time] data` to whoever sent it.
 *
 * Shows: there is nothing to accept and nothing to close, one socket talks with everybody, and a datagram comes whole
 * or not at all.
 *
 * What is wrong with it: nothing tells it, or its client, of a datagram that is lost; here, every third one is, so that
 * you can see what that is like. And a sender's address proves nothing: a server that answers with more than it was sent
 * can be pointed at somebody else. 07 waits with a limit and asks again.
 *
 * Try: npm run tour 07                        a client that bears with it
 *      node bin/portico.js udp send 127.0.0.1 7890 hello
 */
import { createSocket } from "node:dgram";

const socket = createSocket("udp4");
let count = 0;

socket.on("message", (bytes, { address, port }) => {
  count++;
  if (count % 3 === 0) return console.log(`lost on the way: "${bytes}" from ${address}:${port}`);
  console.log(`"${bytes}" from ${address}:${port}`);
  socket.send(`[${new Date().toTimeString().slice(0, 8)}] ${bytes}`, port, address);
});

socket.bind(Number(process.env.PORT ?? 7890), "127.0.0.1", () => {
  console.log(`listening on 127.0.0.1:${socket.address().port} (UDP)`);
});
