/** `portico udp`: datagrams, answered and sent. */
import { createInterface } from "node:readline";
import { NetError } from "../../net/errors.ts";
import { UdpServer } from "../../net/udp-server.ts";
import { connectUdp, type UdpSocket } from "../../net/udp-socket.ts";
import { parsePort } from "../arguments.ts";
import { failure } from "../command-error.ts";
import { stopOnSignals } from "../signals.ts";
import { hostPort, portWord, shownAddress } from "../sockets/address.ts";
import { clockDatagram, echoDatagram } from "../sockets/echo.ts";
import { type Flags, runSubcommand, type Subcommand, seconds, textOf } from "../subcommand.ts";

const PORT = 7890;

const TABLE: Readonly<Record<string, Subcommand>> = {
  echo: {
    usage: "udp echo [PORT] [OPTIONS]",
    doc: "sends every datagram back",
    about: "Sends every datagram back to whoever sent it (RFC 862).",
    flags: {
      port: { short: "p", value: "PORT", doc: `the port; 0 takes a free one [${PORT}]` },
      host: { value: "HOST", doc: "address to listen on; :: for all [127.0.0.1]" },
      clock: { doc: "time in front: [Sat Nov 21 07:26:58 2026] data" },
      quiet: { short: "q", doc: "print nothing but errors" },
    },
    run: serve,
  },
  send: {
    usage: "udp send HOST PORT [TEXT] [OPTIONS]",
    doc: "sends datagrams and prints their answers",
    about: "Sends TEXT as a datagram, or each line of standard input as one, and prints the\nanswer to each.",
    flags: {
      timeout: { short: "w", value: "SECONDS", doc: "wait so long for an answer; 0 for none at all [5]" },
    },
    examples: "  portico udp send 127.0.0.1 7890 'anybody there?'\n  portico udp send 127.0.0.1:7890 -w 0 < lines",
    run: send,
  },
};

/** @throws {CommandError} on words that make no sense (exit code 2), and when it cannot be done (1). */
export function run(words: readonly string[]): Promise<void> {
  return runSubcommand("udp", TABLE, words);
}

async function serve(words: readonly string[], flags: Flags): Promise<void> {
  const word = portWord(words, TABLE.echo!.usage, PORT);
  const port = flags.port === undefined ? word : parsePort(String(flags.port), "--port");
  const hostname = textOf(flags.host) ?? "127.0.0.1";
  const server = new UdpServer(flags.clock ? clockDatagram : echoDatagram, { port, hostname });
  await server.ready().catch(toFailure);
  stopOnSignals(server, console.error);
  if (!flags.quiet)
    console.log(`${flags.clock ? "clock" : "echo"} on ${shownAddress({ hostname, port: server.port })}`);
}

async function send(words: readonly string[], flags: Flags): Promise<void> {
  const { rest, ...to } = hostPort(words, TABLE.send!.usage);
  const timeout = seconds(flags.timeout, "--timeout");
  const socket = await connectUdp(to).catch(toFailure);
  try {
    if (rest.length > 0) await ask(socket, rest.join(" "), timeout);
    else for await (const line of createInterface({ input: process.stdin })) await ask(socket, line, timeout);
  } catch (error) {
    toFailure(error);
  } finally {
    await socket.close();
  }
}

async function ask(socket: UdpSocket, text: string, timeout: number | undefined): Promise<void> {
  if (timeout === 0) return socket.send(text);
  const answer = await socket.request(text, { timeout });
  process.stdout.write(answer.at(-1) === 0x0a ? answer : Buffer.concat([answer, Buffer.from("\n")]));
}

function toFailure(error: unknown): never {
  throw error instanceof NetError ? failure(error.message) : error;
}
