/**
 * Servers that read the same bytes: Portico, node:http, and, where they are installed, nginx and HAProxy in front of an
 * application. Each tells which whole requests its application saw.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { FaultError } from "../../../src/core/faults.ts";
import { Server } from "../../../src/server/server.ts";
import { startApplication } from "./application.ts";

/** A request that an application got the whole of. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly bodySize: number;
  /** The head as it came, where the server tells. */
  readonly head?: string;
}

export interface Peer {
  readonly name: string;
  readonly port: number;
  /** What the application has seen since it was last asked. */
  seen(): Seen[];
  stop(): Promise<void>;
}

export interface Peers {
  readonly portico: Peer;
  readonly others: readonly Peer[];
  /** Which servers are not installed. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

/** Debian keeps servers where only root looks for programs. */
const ENVIRONMENT = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

export async function startPeers(): Promise<Peers> {
  const started: Peer[] = [];
  const stop = async () => {
    await Promise.all(started.map((peer) => peer.stop()));
  };
  try {
    started.push(await startPortico(), await startNode());
    const missing: string[] = [];
    for (const [name, start] of [["nginx", startNginx] as const, ["haproxy", startHaproxy] as const]) {
      if (spawnSync(name, ["-v"], { env: ENVIRONMENT }).error === undefined) started.push(await start());
      else missing.push(name);
    }
    const [portico, ...others] = started;
    return { portico: portico!, others, missing, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startPortico(): Promise<Peer> {
  const requests: Seen[] = [];
  const server = new Server(
    async (exchange) => {
      const { method, target, fields } = exchange.head;
      let bodySize = 0;
      try {
        for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) {
          bodySize += piece.length;
        }
      } catch (error) {
        if (!(error instanceof FaultError)) throw error;
        exchange.start(error.status, ["X-Fault", error.code]);
        return exchange.end();
      }
      requests.push({ method, target, bodySize, head: fields.text });
      exchange.start(200);
      exchange.end();
    },
    { port: 0, onError() {} },
  );
  await server.ready();
  return {
    name: "portico",
    port: (server.address as AddressInfo).port,
    seen: () => requests.splice(0),
    stop: () => server.close({ force: true }),
  };
}

/** Node's own server in its strict mode. */
async function startNode(): Promise<Peer> {
  const requests: Seen[] = [];
  const server = http.createServer({ insecureHTTPParser: false, requireHostHeader: true }, (request, response) => {
    let bodySize = 0;
    request.on("data", (piece: Buffer) => {
      bodySize += piece.length;
    });
    request.on("end", () => {
      requests.push({ method: request.method!, target: request.url!, bodySize });
      response.writeHead(200, { "Content-Length": 0 });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    name: "node:http",
    port: (server.address() as AddressInfo).port,
    seen: () => requests.splice(0),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function startNginx(): Promise<Peer> {
  return behindProxy("nginx", (folder, port, application) => {
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path "${folder}/${name}";`,
    );
    const config = path.join(folder, "nginx.conf");
    writeFileSync(
      config,
      `daemon off; master_process off; pid "${folder}/pid"; error_log /dev/null;
      events {}
      http {
        access_log off; ${temporary.join(" ")}
        server {
          listen 127.0.0.1:${port};
          location / { proxy_pass http://127.0.0.1:${application}; proxy_http_version 1.1; }
        }
      }`,
    );
    return ["-p", folder, "-c", config, "-e", "/dev/null"];
  });
}

async function startHaproxy(): Promise<Peer> {
  return behindProxy("haproxy", (folder, port, application) => {
    const config = path.join(folder, "haproxy.cfg");
    writeFileSync(
      config,
      `defaults
        mode http
        timeout client 10s
        timeout connect 10s
        timeout server 10s
      frontend front
        bind 127.0.0.1:${port}
        default_backend application
      backend application
        server one 127.0.0.1:${application}\n`,
    );
    return ["-f", config];
  });
}

async function behindProxy(
  name: string,
  configure: (folder: string, port: number, application: number) => string[],
): Promise<Peer> {
  const application = await startApplication();
  const folder = mkdtempSync(path.join(os.tmpdir(), `portico-${name}-`));
  const port = await freePort();
  const proxy = spawn(name, configure(folder, port, application.port), { stdio: "ignore", env: ENVIRONMENT });
  const exited = new Promise((resolve) => proxy.once("exit", resolve));
  const stop = async () => {
    proxy.kill("SIGKILL");
    await Promise.all([exited, application.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, proxy);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, port, seen: () => application.requests.splice(0), stop };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until the process takes connections. */
async function listening(port: number, process: ChildProcess): Promise<void> {
  while (process.exitCode === null) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => setTimeout(resolve, 20, false));
    });
    if (connected) return;
  }
  throw new Error(`${process.spawnfile} ended with ${process.exitCode} before it listened`);
}
