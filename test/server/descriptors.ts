/** A server in a process that may have few files open. It says its port; `/file` opens one. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Server } from "../../src/server/server.ts";
import { addressOf, answer } from "./support.ts";

const server = new Server(
  async (exchange) => {
    if (exchange.head.target !== "/file") return answer(exchange, "ok");
    await readFile(fileURLToPath(import.meta.url));
    answer(exchange, "descriptors are left");
  },
  { port: 0 },
);
await server.ready();
console.log((addressOf(server) as { port: number }).port);
