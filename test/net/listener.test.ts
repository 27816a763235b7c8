/** Sockets as a listener hands them out, read in both ways. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { Listener } from "../../src/net/listener.ts";
import type { Attach } from "../../src/net/reading.ts";

/** A listener on a free port of loopback; it stops when the test ends. */
async function listen(t: TestContext, plainReads: boolean, attach: Attach): Promise<net.AddressInfo> {
  const listener = new Listener(attach, { port: 0, hostname: "127.0.0.1", backlog: 511, plainReads });
  t.after(() => listener.close());
  await listener.listen();
  return listener.address as net.AddressInfo;
}

function connect(t: TestContext, { port, address }: net.AddressInfo): net.Socket {
  const socket = net.connect({ port, host: address, noDelay: true });
  t.after(() => socket.destroy());
  return socket;
}

for (const plainReads of [false, true]) {
  const reads = plainReads ? "plain reads" : "shared reads";

  test(`a reader gets the bytes of its connection, and the socket writes back (${reads})`, async (t) => {
    const address = await listen(t, plainReads, (socket) => ({
      bytes: (buffer, length) => socket.write(Buffer.from(buffer.subarray(0, length))),
    }));
    const client = connect(t, address);
    for (const word of ["one", "two", "three"]) {
      client.write(word);
      assert.equal(String((await once(client, "data"))[0]), word);
    }
  });

  test(`a paused socket delivers nothing, and all of it once it is resumed (${reads})`, async (t) => {
    let paused: net.Socket | null = null;
    let size = 0;
    const address = await listen(t, plainReads, (socket) => ({
      bytes(_, length) {
        assert.equal(socket.isPaused(), false, "nothing comes while it is paused");
        size += length;
        if (paused === null) {
          paused = socket;
          socket.pause();
          socket.write("paused");
        } else if (size === 100_001) socket.end("all");
        return true;
      },
    }));
    const client = connect(t, address);
    client.write("x");
    assert.equal(String((await once(client, "data"))[0]), "paused");
    client.write(Buffer.alloc(100_000));
    // Another connection is served meanwhile: the paused one had its chance.
    const other = connect(t, address);
    await once(other, "connect");
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    assert.equal(size, 1);
    paused!.resume();
    assert.equal(String((await once(client, "data"))[0]), "all");
  });

  test(`a socket lives on when the client has ended its side (${reads})`, async (t) => {
    const address = await listen(t, plainReads, (socket) => {
      socket.on("end", () => socket.end("still here"));
      return { bytes: () => true };
    });
    const client = connect(t, address);
    client.end("bye");
    assert.equal(String((await once(client, "data"))[0]), "still here");
    await once(client, "close");
  });

  test(`a socket knows its addresses (${reads})`, async (t) => {
    const address = await listen(t, plainReads, (socket) => {
      socket.end(JSON.stringify([socket.remoteAddress, socket.remotePort, socket.localPort]));
      return { bytes: () => true };
    });
    const client = connect(t, address);
    const [said] = await once(client, "data");
    assert.deepEqual(JSON.parse(String(said)), ["127.0.0.1", client.localPort, address.port]);
  });
}

test("listen rejects with the system's code", async (t) => {
  const { port } = await listen(t, false, () => ({ bytes: () => true }));
  const options = { port, hostname: "127.0.0.1", backlog: 511 };
  await assert.rejects(new Listener(() => ({ bytes: () => true }), options).listen(), { code: "EADDRINUSE" });
});

for (const plainReads of [false, true]) {
  test(`a closed listener leaves the connections alone that it accepted (${plainReads ? "plain" : "shared"} reads)`, async (t) => {
    const attach: Attach = (socket) => ({
      bytes: (buffer, length) => socket.write(Buffer.from(buffer.subarray(0, length))),
    });
    const listener = new Listener(attach, { port: 0, hostname: "127.0.0.1", backlog: 511, plainReads });
    await listener.listen();
    const address = listener.address as net.AddressInfo;
    const client = connect(t, address);
    client.write("before");
    await once(client, "data");
    listener.close();
    assert.equal(listener.address, null);
    client.write("after");
    assert.equal(String((await once(client, "data"))[0]), "after");
    const [error] = await once(connect(t, address), "error");
    assert.equal(error.code, "ECONNREFUSED");
  });
}
