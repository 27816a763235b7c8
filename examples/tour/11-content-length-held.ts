/**
 * The same four responses, asked of Portico.
 *
 * Shows: the server counts. Without a length, it finds the right one, or sends in chunks. What goes beyond the length is not
 * sent, so that nobody takes it for the next response. Where bytes are missing, the connection is cut, so that nobody takes
 * half for the whole. The log says what the application did wrong, in both cases.
 *
 * What is wrong with it: the application, in two of four cases, and now somebody knows.
 *
 * Runs as: portico examples/tour/11-content-length-held.ts
 *
 * Try: curl -i http://127.0.0.1:7890/absent   and /small, /equal, /large, /stream
 */
const BODY = "Hello, world!\n";
const LENGTHS: Readonly<Record<string, string>> = { "/small": "5", "/equal": "14", "/large": "50", "/stream": "50" };

/** Two pieces, one after the other: nobody knows the length before the end. */
function pieces(): ReadableStream<Uint8Array> {
  const words = ["Hello, ", "world!\n"];
  return new ReadableStream({
    async pull(controller) {
      const word = words.shift();
      if (word === undefined) return controller.close();
      controller.enqueue(new TextEncoder().encode(word));
      await new Promise(setImmediate);
    },
  });
}

export default {
  fetch(request: Request): Response {
    const { pathname } = new URL(request.url);
    const length = LENGTHS[pathname];
    const headers: HeadersInit = length === undefined ? {} : { "Content-Length": length };
    return new Response(pathname === "/stream" ? pieces() : BODY, { headers });
  },
};
