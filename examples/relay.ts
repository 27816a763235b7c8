/**
 * A server in front of another: every request goes on to UPSTREAM, and its response comes back.
 *
 *   UPSTREAM=http://127.0.0.1:8000 node bin/portico.js examples/relay.ts 8001
 */
import { Client, ClientError } from "portico/client";

const upstream = process.env.UPSTREAM ?? "http://127.0.0.1:8000";
const client = new Client({ timeouts: { response: 30_000 } });

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    try {
      // Redirects are for whoever asked to follow.
      return await client.request(new Request(new URL(pathname + search, upstream), request), { redirect: "manual" });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      console.error(error.message);
      return new Response("The server behind this one gives no answer.\n", { status: 502 });
    }
  },
};
