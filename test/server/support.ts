/**
 * A server on a free port, and a client that knows no more HTTP than it takes to tell where a response ends. What they
 * open is closed when the test ends.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { BodySource, Exchange, Handler } from "../../src/gateway/contract.ts";
import { Server, type ServerOptions } from "../../src/server/server.ts";

/** A way for bytes to travel: the kind of socket, and how the server reads it. */
export interface Way {
  readonly name: string;
  readonly unix: boolean;
  readonly plainReads: boolean;
}

export const WAYS: readonly Way[] = [
  { name: "TCP, shared reads", unix: false, plainReads: false },
  { name: "TCP, plain reads", unix: false, plainReads: true },
  { name: "unix socket, shared reads", unix: true, plainReads: false },
  { name: "unix socket, plain reads", unix: true, plainReads: true },
];

type StartWay = (handler: Handler, options?: ServerOptions) => Promise<Server>;

/** Runs a test once for each way; it starts its servers with the `start` that it is given. */
export function testEachWay(name: string, run: (t: TestContext, start: StartWay, way: Way) => Promise<void>): void {
  for (const way of WAYS) {
    test(`${name} (${way.name})`, (t) => {
      const unix = way.unix ? { unix: socketPath(t) } : {};
      return run(t, (handler, options) => start(t, handler, { plainReads: way.plainReads, ...unix, ...options }), way);
    });
  }
}

/** A path for a unix socket, in a folder that goes when the test ends. */
export function socketPath(t: TestContext): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "portico-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, "socket");
}

/** A server that listens. An error that the handler was not expected to make fails the test, unless `onError` takes it. */
export async function start(t: TestContext, handler: Handler, options: ServerOptions = {}): Promise<Server> {
  const errors: unknown[] = [];
  const server = new Server(handler, { port: 0, onError: (error) => errors.push(error), ...options });
  t.after(async () => {
    await server.close({ force: true });
    assert.deepEqual(errors, []);
  });
  return server.ready();
}

/** Where a server listens, as `net.connect` takes it. */
export function addressOf(server: Server): { path: string } | { port: number; host: string } {
  const { address } = server;
  assert.ok(address !== null, "the server listens");
  return typeof address === "string" ? { path: address } : { port: address.port, host: address.address };
}

/** Answers in one piece with plain text. */
export function answer(exchange: Exchange, body: string | Uint8Array, status = 200): void {
  exchange.start(status, ["Content-Type", "text/plain"]);
  exchange.end(body);
}

/** The whole of a request's body. */
export async function readAll(body: BodySource): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let piece = await body.read(); piece !== null; piece = await body.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A promise and the means to settle it: for a test that waits for something a handler sees. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** A response as it came. */
export interface Answer {
  readonly status: number;
  readonly statusLine: string;
  /** The header section without its status line, one line a field. */
  readonly fields: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: readonly string[];
  /** A field's value; `null` when it is absent. Fails when it was sent twice. */
  field(name: string): string | null;
}

/** How a connection ended, as the client saw it. */
export type Ending = "end" | "reset";

/** What reading a response rejects with when the connection ends in the middle of it, by an end or a reset. */
export const INCOMPLETE = /^Error: (end|reset) of the connection before /;

export interface ClientOptions {
  /** Keeps our side of the connection open when the server has ended its own. */
  readonly staysOpen?: boolean;
}

/** Connects to a server; resolves when the connection stands. */
export async function connect(t: TestContext, server: Server, options: ClientOptions = {}): Promise<Client> {
  const socket = net.connect({ ...addressOf(server), allowHalfOpen: true, noDelay: true });
  t.after(() => socket.destroy());
  const client = new Client(socket, options);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return client;
}

export class Client {
  readonly socket: net.Socket;
  /** Resolves when the server has ended the connection, or it broke. */
  readonly closed: Promise<Ending>;

  #pieces: Buffer[] = [];
  #size = 0;
  #ending: Ending | null = null;
  #wake: (() => void) | null = null;

