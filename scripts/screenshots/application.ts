/** What the pictures of the live page show at work. */
import { setTimeout as wait } from "node:timers/promises";

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/report":
        await wait(800 + Math.random() * 2500);
        break;
      case "/search":
        await wait(20 + Math.random() * 200);
        break;
      case "/broken":
        throw new Error("no such table: links");
      case "/export":
        return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }));
    }
    return new Response("Hello, world!\n");
  },
};
