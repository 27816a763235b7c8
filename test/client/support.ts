/** Servers for a client: Portico's own in this process, and scripted ones that say anything at all. */
import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { Client, type ClientOptions, type WireEvent } from "../../src/client/index.ts";

/** A client that is gone when the test is over. */
export function clientFor(t: TestContext, options: ClientOptions = {}): Client {
  const client = new Client(options);
  t.after(() => client.destroy());
  return client;
}

/** What becomes of a client's connections, as one line each; and what it sent. */
export function watched(t: TestContext, options: ClientOptions = {}): { client: Client; log: string[] } {
  const log: string[] = [];
  const observe = (event: WireEvent) => {
    if (event.type === "closed") log.push(`closed by ${event.by}: ${event.why}`);
    else if (event.type === "request") log.push(`request ${event.count}`);
    else if (event.type !== "sent" && event.type !== "received") log.push(event.type);
  };
  return { client: clientFor(t, { ...options, observe }), log };
}

/** The server's end of a connection, read by hand. */
export class Peer {
  readonly socket: net.Socket;
  /** Resolves once the client has ended the connection, in order or not. */
  readonly gone: Promise<void>;
  #received = "";
  #ended = false;
  #wake: (() => void) | null = null;

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#wake?.();
    });
    socket.on("end", () => this.#over());
    socket.on("error", () => this.#over());
    this.gone = new Promise((resolve) => {
      socket.once("end", resolve);
      socket.once("close", () => resolve());
    });
  }

  /** What has come and was not taken. */
  get received(): string {
    return this.#received;
  }

  #over(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Everything up to and with `mark`; `null` if the client ends before. */
  async until(mark: string): Promise<string | null> {
    for (;;) {
      const at = this.#received.indexOf(mark);
      if (at >= 0) return this.take(at + mark.length);
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A request's head; `null` when there is no further one. */
  head(): Promise<string | null> {
    return this.until("\r\n\r\n");
  }

  private take(size: number): string {
    const taken = this.#received.slice(0, size);
    this.#received = this.#received.slice(size);
    return taken;
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  end(text = ""): void {
    this.socket.end(text, "latin1");
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

export interface Scripted {
  readonly url: string;
  readonly port: number;
  /** How many connections have come. */
  readonly connections: number;
}

/** A server that lets `script` speak on each connection, which are numbered from 1. */
export async function scripted(
  t: TestContext,
  script: (peer: Peer, connection: number) => Promise<void> | void,
): Promise<Scripted> {
  let connections = 0;
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    void script(new Peer(socket), ++connections);
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    get connections() {
      return connections;
    },
  };
}

/** A whole response. */
export function response(body: string, fields = "", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
}

/**
 * A server in a thread of its own, which goes on while this one is busy. `onConnection` is the body of a function of
 * `socket` and of `message(listener)`, which hears the next message that is posted to the thread.
 */
export async function serverThread(t: TestContext, onConnection: string): Promise<{ url: string; worker: Worker }> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
    const message = (listener) => parentPort.once("message", listener);
    const server = require("node:net").createServer((socket) => {
      socket.on("error", () => {});
      ${onConnection}
    });
    server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`,
    { eval: true },
  );
  t.after(() => worker.terminate());
  const [port] = await once(worker, "message");
  return { url: `http://127.0.0.1:${port}/`, worker };
}
