/**
 * A server of files in a process of its own, so that its memory can be told from the clients'. It serves the directory that
 * its first argument names, with the options in its second; `/memory` gives its resident set in bytes.
 */
import type { Exchange } from "../../src/gateway/contract.ts";
import { Server } from "../../src/server/server.ts";
import { files } from "../../src/static/index.ts";

function next(exchange: Exchange): void {
  globalThis.gc!();
  exchange.start(200);
  exchange.end(String(process.memoryUsage.rss()));
}

const [directory, options] = process.argv.slice(2);
const server = new Server(files(directory!, { ...JSON.parse(options!), next }), {
  port: 0,
  timeouts: { send: 600_000 },
  // A client that leaves in the middle is no error here.
  onError: (error) => (error as Error).name === "AbortError" || console.error(error),
});
await server.ready();
process.send!(server.url);
