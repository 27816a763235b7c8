/** Reading by asking and writing by waiting: whatever pieces the bytes come in. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { ByteQueue } from "../../src/net/byte-queue.ts";
import { Connection, type ConnectionOptions } from "../../src/net/connection.ts";
import { deferred, socketPath } from "../server/support.ts";
import { dial, rawDial, startTcp, textOf } from "./support.ts";

/** A connection that is fed these pieces, then the end, while it is read. */
function fed(pieces: readonly Uint8Array[], options: ConnectionOptions = {}): Connection {
  const socket = new Socket();
  const connection = new Connection(socket, options);
  void (async () => {
    for (const piece of pieces) {
      connection.bytes(piece, piece.length);
      await new Promise(setImmediate);
    }
    socket.emit("end");
  })();
  return connection;
}

/** The bytes cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)).filter(({ length }) => length > 0);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const lineText = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replace(/[\r\n]/g, "é"));
const places = fc.array(fc.nat(), { maxLength: 12 });

test("any chunking of the bytes gives the same lines", async () => {
  const line = fc.tuple(lineText, fc.constantFrom("\n", "\r\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), lineText, places, async (lines, last, where) => {
      const bytes = Buffer.from(lines.map(([text, end]) => text + end).join("") + last);
      const expected = [...lines.map(([text]) => text), ...(last === "" ? [] : [last])];
      assert.deepEqual(await all(fed(cut(bytes, where)).lines()), expected);
    }),
  );
});

test("any chunking of the bytes gives the same answers to readExactly, readUntil and read", async () => {
  const piece = fc.uint8Array({ minLength: 1, maxLength: 30 }).map((bytes) => bytes.map((byte) => byte % 64));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(piece, piece), { maxLength: 6 }), places, async (pairs, where) => {
      const mark = Buffer.from("\xff\xfe\xff", "latin1");
      const bytes = Buffer.concat(pairs.flatMap(([counted, marked]) => [counted, marked, mark]));
      const connection = fed([...cut(bytes, where), Buffer.from("rest")]);
      for (const [counted, marked] of pairs) {
        assert.deepEqual(await connection.readExactly(counted.length), Buffer.from(counted));
        assert.deepEqual(await connection.readUntil(mark), Buffer.concat([marked, mark]));
      }
      assert.equal(Buffer.concat(await all(connection)).toString(), "rest");
    }),
  );
});

test("a line over the limit is refused at the same length, however it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 20 }), places, async (length, where) => {
      const connection = fed(cut(Buffer.from(`${"x".repeat(length)}\n`), where), { maxLineLength: 10 });
      if (length <= 10) assert.equal(await connection.readLine(), "x".repeat(length));
      else await assert.rejects(connection.readLine(), { name: "NetError", code: "LINE_TOO_LONG" });
    }),
  );
});

test("a queue gives out what was put in, and finds what is in it, whatever the steps", () => {
  const step = fc.oneof(
    fc.record({ push: fc.uint8Array({ max: 3, maxLength: 9000 }) }),
    fc.record({ take: fc.nat(9000) }),
    fc.record({ find: fc.uint8Array({ max: 3, minLength: 1, maxLength: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = new ByteQueue();
      let model = Buffer.alloc(0);
      for (const each of steps) {
        if ("push" in each) {
          queue.push(each.push, each.push.length);
          model = Buffer.concat([model, each.push]);
        } else if ("take" in each) {
          const length = Math.min(each.take, model.length);
          assert.deepEqual(queue.take(length), model.subarray(0, length));
          model = model.subarray(length);
        } else {
          assert.equal(queue.indexOf(each.find), model.indexOf(each.find));
          assert.equal(queue.indexOf(each.find), model.indexOf(each.find));
        }
        assert.equal(queue.size, model.length);
      }
    }),
  );
});

test("what was taken stays as it is while more comes", async () => {
  const connection = fed(["ab", "cd", "ef"].map((text) => Buffer.from(text)));
  const taken: Buffer[] = [];
  for (let i = 0; i < 6; i++) taken.push((await connection.readExactly(1))!);
  assert.equal(Buffer.concat(taken).toString(), "abcdef");
});

test("an end at a message's border is null; one in the middle of it is an error that says where", async () => {
  for (const read of [(c: Connection) => c.readExactly(3), (c: Connection) => c.readUntil("xyz")]) {
    assert.equal(await read(fed([])), null);
    await assert.rejects(read(fed([Buffer.from("ab")])), { code: "UNEXPECTED_EOF", message: /after 2 bytes/ });
  }
  assert.equal(await fed([]).readLine(), null);
  assert.equal(await fed([]).read(), null);
});

test("a second read while one waits is refused, and the first gets its bytes", async () => {
  const connection = new Connection(new Socket());
  const first = connection.readLine();
  await assert.rejects(connection.read(), TypeError);
  connection.bytes(Buffer.from("one\n"), 4);
  assert.equal(await first, "one");
});

test("a large read moves the bound on what waits unread only for as long as it lasts", async () => {
  const socket = new Socket();
  const connection = new Connection(socket);
  const large = connection.readExactly(1_000_000);
  connection.bytes(Buffer.alloc(999_999), 999_999);
  assert.equal(socket.isPaused(), false);
  connection.bytes(Buffer.alloc(1), 1);
  assert.equal((await large)!.length, 1_000_000);
  const small = connection.readExactly(1);
  connection.bytes(Buffer.alloc(64 * 1024 - 1), 64 * 1024 - 1);
  assert.equal(socket.isPaused(), false);
  connection.bytes(Buffer.alloc(1), 1);
  assert.equal(socket.isPaused(), true);
  assert.equal((await small)!.length, 1);
});

for (const unix of [false, true]) {
  const where = unix ? "a unix socket" : "TCP";

  test(`a connection reads, writes and ends its side first (${where})`, async (t) => {
    const server = await startTcp(
      t,
      async (connection) => {
        const lines = await all(connection.lines());
        await connection.write(`${lines.length} lines: `);
        await connection.end(lines.join());
      },
      unix ? { unix: socketPath(t) } : {},
    );
    const connection = await dial(t, server);
    await connection.write("one\ntwo\r\n");
    await connection.end("three");
    assert.equal(await textOf(connection), "3 lines: one,two,three");
    await connection.closed;
    assert.throws(() => connection.write("more"), { name: "TypeError", message: "write after end" });
  });
}

test("lines that come byte by byte over a socket are lines", async (t) => {
  const server = await startTcp(t, async (connection) => {
    for await (const line of connection.lines()) await connection.write(`<${line}>`);
  });
  const socket = rawDial(t, server);
  const answer = textOf(socket);
  for (const byte of Buffer.from("søn\r\n\r\nmåne")) {
    await new Promise((sent) => socket.write(Buffer.of(byte), () => setImmediate(sent)));
  }
  socket.end();
  assert.equal(await answer, "<søn><><måne>");
});

test("a write waits for a client that does not read, and what is not asked for stays with the sender", async (t) => {
  const stuck = deferred();
  const server = await startTcp(t, async (connection) => {
    const piece = Buffer.alloc(1024 * 1024, "a");
    let isWaiting = false;
    for (let i = 0; i < 64; i++) {
      const written = connection.write(piece);
      setImmediate(() => isWaiting && stuck.resolve());
      isWaiting = true;
      await written;
      isWaiting = false;
    }
  });
  const socket = rawDial(t, server);
  socket.pause();
  await once(socket, "connect");
  await stuck.promise;
  let size = 0;
  for await (const piece of socket) size += piece.length;
  assert.equal(size, 64 * 1024 * 1024);
});

test("a reader that does not read stops the sender, and gets all of it later", async (t) => {
  const paused = deferred();
  const server = await startTcp(t, async (connection) => {
    await paused.promise;
    let size = 0;
    for await (const piece of connection) size += piece.length;
    await connection.write(String(size));
  });
  const socket = rawDial(t, server);
  // More than all buffers on the way take: the kernel's are some megabytes.
  socket.write(Buffer.alloc(32 * 1024 * 1024));
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  assert.ok(socket.writableLength > 0, "the sender is held back");
  paused.resolve();
  socket.end();
  assert.equal(await textOf(socket), String(32 * 1024 * 1024));
});

test("readExactly takes more than the buffer before a pause", async (t) => {
  const server = await startTcp(t, async (connection) => {
    const bytes = await connection.readExactly(5_000_000);
    await connection.write(String(bytes!.length));
  });
  const connection = await dial(t, server);
  await connection.end(Buffer.alloc(5_000_000));
  assert.equal(await textOf(connection), "5000000");
});

test("a peer that is silent for too long while it is waited for loses the connection", async (t) => {
  const failed = deferred<unknown>();
  const server = await startTcp(t, async (connection) => void (await connection.readLine()), {
    idleTimeout: 300,
    onError: failed.resolve,
  });
  const socket = rawDial(t, server);
  const reset = once(socket, "error");
  socket.write("half a line");
  assert.match(String(await failed.promise), /NetError: 127\.0\.0\.1:\d+ neither sent nor took anything for 0\.3 s/);
  assert.equal(((await reset)[0] as NodeJS.ErrnoException).code, "ECONNRESET");
});

test("a peer that takes nothing for too long loses the connection", async (t) => {
  const failed = deferred<unknown>();
  const server = await startTcp(
    t,
    async (connection) => {
      for (;;) await connection.write(Buffer.alloc(1024 * 1024));
    },
    { idleTimeout: 300, onError: failed.resolve },
  );
  const socket = rawDial(t, server);
  socket.on("error", () => {});
  socket.pause();
  assert.equal(((await failed.promise) as { code: string }).code, "IDLE_TIMEOUT");
});

test("a handler may take its time: only waiting for the peer counts as idle", async (t) => {
  const server = await startTcp(
    t,
    async (connection) => {
      await connection.readLine();
      // Four times the limit, and the clock's two ticks.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await connection.write("done");
    },
    { idleTimeout: 100 },
  );
  const connection = await dial(t, server);
  await connection.write("go\n");
  assert.equal(await connection.readLine(), "done");
});

test("a reset is an error with its code and with whom, for reads and for writes", async (t) => {
  const server = await startTcp(t, async (connection) => {
    await connection.readLine();
    connection.abort();
  });
  const connection = await dial(t, server);
  await connection.write("go\n");
  const reset = { name: "NetError", code: "ECONNRESET", message: new RegExp(`127\\.0\\.0\\.1:${server.port} broke`) };
  await assert.rejects(connection.read(), reset);
  await assert.rejects(connection.write("x"), reset);
});

test("closing leaves the peer what it was sent, although it had more to say", async (t) => {
  const server = await startTcp(t, async (connection) => void (await connection.end("goodbye")));
  const socket = rawDial(t, server);
  let said = "";
  socket.on("data", (bytes) => (said += bytes));
  socket.on("end", () => socket.end());
  // Bytes that nobody reads: a bare close would answer them with a reset.
  socket.write(Buffer.alloc(200_000));
  await once(socket, "close");
  assert.deepEqual([said, socket.errored], ["goodbye", null]);
});
