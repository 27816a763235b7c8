/** `portico tcp`: netcat's role, and servers of streams. */
import type { Socket } from "node:net";
import { type ConnectOptions, connect, type Endpoint } from "../../net/connect.ts";
import { Connection, type ConnectionOptions } from "../../net/connection.ts";
import { NetError } from "../../net/errors.ts";
import { Listener } from "../../net/listener.ts";
import { TcpServer } from "../../net/tcp-server.ts";
import { parsePort } from "../arguments.ts";
import { failure, usageError } from "../command-error.ts";
import { bindFailure } from "../listen.ts";
import { type Model, plan } from "../plan.ts";
import { DEFAULTS, type Settings } from "../settings.ts";
import { stopOnSignals } from "../signals.ts";
import { claimSocketPath } from "../socket-path.ts";
import { hostPort, portWord, refuseRest, shownAddress } from "../sockets/address.ts";
import { relay } from "../sockets/relay.ts";
import { findService } from "../sockets/services.ts";
import { type Flags, runSubcommand, type Subcommand, seconds, textOf } from "../subcommand.ts";
import { supervise } from "../supervise.ts";

/** The port of the first texts on the matter: the echo service's own, 7, is for root alone. */
const PORT = 7890;

const WHERE = {
  port: { short: "p", value: "PORT", doc: `the port; 0 takes a free one [${PORT}]` },
  host: { value: "HOST", doc: "address to listen on; :: for all [127.0.0.1]" },
  unix: { short: "U", value: "PATH", doc: "listen on a unix socket instead" },
  quiet: { short: "q", doc: "print nothing but errors" },
};

const SERVING = {
  ...WHERE,
  timeout: { short: "w", value: "SECONDS", doc: "close connections on which nothing moves [600]" },
  model: { value: "MODEL", doc: "event-loop, serial, threads or processes" },
  workers: { value: "N", doc: "how many threads or processes, or auto" },
};

/** Standard output and input take part: a terminal's lines, a file, another program. */
const RELAYED =
  "Standard input goes to the peer, and what comes back to standard output. The\nend of the input ends our side only: the peer can still answer.";

const TABLE: Readonly<Record<string, Subcommand>> = {
  echo: {
    usage: "tcp echo [PORT] [OPTIONS]",
    doc: "sends back what comes",
    about: "Sends every byte back (RFC 862), or, with --clock, every line with the time.",
    flags: { ...SERVING, clock: { doc: "answer by lines: [Sat Nov 21 07:26:58 2026] line" } },
    examples:
      "  portico tcp echo 7890 --clock\n  portico tcp echo --unix /tmp/echo.sock\n  portico tcp echo --model processes --workers 2",
    run: (words, flags) => serve(flags.clock ? "clock" : "echo", portWord(words, TABLE.echo!.usage, PORT), flags),
  },
  serve: {
    usage: "tcp serve MODULE [PORT] [OPTIONS]",
    doc: "serves connections by a module of yours",
    about:
      "Serves connections by a module's default export: async (connection) => {}, or a\nclass that extends StreamRequestHandler of portico/net.",
    flags: SERVING,
    examples: "  portico tcp serve ./chat.ts 7890 --model threads --workers auto",
    run([module, ...words], flags) {
      const { usage } = TABLE.serve!;
      if (module === undefined) throw usageError(`a module is needed; usage: portico ${usage}`);
      const path = module.includes("/") ? module : `./${module}`;
      return serve(path, portWord(words, usage, PORT), flags);
    },
  },
  connect: {
    usage: "tcp connect HOST PORT [OPTIONS]",
    doc: "standard input and output to a host and port",
    about: RELAYED,
    flags: {
      timeout: { short: "w", value: "SECONDS", doc: "limit for connecting, and for silence afterwards" },
      unix: { short: "U", value: "PATH", doc: "connect to a unix socket instead" },
      verbose: { short: "v", doc: "say on standard error when the connection stands" },
    },
    examples:
      "  portico tcp connect 127.0.0.1 7890\n  portico tcp connect files.example:9000 > file\n  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | portico tcp connect example.com 80",
    run: connectAndRelay,
  },
  listen: {
    usage: "tcp listen [PORT] [OPTIONS]",
    doc: "the same with whoever connects first",
    about: `Waits for one connection.\n${RELAYED}`,
    flags: {
      ...WHERE,
      timeout: { short: "w", value: "SECONDS", doc: "limit for silence on the connection" },
    },
    examples: "  portico tcp listen 9000 < file",
    run: listenAndRelay,
  },
};

/** @throws {CommandError} on words that make no sense (exit code 2), and when it cannot be done (1). */
export function run(words: readonly string[]): Promise<void> {
  return runSubcommand("tcp", TABLE, words);
}

