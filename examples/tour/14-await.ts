/**
 * Waiting without blocking: a coroutine gives the thread up for as long as it waits.
 *
 * Shows: one thread, one process, and 1000 requests that each wait for a second are done in about a second. /waiting says
 * how many are under way at this moment.
 *
 * What is wrong with it: it helps those who wait, not those who compute. A loop of a second in here is 08 again; 18 has
 * an answer to that. And how one thread can hear from 1000 sockets at once is not to be seen: 15, 16 and 17 show it.
 *
 * Runs as: portico examples/tour/14-await.ts
 *
 * Try: for i in $(seq 1000); do curl -s http://127.0.0.1:7890/ & done; wait
 *      curl http://127.0.0.1:7890/waiting     meanwhile
 */
import { setTimeout } from "node:timers/promises";

const wait = Number(process.env.WAIT ?? 1000);
let waiting = 0;
let most = 0;

export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/waiting") return new Response(`${waiting} now, ${most} at most\n`);
    waiting++;
    most = Math.max(most, waiting);
    await setTimeout(wait);
    waiting--;
    return new Response("Hello\n");
  },
};
