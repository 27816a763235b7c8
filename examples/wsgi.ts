/** An application after WSGI, with a table of its pages and a middleware around it: `portico examples/wsgi.ts`. */
import type { Environ, StartResponse, WsgiApplication } from "portico/gateway";

const PLAIN = [["Content-Type", "text/plain; charset=utf-8"]] as const;

function index(_: Environ, startResponse: StartResponse) {
  startResponse("200 OK", PLAIN);
  return ["/hello?Ada greets, /count counts, /lines numbers the lines that you post\n"];
}

function hello({ QUERY_STRING }: Environ, startResponse: StartResponse) {
  startResponse("200 OK", PLAIN);
  return [`Hello, ${decodeURIComponent(QUERY_STRING) || "world"}!\n`];
}

/** A generator: each piece is sent when it is there. */
async function* count(_: Environ, startResponse: StartResponse) {
  startResponse("200 OK", PLAIN);
  for (let number = 1; number <= 3; number++) {
    yield `${number}\n`;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function* lines(environ: Environ, startResponse: StartResponse) {
  startResponse("200 OK", PLAIN);
  let number = 0;
  for await (const line of environ["wsgi.input"]) {
    yield `${++number} `;
    yield line;
  }
}

const PAGES: Readonly<Record<string, WsgiApplication>> = {
  "/": index,
  "/hello": hello,
  "/count": count,
  "/lines": lines,
};

function notFound({ PATH_INFO }: Environ, startResponse: StartResponse) {
  startResponse("404 Not Found", PLAIN);
  return [`There is no ${PATH_INFO}\n`];
}

/** A middleware: takes an application, gives an application. */
function timed(inner: WsgiApplication): WsgiApplication {
  return (environ, startResponse) => {
    const began = performance.now();
    return inner(environ, (status, headers, ...late) => {
      const spent = (performance.now() - began).toFixed(1);
      return startResponse(status, [...headers, ["Server-Timing", `app;dur=${spent}`]], ...late);
    });
  };
}

export const application: WsgiApplication = timed((environ, startResponse) => {
  return (PAGES[environ.PATH_INFO] ?? notFound)(environ, startResponse);
});
