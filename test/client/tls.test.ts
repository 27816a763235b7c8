import assert from "node:assert/strict";
import { once } from "node:events";
import https from "node:https";
import net, { type AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type { ClientError } from "../../src/client/index.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";
import { clientFor, scripted, watched } from "./support.ts";

async function secureServer(t: TestContext): Promise<number> {
  const server = https.createServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
    request.on("data", () => {}).on("end", () => response.end(`${request.method} for ${request.headers.host}`));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const TRUSTED = { ca: CERTIFICATE };

test("https is spoken, by name and by address, and its connections are kept", async (t) => {
  const port = await secureServer(t);
  const { client, log } = watched(t, { tls: TRUSTED });
  for (let i = 0; i < 2; i++) {
    assert.equal(await (await client.request(`https://127.0.0.1:${port}/`)).text(), `GET for 127.0.0.1:${port}`);
  }
  const posted = await client.request(`https://localhost:${port}/`, { method: "POST", body: Buffer.alloc(1_000_000) });
  assert.equal(await posted.text(), `POST for localhost:${port}`);
  assert.deepEqual(log, ["open", "request 1", "kept", "request 2", "kept", "open", "request 1", "kept"]);
});

test("a certificate that nobody trusts is refused, with the reason", async (t) => {
  const port = await secureServer(t);
  await assert.rejects(clientFor(t).request(`https://127.0.0.1:${port}/`), (error: ClientError) => {
    assert.equal(error.code, "TLS_FAILED");
    assert.match(
      error.message,
      /^no TLS with 127\.0\.0\.1:\d+: .*self-signed certificate.* \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
    );
    return true;
  });
});

test("a certificate for another name is refused", async (t) => {
  const port = await secureServer(t);
  const client = clientFor(t, { tls: { ...TRUSTED, servername: "other.example" } });
  await assert.rejects(client.request(`https://127.0.0.1:${port}/`), {
    code: "TLS_FAILED",
    message: /ERR_TLS_CERT_ALTNAME_INVALID/,
  });
});

test("a server without TLS, and one that never shakes hands, are told apart", async (t) => {
  const plain = await scripted(t, (peer) => peer.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  await assert.rejects(clientFor(t).request(`https://127.0.0.1:${plain.port}/`), { code: "TLS_FAILED" });
  const silent = net.createServer((socket) => void socket.resume()).listen(0, "127.0.0.1");
  t.after(() => silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const client = clientFor(t, { timeouts: { connect: 200 } });
  await assert.rejects(client.request(`https://127.0.0.1:${port}/`), { code: "CONNECT_TIMEOUT" });
});

test("http to a port that speaks TLS is a bad response, not a riddle", async (t) => {
  const port = await secureServer(t);
  await assert.rejects(clientFor(t).request(`http://127.0.0.1:${port}/`), (error: ClientError) => {
    assert.match(error.code, /^(?:BAD_RESPONSE|CONNECTION_CLOSED|ECONNRESET)$/);
    return true;
  });
});
