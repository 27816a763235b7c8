/**
 * A TCP client asks and reads the answer to its end.
 *
 * Shows: to connect, to send, and to read until the server closes, which is how the client knows that this is all.
 *
 * What is wrong with it: it waits for ever, for a host that does not answer and for a server that does not close. It reports
 * what the system says, "connect ECONNREFUSED", and knows one address of a name only. 04 has limits, and says what is
 * the matter.
 *
 * Try: npm run tour 01                        and then this, in another terminal
 *      npm run tour 02                        and then alone: nobody is there
 *      npm run tour 02 nobody.invalid 80
 */
import { connect } from "node:net";

const [host = "127.0.0.1", port = process.env.PORT ?? "7890"] = process.argv.slice(2);

const socket = connect({ host, port: Number(port) }, () => {
  console.log(`connected to ${socket.remoteAddress}:${socket.remotePort} from port ${socket.localPort}`);
  socket.write("Are you there?");
});

let answer = "";
socket.setEncoding("utf8").on("data", (text) => {
  answer += text;
});
socket.on("end", () => console.log(`the answer, to its end: ${answer}`));
socket.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
