/**
 * A process that holds idle connections. Told a number, it opens connections to the port until it has that many, sends one
 * request on each and reads its answer, and replies with how many are open. It ends with its parent.
 */
import { connect } from "node:net";

/** Connections that are being opened at a time. */
const AT_A_TIME = 64;

const port = Number(process.argv[2]);
const request = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
let open = 0;
let lastError: string | undefined;

process.on("message", async (count: number) => {
  let wanted = count - open;
  const openInTurn = async () => {
    while (wanted-- > 0) await openOne();
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, openInTurn));
  process.send!({ open, error: lastError });
});
process.once("disconnect", () => process.exit());

/** Resolves when the connection's first request is answered, or the connection is closed. */
function openOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("latin1").on("data", (text) => {
      answer += text;
      if (answer.endsWith("Hello world!")) resolve();
    });
    socket.on("error", (error) => {
      lastError = error.message;
    });
    socket.once("close", () => {
      open--;
      resolve();
    });
    socket.write(request);
    open++;
  });
}
