/**
 * A server in a process of its own, so that its memory can be told from the client's. It says its URL when it listens,
 * and closes when it is told to. `/memory` gives the largest resident set since it was last asked, in bytes.
 */
import type { Exchange } from "../../src/gateway/contract.ts";
import { Server } from "../../src/server/server.ts";

const PIECE = Buffer.alloc(64 * 1024, "a");

let peak = 0;
setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5).unref();

/** Until `/release`, nobody reads the bodies that are sent to `/held`. */
let release!: () => void;
const held = new Promise<void>((resolve) => {
  release = resolve;
});

async function handle(exchange: Exchange): Promise<void> {
  const { method, target } = exchange.head;
  switch (`${method} ${target.split("?")[0]}`) {
    case "GET /memory": {
      const largest = Math.max(peak, process.memoryUsage.rss());
      peak = 0;
      exchange.start(200);
      return exchange.end(String(largest));
    }
    case "GET /download": {
      const pieces = Number(target.split("?")[1]) / PIECE.length;
      exchange.start(200);
      for (let i = 0; i < pieces; i++) if (!exchange.write(PIECE)) await exchange.drained();
      return exchange.end();
    }
    case "POST /upload": {
      let size = 0;
      let collected = 0;
      for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) {
        size += piece.length;
        // V8 lets some 60 MB of pieces lie before it collects them: they would hide what is held.
        if (size - collected > 8_000_000) {
          globalThis.gc!();
          collected = size;
        }
      }
      exchange.start(200);
      return exchange.end(String(size));
    }
    case "POST /held": {
      await held;
      let size = 0;
      for (let piece = await exchange.body.read(); piece !== null; piece = await exchange.body.read()) {
        size += piece.length;
      }
      exchange.start(200);
      return exchange.end(String(size));
    }
    case "GET /release":
      release();
      exchange.start(200);
      return exchange.end();
    default:
      exchange.start(200);
      return exchange.end("ok");
  }
}

const server = new Server(handle, {
  port: 0,
  plainReads: process.argv[2] === "plain",
  timeouts: { idle: 600_000 },
  // A client that leaves in the middle is no error here.
  onError: (error) => (error as Error).name === "AbortError" || console.error(error),
});
await server.ready();
process.send!(server.url);
process.once("message", async () => {
  await server.close();
  process.send!("closed");
  process.disconnect();
});
