import type { Socket } from "node:net";
import type { ConnectionInfo } from "../gateway/contract.ts";

/** A connection's addresses, looked up when somebody asks. */
export class SocketInfo implements ConnectionInfo {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0;
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? "";
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get encrypted(): boolean {
    return "encrypted" in this.#socket;
  }
}
