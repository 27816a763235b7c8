/** A handler that waits 100 ms, and one that computes for about 20 ms: `COMPUTE_ROUNDS` says how much that is here. */
import { pbkdf2Sync } from "node:crypto";

const rounds = Number(process.env.COMPUTE_ROUNDS);

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/wait") {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return new Response("waited");
    }
    if (pathname !== "/compute") return new Response("no such page", { status: 404 });
    pbkdf2Sync("password", "salt", rounds, 32, "sha256");
    return new Response("computed");
  },
};
