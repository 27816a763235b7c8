/** The same listener behind node:http and behind Portico, to be asked the same. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { lint } from "../../../src/gateway/lint.ts";
import { fromNodeListener, type NodeListener } from "../../../src/gateway/node/from-listener.ts";
import { type Answer, Client, connect, start } from "../../server/support.ts";

export type { NodeListener };

export interface Served {
  readonly client: Client;
  /** What the server was told of errors. */
  readonly reports: unknown[];
}

/** Serves a listener under lint. */
export async function serve(t: TestContext, listener: NodeListener): Promise<Served> {
  const reports: unknown[] = [];
  const server = await start(t, lint(fromNodeListener(listener)), { onError: (error) => reports.push(error) });
  return { client: await connect(t, server), reports };
}

/** Serves a listener by node:http. */
export async function serveNode(t: TestContext, listener: http.RequestListener): Promise<Client> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  const socket = net.connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", allowHalfOpen: true });
  t.after(() => socket.destroy());
  await once(socket, "connect");
  return new Client(socket, {});
}

/** What is the server's to decide: a body whose length is known by its end goes out with it, which node:http does not always do. */
const SERVERS_OWN = /^(date|connection|keep-alive|content-length|transfer-encoding):/i;

/** A response as far as it is the application's. */
export function essence({ statusLine, fields, text, trailers }: Answer): unknown {
  return { statusLine, fields: fields.filter((line) => !SERVERS_OWN.test(line)).sort(), text, trailers };
}

/** Asks both for the same, and gives the response if it is. */
export async function same(t: TestContext, listener: NodeListener, request: string, method = "GET"): Promise<Answer> {
  const clients = [await serveNode(t, listener), (await serve(t, listener)).client];
  const answers: Answer[] = [];
  for (const client of clients) {
    await client.send(request);
    answers.push(await client.response(method));
  }
  assert.deepEqual(essence(answers[1]!), essence(answers[0]!));
  return answers[1]!;
}
