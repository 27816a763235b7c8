/** Opens what a connection is made of: a TCP or unix socket, and TLS on top of it. */
import type { Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import { openSocket } from "../net/connect.ts";
import { NetError } from "../net/errors.ts";
import { type Attach, readEvents, readShared } from "../net/reading.ts";
import { ClientError, noConnection, type Peer } from "./errors.ts";
import { keepReadable } from "./last-words.ts";

/**
 * Connects to a peer and lets `attach` say who reads. @param tls what TLS is to be like; `null` for none
 * @throws {ClientError} (rejects) that says to whom and why not; with the signal's reason when it is aborted.
 */
export async function open(
  peer: Peer,
  tls: TlsOptions | null,
  timeout: number,
  signal: AbortSignal | null,
  attach: Attach,
): Promise<void> {
  const began = performance.now();
  const where = peer.unix === undefined ? { hostname: peer.host, port: peer.port } : { unix: peer.unix };
  const socket = await openSocket({ ...where, timeout, signal: signal ?? undefined }).catch((error: unknown) => {
    throw noConnection(peer, error);
  });
  if (tls === null) {
    return readShared(socket, (read, address) => {
      keepReadable(read);
      return attach(read, address);
    });
  }
  const left = timeout === 0 ? 0 : Math.max(1, timeout - (performance.now() - began));
  readEvents(await secure(socket, peer, tls, left, signal), attach);
}

function secure(
  socket: Socket,
  peer: Peer,
  tls: TlsOptions,
  timeout: number,
  signal: AbortSignal | null,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // A name for the server to choose its certificate by; addresses are none (RFC 6066 §3).
    const servername = /^[\d.]+$|:/.test(peer.host) ? "" : peer.host;
    const secured = connectTls({ host: peer.host, servername, ALPNProtocols: ["http/1.1"], ...tls, socket });
    const settle = () => {
      clearTimeout(late);
      signal?.removeEventListener("abort", aborted);
      secured.off("close", closed);
    };
    const fail = (reason: unknown) => {
      settle();
      secured.destroy();
      socket.destroy();
      reject(reason);
    };
    const failed = (error: NodeJS.ErrnoException) => fail(tlsError(peer, error));
    const closed = () => failed(new Error("the server ended the connection"));
    const aborted = () => fail(signal!.reason);
    const message = `cannot connect to ${peer.name}: no TLS within ${timeout / 1000} s`;
    const late =
      timeout > 0 ? setTimeout(() => fail(new ClientError("CONNECT_TIMEOUT", message, peer)), timeout) : undefined;
    signal?.addEventListener("abort", aborted);
    // It stays when the attempt is given up, which may report its end later.
    secured.on("error", failed);
    secured.once("close", closed);
    secured.once("secureConnect", () => {
      settle();
      secured.off("error", failed);
      resolve(secured);
    });
  });
}

function tlsError(peer: Peer, error: NodeJS.ErrnoException): ClientError {
  const code = error.code === undefined ? "" : ` (${error.code})`;
  const cause = new NetError(error.code ?? "UNKNOWN", error.message, error);
  return new ClientError("TLS_FAILED", `no TLS with ${peer.name}: ${error.message}${code}`, peer, cause);
}
