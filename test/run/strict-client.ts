/** A client that asks without a pause on several connections, and forgives nothing. */
import net from "node:net";

export interface Tally {
  answered: number;
  /** What went wrong, by kind: a reset, an end before the answer, an end that no response had announced, another status. */
  readonly failures: Record<string, number>;
}

/** Asks until `stop` is called; half of its connections are kept for as long as the server keeps them, half serve once. */
export function strictClient(port: number, connections: number): { stop: () => Promise<Tally>; tally: Tally } {
  const tally: Tally = { answered: 0, failures: {} };
  let isStopped = false;
  const asking = Array.from({ length: connections }, async (_, at) => {
    while (!isStopped) await converse(port, at % 2 === 0, tally, () => isStopped);
  });
  const stop = async () => {
    isStopped = true;
    await Promise.all(asking);
    return tally;
  };
  return { stop, tally };
}

/** One connection, from its first request to its end. */
function converse(port: number, keep: boolean, tally: Tally, isStopped: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1").setEncoding("latin1");
    let received = "";
    let isWaiting = false;
    let isAnnounced = false;
    const fail = (kind: string) => {
      tally.failures[kind] = (tally.failures[kind] ?? 0) + 1;
    };
    const ask = () => {
      if (isStopped()) return void socket.destroy();
      isWaiting = true;
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${keep ? "" : "Connection: close\r\n"}\r\n`);
    };
    socket.once("connect", ask);
    socket.on("data", (text) => {
      received += text;
      const end = received.indexOf("\r\n\r\n");
      const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1];
      if (end < 0 || received.length < end + 4 + Number(length)) return;
      if (!received.startsWith("HTTP/1.1 200 ")) fail(received.slice(0, 12));
      tally.answered++;
      isWaiting = false;
      isAnnounced = /\r\nconnection: close\r\n/i.test(received);
      received = "";
      if (!isAnnounced) setImmediate(ask);
    });
    socket.on("end", () => {
      if (isWaiting) fail("an end before the answer");
      else if (!isAnnounced) fail("an end that was not announced");
      socket.end();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on("close", () => resolve());
  });
}
