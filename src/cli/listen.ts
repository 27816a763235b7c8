/** Starting to listen, and saying in one line why that failed. */
import { Server, type ServerOptions } from "../server/server.ts";
import { failure } from "./command-error.ts";
import { portHolder } from "./port-holder.ts";
import type { Serving } from "./serving.ts";
import { type Settings, section } from "./settings.ts";
import { claimSocketPath } from "./socket-path.ts";

/** @throws {CommandError} when the address cannot be had; exit code 1. */
export async function listen(
  { handler, connect, close, settings }: Serving,
  observing: Pick<ServerOptions, "observers" | "onError">,
): Promise<Server> {
  const { port, hostname, unix, fd, backlog } = settings;
  if (unix !== undefined) await claimSocketPath(unix);
  try {
    const limits = section(settings, "limits");
    const timeouts = section(settings, "timeouts");
    const options = { port, hostname, unix, fd, backlog, limits, timeouts, connect, close, ...observing };
    return await new Server(handler, options).ready();
  } catch (error) {
    throw failure(bindFailure(error, settings));
  }
}

/** Why the address cannot be had, and what to do, in one line. */
export function bindFailure(error: unknown, settings: Settings): string {
  const { unix, fd } = settings;
  if (fd !== undefined) return `descriptor ${fd} is no socket to listen on: ${(error as Error).message}`;
  return unix === undefined ? addressFailure(error as NodeJS.ErrnoException, settings) : pathFailure(error, unix);
}

function addressFailure({ code, message }: NodeJS.ErrnoException, { port, hostname }: Settings): string {
  switch (code) {
    case "EADDRINUSE": {
      const free = port === 65_535 ? port - 1 : port + 1;
      return `${address(hostname, port)} is in use${portHolder(port)}; another port: --port ${free}`;
    }
    case "EACCES":
      return `port ${port} is for root alone; a port from 1024 up is for all: --port 8080`;
    case "EADDRNOTAVAIL":
      return `${hostname} is not an address of this machine; all of them: --host 0.0.0.0`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `there is no host named ${hostname}; this machine: --host 127.0.0.1, or 0.0.0.0 for all its addresses`;
    default:
      return `cannot listen on ${address(hostname, port)}: ${message}`;
  }
}

function pathFailure(error: unknown, unix: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "EACCES") return `cannot make a socket at ${unix}: not allowed to write there`;
  return `cannot make a socket at ${unix}: ${message}`;
}

function address(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
