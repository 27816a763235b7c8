/**
 * "Connection reset by peer": why a client gets it from a server that has done nothing wrong.
 *
 * Shows: a server closes a kept connection when it has been idle for long enough, as it may at any moment. The request that
 * a client sends just then arrives at a socket that nobody reads any more, and the kernel over there answers with a reset.
 *
 * What is wrong with it: the client gives up. It could not have known: when it sent, the connection stood. But its
 * request was not read by anybody, so that asking again on a new connection does no harm, if it would not have done any
 * anyway: GET may be sent again, POST may not (RFC 9110 §9.2.2). 20 is a client that knows.
 *
 * Try: read it beside the output.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

let kept: Socket | null = null;
const server = createServer((socket) => {
  socket.once("data", () => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: keep-alive\r\n\r\nHello\n");
    // Idle now. What comes later lies in the kernel until somebody reads it.
    kept = socket.pause();
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

const socket = connect({ port, host: "127.0.0.1" });
const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
socket.write(request);
const [response] = await once(socket, "data");
console.log(`client: ${String(response).split("\r\n").slice(0, 3).join(", ")}`);

const failed = once(socket, "error");
socket.write(request, () => {
  console.log("client: has sent its second request");
  console.log("server: has seen nothing of it, and closes the connection that was idle for too long");
  kept!.destroy();
});
const [error] = await failed;
console.log(`client: ${error.message}`);
server.close();
