/**
 * What the kernel knows of a port's sockets: `/proc/net/tcp` and `tcp6` (proc(5)). It keeps those in it that no process
 * has any more, such as those in TIME_WAIT, and of a client on the same machine the other end as well. Linux only.
 */
import { readFile } from "node:fs/promises";
import { peerName } from "./live.ts";

/** By number (include/net/tcp_states.h). */
const STATES = [
  "",
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "SYN_RECV",
];

export interface KernelSockets {
  /** How many of ours are in each state; and of the clients' ends on this machine. */
  readonly server: Record<string, number>;
  readonly client: Record<string, number>;
  /** The state of our end, and of the client's, by the client's address and port. */
  readonly byClient: ReadonlyMap<string, { server?: string; client?: string }>;
  /** Connections that wait to be accepted. */
  readonly queue: number;
}

/** The sockets of a listening port; `null` where the system does not tell. */
export async function kernelSockets(port: number): Promise<KernelSockets | null> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "latin1").catch(() => null)),
  );
  const texts = tables.filter((text) => text !== null);
  return texts.length === 0 ? null : readTables(texts, port);
}

/** @param texts tables as `/proc/net/tcp` has them */
export function readTables(texts: readonly string[], port: number): KernelSockets {
  const server: Record<string, number> = {};
  const client: Record<string, number> = {};
  const byClient = new Map<string, { server?: string; client?: string }>();
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  let queue = 0;
  for (const text of texts) {
    for (const line of text.split("\n")) {
      // Most lines are of other ports: they are not taken apart.
      if (!line.includes(`:${wanted} `)) continue;
      const [, local, remote, stateNumber, queues] = line.trim().split(/ +/);
      const state = STATES[Number.parseInt(stateNumber ?? "", 16)];
      if (local === undefined || remote === undefined || !state) continue;
      const isOurs = local.endsWith(`:${wanted}`);
      const count = isOurs ? server : client;
      count[state] = (count[state] ?? 0) + 1;
      if (state === "LISTEN") {
        queue += Number.parseInt(queues!.slice(queues!.indexOf(":") + 1), 16);
        continue;
      }
      const name = endpoint(isOurs ? remote : local);
      byClient.set(name, { ...byClient.get(name), [isOurs ? "server" : "client"]: state });
    }
  }
  return { server, client, byClient, queue };
}

/** `0100007F:1F40` is 127.0.0.1:8000: words of 32 bits, in the machine's order of bytes, which is the small end first. */
function endpoint(text: string): string {
  const [address, port] = text.split(":") as [string, string];
  const bytes = address.match(/.{8}/g)!.flatMap((word) => word.match(/../g)!.reverse());
  return peerName(bytes.length === 4 ? ipv4(bytes) : ipv6(bytes), Number.parseInt(port, 16));
}

function ipv4(bytes: readonly string[]): string {
  return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
}

/** As Node shortens it, because that is what it is compared with (RFC 5952). */
function ipv6(bytes: readonly string[]): string {
  if (/^0{20}FFFF/i.test(bytes.join(""))) return `::ffff:${ipv4(bytes.slice(12))}`;
  const groups = bytes.join("").match(/.{4}/g)!;
  const { hostname } = new URL(`http://[${groups.join(":")}]`);
  return hostname.slice(1, -1);
}
