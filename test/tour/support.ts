/** The tour's programs as their readers run them, on free ports. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import type { TestContext } from "node:test";
import { stops } from "../../scripts/tour.ts";
import { launchNode, type Portico } from "../support/portico.ts";

/** Starts a program; it ends when the test does. */
export function run(
  t: TestContext,
  number: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Portico {
  const stop = stops().find((stop) => stop.number === number);
  assert.ok(stop !== undefined, `there is a program ${number}`);
  // Behind the tour's own port: of a flag that is given twice, the last counts.
  const port = stop.command.includes("--port") ? ["--port", "0"] : [];
  const program = launchNode([...stop.command, ...port, ...args], { env });
  t.after(() => program.stop("SIGKILL"));
  return program;
}

/** Starts a server; gives the port that it says it listens on. */
export async function serve(t: TestContext, number: string, env: Record<string, string> = {}) {
  const program = run(t, number, [], env);
  const [, port] = await program.written(/127\.0\.0\.1:(\d+)/);
  return { program, port: Number(port), url: `http://127.0.0.1:${port}` };
}

/** A client that writes pieces of its own cut, and reads what comes. */
export async function dial(t: TestContext, port: number): Promise<RawClient> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return new RawClient(socket);
}

export class RawClient {
  readonly socket: net.Socket;
  text = "";
  /** Resolves with all that came, when the server has ended or reset the connection. */
  readonly closed: Promise<string>;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding("utf8").on("data", (text) => {
      this.text += text;
      socket.emit("more");
    });
    socket.on("error", () => {});
    this.closed = once(socket, "close").then(() => this.text);
  }

  /** Resolves once what has come matches. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.text)) await once(this.socket, "more");
    return this.text;
  }

  async get(path: string): Promise<string> {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
    return this.closed;
  }
}

/** A port of loopback where nobody listens. */
export async function closedPort(): Promise<string> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return String(port);
}
