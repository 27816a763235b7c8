/** What a worker of `portico tcp` runs: a service, on a socket that its supervisor has bound. */
import { TcpServer } from "../../net/tcp-server.ts";
import { type Served, type Work, work } from "../../run/worker.ts";
import { atWork } from "../at-work.ts";
import { findService } from "./services.ts";

const { args, fd, channel } = atWork();
const [service = "echo", idleTimeout] = args;

await work(channel, open, { timeout: 0, maxRequests: 0, maxRss: 0 });

/** Connections here are what requests are to an HTTP server: what the supervisor counts and waits for. */
async function open(): Promise<Work> {
  const counters = { requests: 0, dropped: 0 };
  const handler = await findService(service);
  const server = new TcpServer(handler, { fd, idleTimeout: Number(idleTimeout) });
  await server.ready();
  const served: Served = {
    counters,
    get connections() {
      return server.connections;
    },
    requests: () => [],
    // A connection of this kind has no response to end with: it stays where it is.
    shed() {},
    close: ({ force = false }) => server.close({ force }),
  };
  return { server: served };
}
