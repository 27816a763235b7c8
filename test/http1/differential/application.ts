/**
 * The application behind a proxy: it believes every byte. What a proxy sends on, it has framed itself, so this reader takes
 * any method and any field, and knows of Content-Length and chunked what it takes to count a body.
 */
import net, { type AddressInfo, type Socket } from "node:net";
import type { Seen } from "./peers.ts";

export interface Application {
  readonly port: number;
  readonly requests: Seen[];
  stop(): Promise<void>;
}

export async function startApplication(): Promise<Application> {
  const requests: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      for (let request = takeRequest(text); request !== null; request = takeRequest(text)) {
        // A 200 would make a tunnel of the proxy's connection.
        const tunnel = request.seen.method === "CONNECT";
        if (!tunnel) requests.push(request.seen);
        text = text.slice(request.size);
        socket.write(`HTTP/1.1 ${tunnel ? "501 Not Implemented" : "200 OK"}\r\nContent-Length: 0\r\n\r\n`);
        if (request.closes) socket.end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The request at the start of the text and how much of it it takes, `null` while it is not all there. */
function takeRequest(text: string): { seen: Seen; size: number; closes: boolean } | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const head = text.slice(0, headEnd + 2);
  const [method = "", target = ""] = head.split(" ", 2);
  let at = headEnd + 4;
  let bodySize = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0);
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) {
    for (;;) {
      const lineEnd = text.indexOf("\r\n", at);
      if (lineEnd < 0) return null;
      const size = Number.parseInt(text.slice(at, lineEnd), 16);
      if (Number.isNaN(size))
        throw new Error(`an application behind a proxy was sent ${JSON.stringify(text.slice(at))}`);
      if (size === 0) break;
      bodySize += size;
      at = lineEnd + 2 + size + 2;
    }
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) return null;
    at = end + 4;
  } else at += bodySize;
  const closes = /\r\nconnection: *close\r\n/i.test(head);
  return at <= text.length ? { seen: { method, target, bodySize }, size: at, closes } : null;
}
