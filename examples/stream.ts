/**
 * Server-sent events: the time, now and once a second, for as long as somebody listens. Try `curl -N` with its address;
 * `/listeners` counts who does. The same file runs on Portico, Bun and Deno.
 */
let listeners = 0;

export default {
  fetch(request: Request): Response {
    if (new URL(request.url).pathname === "/listeners") return Response.json(listeners);
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    return new Response(clock().pipeThrough(new TextEncoderStream()), { headers });
  },
};

function clock(): ReadableStream<string> {
  let timer: ReturnType<typeof setInterval>;
  return new ReadableStream({
    start(controller) {
      const tell = () => controller.enqueue(`data: ${new Date().toISOString()}\n\n`);
      timer = setInterval(tell, 1000);
      listeners++;
      tell();
    },
    cancel() {
      clearInterval(timer);
      listeners--;
    },
  });
}
