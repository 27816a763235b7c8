/**
 * A loop on every core: a few processes, each of which serves many clients.
 *
 * Shows: one listening socket, shared by workers that a supervisor keeps. /slow blocks a worker with work, and others go on
 * answering; /crash ends one, and it is replaced. Both were 12's promise, at 12's price for each client.
 *
 * What is wrong with it: memory is not shared, so what one worker remembers, another does not know: a count of visitors
 * belongs into a store. As many requests for /slow as there are workers, and it is 08 once more.
 *
 * Runs as: portico examples/tour/18-pool.ts --workers 2
 *
 * Try: curl http://127.0.0.1:7890/slow        and, meanwhile, curl http://127.0.0.1:7890/
 *      curl http://127.0.0.1:7890/crash       and then the page again
 */
const slow = Number(process.env.SLOW ?? 20_000);

export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/crash") process.exit(1);
    if (pathname === "/slow") {
      console.log(`pid ${process.pid} is busy`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slow);
    }
    return new Response(`Hello from pid ${process.pid}\n`, { headers: { Connection: "close" } });
  },
};
