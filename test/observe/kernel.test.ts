import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { kernelSockets, readTables } from "../../src/observe/kernel.ts";

/** As proc(5) has it, with the columns that matter; port 8000 is 1F40. */
const IPV4 = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F40 08 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   3: 0200000A:1F40 070200C0:1F41 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0
   4: 0100007F:1F90 0100007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 5 1 0 20 4 30 10 -1
`;
const IPV6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:1F40 00000000000000000000000000000000:0000 0A 00000000:00000000 00:0
   1: 0000000000000000FFFF00000100007F:1F40 0000000000000000FFFF00000100007F:C352 08 00000000:00000000 00:0
   2: B80D0120000000000000000001000000:1F40 B80D0120000000000000000002000000:C353 05 00000000:00000000 00:0
`;

test("a port's sockets are counted by state, apart from the clients' ends, and found by their clients", () => {
  const { server, client, queue, byClient } = readTables([IPV4, IPV6], 8000);
  assert.deepEqual(server, { LISTEN: 2, ESTABLISHED: 1, TIME_WAIT: 1, CLOSE_WAIT: 1, FIN_WAIT2: 1 });
  assert.deepEqual(client, { CLOSE_WAIT: 1 });
  assert.equal(queue, 3);
  assert.deepEqual(
    [...byClient],
    [
      ["127.0.0.1:50000", { server: "ESTABLISHED", client: "CLOSE_WAIT" }],
      ["192.0.2.7:8001", { server: "TIME_WAIT" }],
      ["127.0.0.1:50002", { server: "CLOSE_WAIT" }],
      ["[2001:db8::2]:50003", { server: "FIN_WAIT2" }],
    ],
  );
});

test("the kernel shows both ends of a real connection", { skip: process.platform !== "linux" }, async (t) => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  const socket = net.connect(port, "127.0.0.1");
  t.after(() => {
    socket.destroy();
    server.close();
  });
  await new Promise((resolve) => server.once("connection", resolve));
  const found = await kernelSockets(port);
  assert.ok(found !== null);
  assert.deepEqual(found.byClient.get(`127.0.0.1:${socket.localPort}`), {
    server: "ESTABLISHED",
    client: "ESTABLISHED",
  });
  assert.equal(found.server.LISTEN, 1);
});
