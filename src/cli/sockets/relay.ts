/** What netcat does: standard input to a connection, and the connection to standard output. */
import { once } from "node:events";
import type { Connection } from "../../net/connection.ts";
import { Progress } from "./progress.ts";

/**
 * Resolves when both sides have ended. The end of the input ends ours, and the peer can still answer; the end of the
 * peer's leaves it what a file or a program still has for it, and only a terminal is not waited for.
 * @throws {NetError} (rejects) when the connection breaks.
 */
export async function relay(connection: Connection): Promise<void> {
  const { stdin, stdout, stderr } = process;
  const isConversation = stdin.isTTY && stdout.isTTY;
  const progress = new Progress(isConversation ? { write: () => {} } : stderr);
  // Whoever reads our output may have enough of it, as head(1) does.
  stdout.on("error", () => process.exit(0));
  try {
    const sent = send(connection, progress);
    // What breaks the sending breaks the receiving, too, which says so first.
    sent.catch(() => {});
    for await (const piece of connection) {
      progress.received += piece.length;
      if (!stdout.write(piece)) await once(stdout, "drain");
    }
    if (!stdin.isTTY) await sent;
  } finally {
    progress.stop();
  }
  await new Promise((resolve) => stdout.write("", resolve));
}

async function send(connection: Connection, progress: Progress): Promise<void> {
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    await connection.write(piece);
    progress.sent += piece.length;
  }
  await connection.end();
}
