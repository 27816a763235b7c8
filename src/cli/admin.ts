/** The admin listener: where it listens, as `--admin` says it. */
import { adminHandler } from "../observe/admin.ts";
import { type Fleet, OneProcess } from "../observe/fleet.ts";
import { Server } from "../server/server.ts";
import { parsePort } from "./arguments.ts";
import { failure, usageError } from "./command-error.ts";
import { errorLogOf, type Observing } from "./observing.ts";
import type { Settings } from "./settings.ts";
import { VERSION } from "./version.ts";

const LOOPBACK = "127.0.0.1";

export interface AdminAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * `9901`, `127.0.0.1:9901`, `[::1]:9901` or `:9901`, which is every address of the machine.
 * @throws {CommandError} on what is none of that; exit code 2.
 */
export function adminAddress(text: string): AdminAddress {
  const [, host, port] = /^(?:(.*):)?([^:]*)$/s.exec(text)!;
  const hostname = host === undefined ? LOOPBACK : host === "" ? "::" : host.replace(/^\[(.*)\]$/, "$1");
  return { hostname, port: parsePort(port!, "the port of --admin", usageError) };
}

/**
 * Opens the listener if the settings ask for one, and says where it is. It goes on for as long as the process does.
 * @throws {CommandError} when the address cannot be had.
 */
export async function openAdmin(fleet: Fleet, settings: Settings): Promise<void> {
  if (settings.admin === undefined) return;
  const { hostname, port } = adminAddress(settings.admin);
  const isLocal = hostname === "localhost" || hostname === "::1" || /^127\./.test(hostname);
  const handler = adminHandler(fleet, { version: VERSION, isLocal });
  try {
    const onError = errorLogOf(settings).error;
    const server = new Server(handler, { hostname, port, limits: { maxConnections: 100 }, onError });
    await server.ready();
    if (!settings.quiet) console.log(`portico's own page is at ${server.url}`);
  } catch (error) {
    throw failure(`--admin cannot listen on ${hostname} port ${port}: ${(error as Error).message}`);
  }
}

/** The same for a server in this process. */
export async function openAdminOf({ watching }: Observing, server: Server, settings: Settings): Promise<void> {
  if (watching !== null) await openAdmin(new OneProcess(watching, server), settings);
}
