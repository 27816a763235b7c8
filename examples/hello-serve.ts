/** A server inside a program of your own: run it with `node`, not with `portico`. */
import { serve } from "portico";

const server = serve({
  port: Number(process.env.PORT ?? 8000),
  fetch: () => new Response("Hello from a server of your own!\n"),
});
await server.ready();
console.log(`Listening on ${server.url}`);

process.once("SIGINT", () => server.close());
