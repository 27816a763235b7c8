/**
 * What the kernel knows of a connection, step by step: from the first handshake to TIME_WAIT.
 *
 * Shows: each side closes its own direction. Between the two, one side may still speak: that is half-close. Whoever
 * closed first keeps TIME_WAIT for a minute, so that a late segment meets nobody else; if that is the server, it can
 * listen on its port again at once all the same, because SO_REUSEADDR is set.
 *
 * What is wrong with it: it lets the server close first, and so the server keeps the TIME_WAITs: one for each short
 * connection. A client that closes first keeps them itself. 19 has what else can go wrong when a server closes.
 *
 * Try: read it beside the output; on Linux, it is /proc/net/tcp that is shown.
 */
import { readFileSync } from "node:fs";
import { connect, TcpServer } from "portico/net";

/** By their numbers in /proc/net/tcp, from 1 on. */
const STATES =
  "- ESTABLISHED SYN_SENT SYN_RECV FIN_WAIT1 FIN_WAIT2 TIME_WAIT CLOSE CLOSE_WAIT LAST_ACK LISTEN CLOSING".split(" ");

/** The sockets of this machine with that port at either end: whose side, and in which state. */
function show(what: string, port: number): void {
  const rows = readFileSync("/proc/net/tcp", "utf8").trim().split("\n").slice(1);
  const sockets = rows.flatMap((row) => {
    const [, local = "", remote = "", state = ""] = row.trim().split(/\s+/);
    const [here, there] = [local, remote].map((address) => Number.parseInt(address.split(":")[1]!, 16));
    if (here !== port && there !== port) return [];
    return [`${here === port ? "server" : "client"} ${STATES[Number.parseInt(state, 16)]}`];
  });
  console.log(`${`${what}:`.padEnd(30)}${sockets.sort().join(", ")}`);
}

const server = await new TcpServer(
  async (connection) => {
    await connection.end("goodbye\n");
    console.log(`after its end, server reads:  ${await connection.readLine()}`);
  },
  { port: Number(process.env.PORT ?? 7890), concurrency: 1 },
).ready();
const { port } = server;

show("server listens", port);
const connection = await connect({ hostname: "127.0.0.1", port });
show("client is connected", port);
console.log(`client reads:                 ${await connection.readLine()}, then ${await connection.readLine()}`);
show("server has ended its side", port);
await connection.end("and goodbye to you\n");
await connection.closed;
await server.close();
show("client has ended, too", port);
const again = await new TcpServer(() => {}, { port }).ready();
show("a server on the same port", port);
await again.close();
