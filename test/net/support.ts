/** Servers on free ports, and what connects to them; gone when the test ends. */
import assert from "node:assert/strict";
import net from "node:net";
import type { TestContext } from "node:test";
import { connect } from "../../src/net/connect.ts";
import type { Connection, ConnectionOptions } from "../../src/net/connection.ts";
import { type StreamHandler, TcpServer, type TcpServerOptions } from "../../src/net/tcp-server.ts";

/** A server that listens. An error of its handlers fails the test, unless `onError` takes it. */
export async function startTcp(
  t: TestContext,
  handler: StreamHandler,
  options: TcpServerOptions = {},
): Promise<TcpServer> {
  const errors: unknown[] = [];
  const server = new TcpServer(handler, { onError: (error) => errors.push(error), ...options });
  t.after(async () => {
    assert.deepEqual(errors, []);
    await server.close({ force: true });
  });
  return server.ready();
}

/** A connection of Portico's own to the server. */
export async function dial(t: TestContext, server: TcpServer, options: ConnectionOptions = {}): Promise<Connection> {
  const { address } = server;
  assert.ok(address !== null);
  const to = typeof address === "string" ? { unix: address } : { hostname: address.address, port: address.port };
  const connection = await connect({ ...to, ...options });
  t.after(() => connection.abort());
  return connection;
}

/** A connection as Node makes it, half-open. */
export function rawDial(t: TestContext, server: TcpServer): net.Socket {
  const socket = net.connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  t.after(() => socket.destroy());
  return socket;
}

/** All that a socket sends until it ends. */
export async function textOf(socket: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of socket) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
