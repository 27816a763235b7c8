/**
 * A client that keeps its connection, notices when the server has closed it, and never says a bare "connection reset".
 *
 * Shows: three requests to a server that closes a kept connection under the second request on it, as in 19. The GET is
 * sent once more on a new connection, because asking twice does no harm. The POST is not: its error says on which
 * connection it was, how that ended, and that the request may have been carried out.
 *
 * What is wrong with it: nothing can be done about the POST from here. Whoever needs to be sure gives each order a number, so
 * that the application can tell the second from the first.
 *
 * Try: read it beside the output. node bin/portico.js fetch -v URL shows the same of any server.
 */
import { Client, ClientError } from "portico/client";
import { TcpServer } from "portico/net";

const server = await new TcpServer(async (connection) => {
  await connection.readUntil("\r\n\r\n");
  await connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nHello\n");
  // The next request is on its way when this connection is closed.
  await connection.readUntil("\r\n\r\n");
  connection.abort();
}).ready();

const client = new Client({
  observe(event) {
    const { type, connection } = event;
    if (type === "sent" || type === "received") return;
    const detail = "why" in event ? `: ${event.why}` : "count" in event ? ` number ${event.count}` : "";
    console.log(`  connection ${connection} ${type}${detail}`);
  },
});

for (const method of ["GET", "GET", "POST"]) {
  console.log(method);
  try {
    const response = await client.request(`http://127.0.0.1:${server.port}/`, { method });
    console.log(`  ${response.status} ${(await response.text()).trim()}`);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    console.log(`  ${error.code}: ${error.message}`);
  }
}
await client.close();
await server.close();
