/**
 * Whether a peer takes what was written to it. Node's timer of a socket does not tell: it begins anew with whatever the
 * peer sends, and so would wait for ever for one that trickles in a request and takes nothing of the response.
 */
import type { Socket } from "node:net";
import { type Deadlines, Expiring } from "./deadlines.ts";

interface WithHandle {
  /** Not documented, but what Node's own timer looks at: the bytes of the write under way that the system has yet to take. */
  _handle?: { writeQueueSize?: number } | null;
}

export class SendWatch extends Expiring {
  readonly #socket: Socket;
  readonly #deadlines: Deadlines;
  readonly #limit: number;
  readonly #stalled: () => void;
  /** Bytes of writes that were taken whole, and those that are left of the one under way, when last looked at. */
  #taken = 0;
  #left = 0;

  /**
   * @param limit milliseconds for which nothing may be taken before `stalled` is called; 0 for any time. It is looked at
   *   that often, so a peer that stops just behind a look has nearly twice as long.
   */
  constructor(socket: Socket, deadlines: Deadlines, limit: number, stalled: () => void) {
    super();
    this.#socket = socket;
    this.#deadlines = deadlines;
    this.#limit = limit;
    this.#stalled = stalled;
  }

  /** Something waits to be taken. Watches until nothing does. */
  start(): void {
    if (this.list !== null || this.#limit === 0) return;
    this.#look();
    this.#deadlines.set(this, this.#limit);
  }

  stop(): void {
    this.#deadlines.clear(this);
  }

  override expire(): void {
    if (this.#socket.writableLength === 0) return;
    if (this.#look()) this.#deadlines.set(this, this.#limit);
    else this.#stalled();
  }

  /** Whether something was taken since the last look. */
  #look(): boolean {
    const socket = this.#socket;
    const [taken, left] = [this.#taken, this.#left];
    this.#taken = socket.bytesWritten - socket.writableLength;
    this.#left = (socket as WithHandle)._handle?.writeQueueSize ?? 0;
    return this.#taken !== taken || this.#left !== left;
  }
}
