import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Peer } from "./peers.ts";
import type { Workload } from "./workloads.ts";

const BENCH = fileURLToPath(new URL("..", import.meta.url));
const WANTED = `${BENCH}package-lock.json`;
const INSTALLED = `${BENCH}node_modules/.package-lock.json`;

/** Whether one of the peers needs packages from npm for what it is to serve. */
export function needsPackages(peers: readonly Peer[], workloads: readonly Workload[]): boolean {
  const servesFiles = workloads.some(({ serves }) => serves === "file");
  return peers.some(({ npm }) => npm === "everything" || (npm === "file" && servesFiles));
}

/**
 * Installs the peers that come from npm, once. No install script is run: the programs of Bun and Deno lie ready in their
 * packages.
 * @returns why it could not be done, if so: the peers that need it are then left out.
 */
export function installPeers(): string | undefined {
  if (existsSync(INSTALLED) && statSync(INSTALLED).mtimeMs >= statSync(WANTED).mtimeMs) return undefined;
  process.stderr.write("Installing the peers (about 220 MB, once)...\n");
  const command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error, stderr } = spawnSync("npm", command, { cwd: BENCH, encoding: "utf8", timeout: 180_000 });
  if (status === 0) return undefined;
  const reason = error?.message ?? stderr.trim().split("\n").at(0) ?? `exit ${status}`;
  return `npm ci failed: ${reason}`;
}
