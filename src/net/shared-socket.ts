/**
 * A listening socket for several processes: bound here, listened on by whoever inherits its descriptor, and open for as
 * long as this process holds it. Connections that arrive while no worker accepts wait in its queue. Node binds without
 * listening in one function only, which its cluster module uses and its documentation does not name: this file is the
 * only one that calls it.
 */
import { fork } from "node:child_process";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import { getSystemErrorMap } from "node:util";

export interface SharedSocket {
  readonly fd: number;
  /** The bound address; a path for a unix socket. */
  readonly address: net.AddressInfo | string;
  /** A descriptor of the same socket for a thread, which closes it by itself: two may not share a number. */
  copy(): Promise<number>;
  close(): void;
}

interface Handle {
  readonly fd: number;
  getsockname?(address: object): number;
  close(): void;
}

type CreateServerHandle = (address: string, port: number, addressType: 4 | 6 | -1, fd?: number) => Handle | number;

/** An address to bind, or the descriptor of a socket that is bound already. */
export type Bindable = { hostname: string; port: number } | { unix: string } | { fd: number };

/** @throws {Error} with the system's `code`: `EADDRINUSE`, `EACCES` … */
export async function bindShared(to: Bindable): Promise<SharedSocket> {
  if ("fd" in to) return share(create("", 0, -1, to.fd), `descriptor ${to.fd}`);
  if ("unix" in to) return share(create(to.unix, -1, -1), to.unix);
  const { address, family } = await lookup(to.hostname);
  return share(create(address, to.port, family === 6 ? 6 : 4), `${address}:${to.port}`);
}

const create = (net as unknown as { _createServerHandle: CreateServerHandle })._createServerHandle;

function share(handle: Handle | number, name: string): SharedSocket {
  if (typeof handle === "number") throw bindError(handle, name);
  const rest = { fd: handle.fd, copy: () => copyOf(handle), close: () => handle.close() };
  // A unix socket does not say what it is bound to.
  if (handle.getsockname === undefined) return { address: name, ...rest };
  const address = {} as net.AddressInfo;
  // libuv keeps an address in use to itself until somebody asks.
  const errno = handle.getsockname(address);
  if (errno < 0) throw bindError(errno, name);
  return { address, ...rest };
}

/**
 * Only the way between two processes copies a descriptor, so it goes to a child and back. What comes back is left to the
 * thread that gets its number, and never closed here.
 */
async function copyOf(handle: Handle): Promise<number> {
  // It has nothing to say, and to inherit our output would make that block: libuv does so to a child's.
  const mirror = fork(new URL("./mirror.js", import.meta.url), { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const gone = once(mirror, "exit").then(([code, signal]) => {
    throw new Error(`the listening socket could not be copied: ${signal ?? `exit code ${code}`}`);
  });
  mirror.send("copy", handle as unknown as net.Server);
  const [, copy] = (await Promise.race([once(mirror, "message"), gone])) as [unknown, Handle];
  return copy.fd;
}

function bindError(errno: number, where: string): NodeJS.ErrnoException {
  const [code, message] = getSystemErrorMap().get(errno) ?? ["UNKNOWN", "unknown error"];
  return Object.assign(new Error(`bind ${code}: ${message} ${where}`), { code, errno, syscall: "bind" });
}
