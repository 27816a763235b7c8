/** Other protocols: `upgrade`, as ws and node:http's servers know it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import net from "node:net";
import { type TestContext, test } from "node:test";
import type { Handler } from "../../../src/gateway/contract.ts";
import { lint } from "../../../src/gateway/lint.ts";
import { fromNodeListener, fromNodeServer, type NodeListener } from "../../../src/gateway/node/from-listener.ts";
import { connect, INCOMPLETE, start } from "../../server/support.ts";
import { folder } from "../../support/folder.ts";
import { startPortico } from "../../support/portico.ts";

/** As much of ws as is used here. */
interface Socket extends NodeJS.EventEmitter {
  send(text: string): void;
  close(): void;
}
interface Ws {
  readonly WebSocketServer: new (
    options: object,
  ) => NodeJS.EventEmitter & {
    handleUpgrade(request: unknown, socket: unknown, head: unknown, done: (socket: Socket) => void): void;
  };
  readonly WebSocket: new (url: string) => Socket;
}
const requireHere = createRequire(import.meta.url);
const { WebSocket, WebSocketServer } = requireHere("ws") as Ws;

function shout(socket: Socket): void {
  socket.on("message", (data) => socket.send(String(data).toUpperCase()));
}

async function exchangeMessages(url: string): Promise<void> {
  const socket = new WebSocket(url.replace("http:", "ws:"));
  await once(socket, "open");
  for (const text of ["hello", "x".repeat(100_000)]) {
    socket.send(text);
    const [answer] = await once(socket, "message");
    assert.equal(String(answer), text.toUpperCase());
  }
  socket.close();
  await once(socket, "close");
}

async function urlOf(t: TestContext, handler: Handler): Promise<string> {
  return (await start(t, lint(handler))).url;
}

test("ws attaches to a server of node:http that Portico serves", async (t) => {
  const server = createServer((_, res) => res.end("plain"));
  new WebSocketServer({ server, path: "/shout" }).on("connection", shout);
  const url = await urlOf(t, fromNodeServer(server));
  assert.equal(await (await fetch(url)).text(), "plain");
  await exchangeMessages(`${url}shout`);
  await exchangeMessages(`${url}shout`);
});

test("ws takes what the upgrade listener of a handler gives it", async (t) => {
  const wss = new WebSocketServer({ noServer: true });
  const handler = fromNodeListener((_, res) => res.end("plain"), {
    upgrade: (request, socket, head) => wss.handleUpgrade(request, socket, head, shout),
  });
  await exchangeMessages(await urlOf(t, handler));
});

test("a module that exports a server speaks WebSocket by the command", async (t) => {
  const module = `
    import { createServer } from "node:http";
    import { WebSocketServer } from ${JSON.stringify(new URL("wrapper.mjs", `file://${requireHere.resolve("ws")}`).href)};
    const server = createServer((_, response) => response.end("plain"));
    new WebSocketServer({ server }).on("connection", (socket) => {
      socket.on("message", (data) => socket.send(String(data).toUpperCase()));
    });
    export default server;
  `;
  const portico = await startPortico(["app.mjs"], { cwd: folder({ "app.mjs": module }) });
  t.after(() => portico.stop());
  await exchangeMessages(portico.url);
});

test("a server's connect listener opens a tunnel by the command; without one, CONNECT is refused", async (t) => {
  const server = (listener: string) => `
    import { createServer } from "node:http";
    export default createServer((_, response) => response.end("plain"))${listener};
  `;
  const connect = `.on("connect", (request, socket) => {
    socket.write("HTTP/1.1 200 OK\\r\\n\\r\\n" + request.url);
    socket.pipe(socket);
  })`;
  const cwd = folder({ "tunnel.mjs": server(connect), "plain.mjs": server("") });
  const expected = { "tunnel.mjs": /^HTTP\/1\.1 200 OK\r\n\r\nhost:443through$/, "plain.mjs": /^HTTP\/1\.1 501 / };
  for (const [name, answer] of Object.entries(expected)) {
    const portico = await startPortico([name], { cwd });
    t.after(() => portico.stop());
    const socket = net.connect(Number(new URL(portico.url).port), "127.0.0.1");
    t.after(() => socket.destroy());
    socket.write("CONNECT host:443 HTTP/1.1\r\nHost: host:443\r\n\r\nthrough");
    let text = "";
    for await (const piece of socket) {
      text += piece;
      if (answer.test(text)) break;
    }
    assert.match(text, answer);
  }
});

const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: raw\r\n\r\n";

test("what the client sends behind its request is read from the socket", async (t) => {
  const handler = fromNodeListener((_, res) => res.end(), {
    upgrade: (request, socket, head) => {
      assert.deepEqual([upgradeOf(request), request.headers.upgrade, head.length], [true, "raw", 0]);
      assert.equal(request.socket, socket);
      socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n");
      socket.pipe(socket);
    },
  });
  const client = await connect(t, await start(t, lint(handler)));
  await client.send(`${UPGRADE}early`);
  assert.equal((await client.response()).status, 101);
  await client.send(" late");
  assert.equal((await client.take(10)).toString(), "early late");
});

/** Which Node's types do not know. */
function upgradeOf(request: IncomingMessage): unknown {
  return (request as unknown as { upgrade: unknown }).upgrade;
}

test("without an upgrade listener, a request to upgrade is one like others", async (t) => {
  const listener: NodeListener = (req, res) => res.end(String(upgradeOf(req)));
  for (const handler of [fromNodeListener(listener), fromNodeServer(createServer(listener))]) {
    const client = await connect(t, await start(t, lint(handler)));
    await client.send(UPGRADE);
    assert.equal((await client.response()).text, "false");
  }
});

test("an upgrade listener that throws or rejects closes the connection, and is reported", async (t) => {
  const oops = new Error("oops");
  const failures = [
    () => {
      throw oops;
    },
    async () => {
      throw oops;
    },
  ];
  for (const upgrade of failures) {
    const reports: unknown[] = [];
    const handler = fromNodeListener((_, res) => res.end(), { upgrade });
    const server = await start(t, lint(handler), { onError: (error) => reports.push(error) });
    const client = await connect(t, server);
    await client.send(UPGRADE);
    await assert.rejects(client.response(), INCOMPLETE);
    assert.deepEqual(reports, [oops]);
  }
});

test("a server's checkContinue decides on bodies before they come", async (t) => {
  const server = createServer((_, res) => res.end("request")).on("checkContinue", (req, res) => {
    if (req.url === "/no") {
      res.writeHead(417).end();
    } else {
      res.writeContinue();
      req.resume().on("end", () => res.end("continued"));
    }
  });
  const portico = await start(t, lint(fromNodeServer(server)));
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n`;
  const client = await connect(t, portico);
  await client.send(head("/yes"));
  assert.equal((await client.response()).status, 100);
  await client.send("a");
  assert.equal((await client.response()).text, "continued");
  await client.send(head("/no"));
  assert.equal((await client.response()).status, 417);
});
