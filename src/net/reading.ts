/**
 * Reading an accepted connection with as little as possible: every connection reads into one shared buffer, because a
 * `data` listener costs an allocation a read. Node does this for sockets that are made with `onread`, but a server
 * cannot ask for it, so the accepted handle is wrapped again. That handle is not documented: this file is the only one
 * that touches it, and where it is not there (TLS, other runtimes), reading falls back to `data` events.
 */
import { Socket } from "node:net";

export interface Reader {
  /**
   * `length` bytes have come. The buffer is reused: what is not copied before this returns is lost. `false` stops the
   * reading until the socket is resumed.
   */
  bytes(buffer: Uint8Array, length: number): boolean;
}

const SHARED = Buffer.allocUnsafeSlow(64 * 1024);
const READER = Symbol("reader");

/** A socket that is being read. */
export interface ReadSocket<R extends Reader = Reader> extends Socket {
  [READER]: R;
}

/** Who reads the socket. */
export function readerOf<R extends Reader>(socket: ReadSocket<R>): R {
  return socket[READER];
}

/**
 * Takes an accepted connection, with its client's address (empty on a unix socket), and says who reads it. Reading starts
 * after it returns.
 */
export type Attach = (socket: Socket, remoteAddress: string) => Reader;

interface WithHandle {
  _handle: { readStart?: unknown } | null;
}

/**
 * Gives back the socket to use in place of `accepted`, which must be paused (`pauseOnConnect`): the same connection,
 * delivering to the reader that `attach` returns for it. Reading starts with `resume()`.
 */
export function readShared(accepted: Socket, attach: Attach): void {
  const handle = (accepted as unknown as WithHandle)._handle;
  if (typeof handle?.readStart !== "function") return readEvents(accepted, attach);
  // A socket keeps the addresses that it was asked for: 130 bytes a connection, were it the one that stays.
  const remoteAddress = accepted.remoteAddress ?? "";
  (accepted as unknown as WithHandle)._handle = null;

  const socket = new Socket({ handle, allowHalfOpen: true, onread: ONREAD } as ConstructorParameters<typeof Socket>[0]);
  (socket as ReadSocket)[READER] = attach(socket, remoteAddress);
  socket.resume();
}

const ONREAD = {
  buffer: SHARED,
  /** Called as a method of the socket; a function for each would take 110 bytes a connection. */
  callback(this: ReadSocket, length: number): boolean {
    return this[READER].bytes(SHARED, length);
  },
};

/** The same by documented means only. */
export function readEvents(socket: Socket, attach: Attach): void {
  const reader = attach(socket, socket.remoteAddress ?? "");
  (socket as ReadSocket)[READER] = reader;
  socket.on("data", (chunk: Buffer) => {
    if (!reader.bytes(chunk, chunk.length)) socket.pause();
  });
  socket.resume();
}

/**
 * Makes the socket a stream like any other, nobody's yet to read, with `unread` in front of what is to come. A reader that
 * is still given bytes has to `push` them.
 */
export function release(socket: Socket, unread: Uint8Array): void {
  // Reading goes on until the stream's buffer is full: a stream that was stopped from outside thinks it still reads.
  if (socket.isPaused()) socket.resume();
  // One by one: removeAllListeners leaves a stream of Node 20 in the belief that somebody listens.
  for (const listener of socket.listeners("data")) socket.removeListener("data", listener as () => void);
  // A new socket flows neither way: it is the first to listen for data that starts it. Node's own upgrades do the same.
  (socket as { readableFlowing: boolean | null }).readableFlowing = null;
  if (unread.length > 0) socket.unshift(unread);
}