  constructor(socket: net.Socket, { staysOpen = false }: ClientOptions) {
    this.socket = socket;
    const { promise, resolve } = deferred<Ending>();
    this.closed = promise;
    const ended = (ending: Ending) => {
      this.#ending ??= ending;
      resolve(this.#ending);
      this.#wake?.();
    };
    socket.on("data", (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#size += piece.length;
      this.#wake?.();
    });
    socket.on("end", () => {
      ended("end");
      if (!staysOpen) socket.end();
    });
    socket.on("error", () => ended("reset"));
    socket.on("close", () => ended("reset"));
  }

  /**
   * Sends exactly these bytes, a character each if they come as text. Resolves when the system has taken them and the
   * event loop, which is the server's too, has polled its sockets: what is sent next is a segment and a read of its own.
   */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = (error?: Error | null) => (error ? reject(error) : setImmediate(resolve));
      if (typeof bytes === "string") this.socket.write(bytes, "latin1", sent);
      else this.socket.write(bytes, sent);
    });
  }

  /** Sends a request without a body, and reads its response. */
  async get(target: string, fields = ""): Promise<Answer> {
    await this.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);
    return this.response();
  }

  /** Sends byte after byte until the server, which has ended its side, has closed the connection for good. */
  async bounce(): Promise<void> {
    while (!this.socket.destroyed) await this.send("x").catch(() => {});
  }

  /** Sends our end; what the server sends can still be read. */
  end(): void {
    this.socket.end();
  }

  /** Ends the connection with a reset; a unix socket knows none and just closes. */
  reset(): void {
    if (this.socket.remoteFamily === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** What has come and was not read yet. */
  get received(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0]!;
  }

  /** Reads one whole response by its framing; an interim one is a response of its own. @param method of its request */
  async response(method = "GET"): Promise<Answer> {
    const head = (await this.#until("\r\n\r\n")).toString("latin1");
    const [statusLine = "", ...fields] = head.slice(0, -4).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    assert.ok(status >= 100, `a status line: ${statusLine}`);
    const field = (name: string): string | null => {
      const found = fields.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
      assert.ok(found.length <= 1, `${name} is sent once: ${found}`);
      return found[0]?.slice(name.length + 1).trim() ?? null;
    };
    const length = field("Content-Length");
    const coding = field("Transfer-Encoding");
    assert.ok(length === null || coding === null, "never Content-Length and Transfer-Encoding");

    let body: Buffer = Buffer.alloc(0);
    const trailers: string[] = [];
    if (method === "HEAD" || status < 200 || status === 204 || status === 304) {
      // No body, whatever the fields say.
    } else if (coding !== null) {
      assert.equal(coding, "chunked");
      body = await this.#chunks(trailers);
    } else body = length === null ? await this.rest() : await this.take(Number(length));
    return { status, statusLine, fields, body, text: body.toString("utf8"), trailers, field };
  }

  /** Everything up to the connection's end. */
  async rest(): Promise<Buffer> {
    const ending = await this.closed;
    assert.equal(ending, "end", "the connection ends in order");
    return this.take(this.#size);
  }

  /** Stops taking bytes off the wire. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async #chunks(trailers: string[]): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for (;;) {
      const line = (await this.#until("\r\n")).toString("latin1");
      assert.match(line, /^[0-9a-f]+\r\n$/, "a chunk size");
      const size = Number.parseInt(line, 16);
      if (size === 0) break;
      chunks.push(await this.take(size));
      assert.equal((await this.take(2)).toString("latin1"), "\r\n", "the end of a chunk");
    }
    for (;;) {
      const line = (await this.#until("\r\n")).toString("latin1").slice(0, -2);
      if (line === "") return Buffer.concat(chunks);
      trailers.push(line);
    }
  }

  /** Reads so many bytes. */
  async take(size: number): Promise<Buffer> {
    while (this.#size < size) await this.#more(`${size} bytes`);
    const all = this.received;
    this.#pieces = [all.subarray(size)];
    this.#size -= size;
    return all.subarray(0, size);
  }

  async #until(mark: string): Promise<Buffer> {
    for (;;) {
      const at = this.received.indexOf(mark, 0, "latin1");
      if (at >= 0) return this.take(at + mark.length);
      await this.#more(JSON.stringify(mark));
    }
  }

  async #more(wanted: string): Promise<void> {
    if (this.#ending !== null) {
      throw new Error(
        `${this.#ending} of the connection before ${wanted}, after ${JSON.stringify(this.received.toString("latin1", 0, 300))}`,
      );
    }
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = null;
  }
}
