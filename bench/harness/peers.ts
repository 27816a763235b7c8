import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nginx } from "./nginx.ts";
import type { Workload } from "./workloads.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BENCH = `${ROOT}bench/`;
const MODULES = `${BENCH}node_modules/`;

/** The directories of a run. */
export interface Places {
  /** Holds the files that are served and nothing else. */
  readonly files: string;
  /** For what servers and wrk need to find in a file. */
  readonly scratch: string;
}

/** What a server is told. */
export interface Order extends Places {
  readonly serves: Workload["serves"];
  readonly port: number;
}

export interface Peer {
  readonly name: string;
  /** What it cannot serve by itself. */
  readonly lacks?: readonly Workload["serves"][];
  /** What it needs packages from npm for. */
  readonly npm?: "file" | "everything";
  /** @throws {Error} that says what is not installed. */
  readonly version: () => string;
  readonly command: (order: Order) => string[];
}

export const PORTICO = "Portico";

export const PEERS: readonly Peer[] = [
  {
    name: PORTICO,
    version: () => `${packageVersion(ROOT)}, ${nodeVersion()}`,
    command: ({ serves, port, files }) => [
      process.execPath,
      `${ROOT}bin/portico.js`,
      serves === "file" ? files : `${BENCH}apps/${serves}.js`,
      "--port",
      String(port),
      "--host",
      "127.0.0.1",
      "--quiet",
    ],
  },
  {
    name: "Portico node",
    npm: "file",
    version: () => `${packageVersion(ROOT)}, ${nodeVersion()}`,
    command: nodeServer("portico-node.js"),
  },
  { name: "node:http", npm: "file", version: nodeVersion, command: nodeServer("node-http.js") },
  {
    name: "srvx",
    npm: "everything",
    version: () => `${packageVersion(`${MODULES}srvx`)}, ${nodeVersion()}`,
    command: nodeServer("srvx.js"),
  },
  {
    name: "hono",
    npm: "everything",
    version: () => `node-server ${packageVersion(`${MODULES}@hono/node-server`)}, ${nodeVersion()}`,
    command: nodeServer("hono.js"),
  },
  {
    name: "fastify",
    npm: "everything",
    version: () => `${packageVersion(`${MODULES}fastify`)}, ${nodeVersion()}`,
    command: nodeServer("fastify.js"),
  },
  {
    name: "serve",
    lacks: ["hello", "json", "browser"],
    npm: "everything",
    version: () => `serve-handler ${packageVersion(`${MODULES}serve-handler`)}, ${nodeVersion()}`,
    command: nodeServer("serve.js"),
  },
  {
    name: "bun",
    npm: "everything",
    version: () => packageVersion(bunPackage()),
    command: (order) => [`${bunPackage()}/bin/bun`, "--no-install", ...serverWords("bun.js", order)],
  },
  {
    name: "deno",
    npm: "everything",
    version: () => packageVersion(denoPackage()),
    command: (order) => [
      `${denoPackage()}/deno`,
      "run",
      "--no-config",
      "--no-lock",
      "--allow-net",
      "--allow-read",
      ...serverWords("deno.js", order),
    ],
  },
  {
    name: "nginx",
    lacks: ["json"],
    version: nginxVersion,
    command: ({ serves, port, files, scratch }) => nginx(serves, port, files, scratch),
  },
];

function nodeServer(file: string): (order: Order) => string[] {
  return (order) => [process.execPath, ...serverWords(file, order)];
}

function serverWords(file: string, { serves, port, files }: Order): string[] {
  return [`${BENCH}servers/${file}`, serves, String(port), files];
}

function nodeVersion(): string {
  return `Node ${process.versions.node}`;
}

function packageVersion(directory: string): string {
  const file = `${directory}/package.json`;
  if (!existsSync(file)) throw new Error("not installed");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function nginxVersion(): string {
  const { error, stderr } = spawnSync("nginx", ["-v"], { encoding: "utf8" });
  if (error !== undefined) throw new Error("not installed");
  return stderr.trim().replace(/^.*nginx\//, "");
}

function bunPackage(): string {
  return `${MODULES}@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : process.arch}`;
}

function denoPackage(): string {
  return `${MODULES}@deno/linux-${process.arch}-glibc`;
}
