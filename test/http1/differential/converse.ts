/** Sends bytes to a server, waits until nothing more comes, and says what became of them. */
import net from "node:net";
import type { Peer, Seen } from "./peers.ts";

/** A last request, so that a reader that lost its place shows it: this one is then part of a body, or never seen. */
export const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

export interface Outcome {
  /** The whole requests that the application saw. */
  readonly seen: readonly Seen[];
  /** How the server ended it: with a status of its own, by closing the connection, or not at all. */
  readonly ending: string;
}

/** @param quiet milliseconds without a byte after which nothing more is expected */
export async function converse(peer: Peer, stream: string, quiet: number): Promise<Outcome> {
  peer.seen();
  const [text, closed] = await exchangeBytes(peer.port, stream + LAST, quiet);
  const seen = peer.seen();
  const statuses = [...text.matchAll(/HTTP\/1\.[01] ([2-5]\d\d)/g)].map(([, status]) => status!);
  const own = statuses.slice(seen.length).at(-1) ?? statuses.findLast((status) => status >= "300");
  const code = /\r\n(?:X-Fault: |\r\n)([A-Z_]+)(?:: |\r\n)/.exec(text)?.[1];
  return {
    seen,
    ending: own === undefined ? (closed ? "closed" : "waiting") : code === undefined ? own : `${own} ${code}`,
  };
}

function exchangeBytes(port: number, stream: string, quiet: number): Promise<[text: string, closed: boolean]> {
  return new Promise((resolve) => {
    let text = "";
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    const finish = (closed: boolean) => {
      socket.destroy();
      resolve([text, closed]);
    };
    socket.setTimeout(quiet, () => finish(false));
    socket.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
    });
    socket.on("end", () => finish(true));
    socket.on("error", () => finish(true));
    socket.write(stream, "latin1");
  });
}
