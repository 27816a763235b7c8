import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** `, by node app.js (pid 4242)`, when the system is Linux and the process is one we may look at; otherwise nothing. */
export function portHolder(port: number): string {
  try {
    const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningOn(port, table)));
    const pid = readdirSync("/proc").find((name) => /^[0-9]+$/.test(name) && holdsOne(sockets, name));
    if (pid === undefined) return "";
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim();
    return `, by ${command.length > 60 ? `${command.slice(0, 60)}…` : command} (pid ${pid})`;
  } catch {
    return "";
  }
}

/** The listening sockets at a port, as the links in /proc/PID/fd name them. Columns: proc(5), `/proc/net/tcp`. */
function listeningOn(port: number, table: string): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync(table, "utf8").split("\n");
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === "0A")
    .map((columns) => `socket:[${columns[9]}]`);
}

function holdsOne(sockets: ReadonlySet<string>, pid: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((name) => sockets.has(readlinkSync(`/proc/${pid}/fd/${name}`)));
  } catch {
    return false; // Another user's, or gone by now.
  }
}