async function connectAndRelay(words: readonly string[], flags: Flags): Promise<void> {
  const to = endpoint(words, flags);
  const timeout = seconds(flags.timeout, "--timeout");
  const options: ConnectOptions = timeout === undefined ? {} : { timeout };
  const connection = await connect({ ...to, ...options, idleTimeout: timeout ?? 0 }).catch(toFailure);
  if (flags.verbose) console.error(`connected to ${shownAddress(to)} (${connection.peer})`);
  await relay(connection).catch(toFailure);
  // Standard input may be a terminal that would be read for ever.
  process.exit(0);
}

function endpoint(words: readonly string[], flags: Flags): Endpoint {
  const { usage } = TABLE.connect!;
  const unix = textOf(flags.unix);
  if (unix === undefined) {
    const { rest, ...to } = hostPort(words, usage);
    refuseRest(rest, usage);
    return to;
  }
  refuseRest(words, usage);
  return { unix };
}

async function listenAndRelay(words: readonly string[], flags: Flags): Promise<void> {
  const settings = listening(portWord(words, TABLE.listen!.usage, PORT), flags);
  const idleTimeout = seconds(flags.timeout, "--timeout") ?? 0;
  const say = flags.quiet ? () => {} : console.error;
  const connection = await acceptOne(settings, { idleTimeout }, say);
  say(`connected: ${connection.peer}`);
  await relay(connection).catch(toFailure);
  process.exit(0);
}

/** Whoever comes second is refused, as at a port where nobody listens. */
async function acceptOne(
  settings: Settings,
  options: ConnectionOptions,
  say: (line: string) => void,
): Promise<Connection> {
  const { unix, hostname } = settings;
  if (unix !== undefined) await claimSocketPath(unix);
  let accepted!: (connection: Connection) => void;
  const first = new Promise<Connection>((resolve) => (accepted = resolve));
  const attach = (socket: Socket) => {
    listener.close();
    const connection = new Connection(socket, options);
    accepted(connection);
    return connection;
  };
  const listener = new Listener(attach, { ...settings, backlog: 1 });
  await listener.listen().catch((error) => {
    throw failure(bindFailure(error, settings));
  });
  const { address } = listener;
  const port = address === null || typeof address === "string" ? 0 : address.port;
  say(`listening on ${shownAddress(unix === undefined ? { hostname, port } : { unix })}`);
  return first;
}

/** Serves until it is stopped. */
async function serve(service: string, word: number, flags: Flags): Promise<void> {
  const settings = listening(word, flags);
  const { model, workers } = planned(flags);
  const say = flags.quiet ? () => {} : console.error;
  const idleTimeout = seconds(flags.timeout, "--timeout") ?? 600_000;
  const what = `${service} on`;
  if (model === "threads" || model === "processes") {
    const program = new URL("../sockets/worker.js", import.meta.url);
    const args = [service, String(idleTimeout)];
    const url = await supervise({ program, args, settings, model, workers, say });
    if (!flags.quiet) console.log(`${what} ${url.replace(/^http:\/\/(.*)\/$/, "$1")}, by ${workers} ${model}`);
    return;
  }
  const handler = await findService(service);
  if (settings.unix !== undefined) await claimSocketPath(settings.unix);
  const options = { ...settings, idleTimeout, ...(model === "serial" && { concurrency: 1 }) };
  const server = await new TcpServer(handler, options).ready().catch((error) => {
    throw failure(bindFailure(error, settings));
  });
  stopOnSignals(server, say);
  if (!flags.quiet) console.log(`${what} ${boundTo(server, settings)}`);
}

function planned(flags: Flags): { model: Model; workers: number } {
  const models = ["event-loop", "serial", "threads", "processes"] as const;
  const model = textOf(flags.model);
  const known = models.find((name) => name === model);
  if (model !== undefined && known === undefined) {
    throw usageError(`--model takes event-loop, serial, threads or processes, not "${model}"`);
  }
  const workers = textOf(flags.workers);
  return plan({ ...(known && { model: known }), ...(workers !== undefined && { workers }) });
}

function listening(word: number, flags: Flags): Settings {
  const { host, port, unix } = { host: textOf(flags.host), port: textOf(flags.port), unix: textOf(flags.unix) };
  if (unix !== undefined && (host ?? port) !== undefined) {
    throw usageError("--unix listens on a path, --host and --port on an address: give one of them");
  }
  return {
    ...DEFAULTS,
    port: port === undefined ? word : parsePort(port, "--port"),
    ...(host !== undefined && { hostname: host }),
    ...(unix !== undefined && { unix }),
  };
}

function boundTo(server: TcpServer, { unix, hostname }: Settings): string {
  return shownAddress(unix === undefined ? { hostname, port: server.port } : { unix });
}

function toFailure(error: unknown): never {
  throw error instanceof NetError ? failure(error.message) : error;
}
