/** A connection that is the application's: bytes both ways, each direction with an end of its own ("Tunnel"). */
import type { Duplex } from "node:stream";
import { types } from "node:util";
import { type ByteStream, type Bytes, withOwnBuffer } from "../fetch/body.ts";
import { notSupported, type ProtocolError, protocolError } from "./errors.ts";
import type { ContextExchange } from "./exchange.ts";

export class Tunnel {
  readonly readable: ByteStream;
  readonly writable: WritableStream<Uint8Array | ArrayBuffer>;
  /** Resolves when both directions have ended in order; rejects with a protocol error when the tunnel broke. */
  readonly closed: Promise<undefined>;

  readonly #exchange: ContextExchange;
  readonly #socket: Duplex;
  readonly #settle: (error: ProtocolError | null) => void;
  #incoming!: ReadableByteStreamController;
  #outgoing!: WritableStreamDefaultController;
  #received = false;
  #sent = false;
  #over = false;

  /** @param head what the client is told before the first byte */
  constructor(exchange: ContextExchange, socket: Duplex, head: string) {
    this.#exchange = exchange;
    this.#socket = socket;
    let settle!: (error: ProtocolError | null) => void;
    this.closed = new Promise((resolve, reject) => {
      settle = (error) => (error === null ? resolve(undefined) : reject(error));
    });
    // Whoever reads or writes is told by that, too.
    this.closed.catch(() => {});
    this.#settle = settle;
    this.readable = this.#reading();
    this.writable = this.#writing();
    socket.on("close", () => {
      this.#terminate(protocolError("ERR_HTTP_CONNECTION_RESET", "The connection was lost"), false);
    });
    socket.write(head, "latin1");
  }

  /** @throws {DOMException} always: capsules are not spoken here */
  capsules(): never {
    throw notSupported("the Capsule Protocol is not spoken here");
  }

  /** @throws {DOMException} always: over HTTP/1.1, datagrams travel in capsules */
  datagrams(): never {
    throw notSupported("HTTP Datagrams are not spoken here");
  }

  /** Ends our direction, as closing `writable` does; the client's stays open until it ends it. */
  close(): void {
    // A writer that holds the stream closes it itself.
    this.writable.close().catch(() => {});
  }

  /** Ends both directions at once, so that the client sees that something broke. */
  destroy(error?: unknown): void {
    this.#terminate(connectError(error), true, error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.close();
    await this.closed;
  }

  #reading(): ByteStream {
    const socket = this.#socket;
    return new ReadableStream<Bytes>(
      {
        type: "bytes",
        start: (controller) => {
          this.#incoming = controller as ReadableByteStreamController;
          socket.on("data", (piece: Uint8Array) => {
            controller.enqueue(withOwnBuffer(piece));
            if (controller.desiredSize! <= 0) socket.pause();
          });
          socket.on("end", () => {
            if (this.#over) return;
            controller.close();
            this.#incoming.byobRequest?.respond(0);
            this.#received = true;
            this.#closeIfDone();
          });
        },
        pull: () => void socket.resume(),
        cancel: (reason) => this.#terminate(connectError(reason), true, reason),
      },
      { highWaterMark: 64 * 1024 },
    ) as ByteStream;
  }

  #writing(): WritableStream<Uint8Array | ArrayBuffer> {
    const socket = this.#socket;
    return new WritableStream({
      start: (controller) => {
        this.#outgoing = controller;
      },
      write: (piece) => {
        const bytes = types.isAnyArrayBuffer(piece) ? new Uint8Array(piece) : piece;
        if (!types.isUint8Array(bytes)) throw new TypeError("a tunnel carries bytes");
        return new Promise((resolve, reject) => {
          socket.write(bytes, (error) => (error ? reject(error) : resolve()));
        });
      },
      close: () =>
        new Promise((resolve) => {
          socket.end(() => {
            this.#sent = true;
            this.#closeIfDone();
            resolve();
          });
        }),
      abort: (reason) => this.#terminate(connectError(reason), true, reason),
    });
  }

  #closeIfDone(): void {
    if (!this.#received || !this.#sent || this.#over) return;
    this.#over = true;
    this.#exchange.conclude();
    this.#settle(null);
  }

  /** @param reason what `closed` is told, if that is not the error itself */
  #terminate(error: ProtocolError, cut: boolean, reason: unknown = error): void {
    if (this.#over) return;
    this.#over = true;
    if (cut) reset(this.#socket);
    if (!this.#received) this.#incoming.error(error);
    this.#outgoing.error(error);
    this.#exchange.fail(error);
    this.#settle(reason as ProtocolError);
  }
}

function connectError(cause: unknown): ProtocolError {
  return protocolError("ERR_HTTP_CONNECT_ERROR", "The tunnel was given up", cause);
}

/** A reset, where the connection has one. */
function reset(socket: Duplex): void {
  if ("resetAndDestroy" in socket && "remoteFamily" in socket && socket.remoteFamily !== undefined) {
    (socket.resetAndDestroy as () => void)();
  } else socket.destroy();
}
