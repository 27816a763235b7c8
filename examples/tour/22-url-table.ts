/**
 * An application with a table of its pages, behind a gateway: `application(environ, startResponse)`, after Python's WSGI.
 *
 * Shows: server and application meet at one function and know nothing else of each other. Status and fields are the
 * application's, and reach the client as they are; length, date and connection are the server's. /login answers with
 * a redirect and a cookie of its own.
 *
 * What is wrong with it: nothing; it is where frameworks begin. Its table is what Hono's and Express's routers are, and
 * those run here unchanged.
 *
 * Runs as: portico examples/tour/22-url-table.ts
 *
 * Try: curl -i http://127.0.0.1:7890/         and /index, /login, /nowhere
 */
import type { Environ, StartResponse, WsgiApplication } from "portico/gateway";

const HTML = ["Content-Type", "text/html; charset=utf-8"] as const;

function index(_: Environ, startResponse: StartResponse) {
  startResponse("200 OK", [HTML]);
  return ["<h1>Index</h1>\n"];
}

function login(_: Environ, startResponse: StartResponse) {
  startResponse("303 See Other", [
    ["Location", "/index"],
    ["Set-Cookie", "visitor=1; HttpOnly"],
  ]);
  return [];
}

function notFound({ PATH_INFO }: Environ, startResponse: StartResponse) {
  startResponse("404 Not Found", [HTML, ["X-Asked-For", encodeURI(PATH_INFO)]]);
  return ["<h1>There is no such page</h1>\n"];
}

const PAGES: Readonly<Record<string, WsgiApplication>> = { "/": index, "/index": index, "/login": login };

export const application: WsgiApplication = (environ, startResponse) => {
  return (PAGES[environ.PATH_INFO] ?? notFound)(environ, startResponse);
};
