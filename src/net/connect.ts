/** Connections to others, and why there is none. */
import { connect as connectSocket, type Socket } from "node:net";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { hostAndPort, NetError, systemError } from "./errors.ts";
import { readEvents } from "./reading.ts";

export type Endpoint = { readonly hostname: string; readonly port: number } | { readonly unix: string };

export interface ConnectOptions {
  /** Milliseconds until the connection has to stand, the name's lookup included; 0 for as long as the system tries. */
  readonly timeout?: number | undefined;
  /** Gives up the attempt; has no say once it has succeeded. */
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds that connecting may take, as Node's fetch. */
export const CONNECT_TIMEOUT = 10_000;

/**
 * Connects to a host's port or a unix socket. A name with addresses of both families is tried as Node does it: in the
 * order of the resolver, 250 ms each, the families in turn (RFC 8305, "happy eyeballs").
 * @throws {NetError} (rejects) that says to whom and why not, with the system's code (`ECONNREFUSED`, `ENOTFOUND`,
 * `ENOENT` …) or `CONNECT_TIMEOUT`; with the signal's reason when it is aborted.
 */
export async function connect(options: Endpoint & ConnectOptions & ConnectionOptions): Promise<Connection> {
  const socket = await openSocket(options);
  let connection!: Connection;
  readEvents(socket, () => {
    connection = new Connection(socket, options);
    return connection;
  });
  return connection;
}

/** The same as a socket of Node's, paused and half-open, for whoever reads it in another way. */
export function openSocket(options: Endpoint & ConnectOptions): Promise<Socket> {
  const { timeout = CONNECT_TIMEOUT, signal } = options;
  const to = "unix" in options ? options.unix : hostAndPort(options.hostname, options.port);
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const address = "unix" in options ? { path: options.unix } : { host: options.hostname, port: options.port };
    const socket = connectSocket({ ...address, allowHalfOpen: true, noDelay: true, autoSelectFamily: true });
    const settle = () => {
      clearTimeout(late);
      signal?.removeEventListener("abort", aborted);
    };
    const fail = (error: unknown) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const failed = (error: Error) => fail(systemError(`cannot connect to ${to}`, error));
    const aborted = () => fail(signal!.reason);
    const late =
      timeout > 0 ? setTimeout(() => fail(new NetError("CONNECT_TIMEOUT", tooLate(to, timeout))), timeout) : undefined;
    signal?.addEventListener("abort", aborted);
    // It stays when the attempt is given up, which may report its end later.
    socket.on("error", failed);
    socket.once("connect", () => {
      settle();
      socket.removeListener("error", failed);
      socket.pause();
      resolve(socket);
    });
  });
}

function tooLate(to: string, timeout: number): string {
  return `cannot connect to ${to}: no answer within ${timeout / 1000} s (CONNECT_TIMEOUT)`;
}
