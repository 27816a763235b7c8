/**
 * A page that is made anew for each request: the date and the time.
 *
 * Shows: an application is a function from a request to a response, and nothing else. No socket is in sight, no
 * Content-Length, no process: what 01 to 18 worried about is the server's.
 *
 * What is wrong with it: it answers every path alike. 22 has a table of them.
 *
 * Runs as: portico examples/tour/21-clock-page.ts
 *
 * Try: curl -i http://127.0.0.1:7890/         twice
 */
export default {
  fetch(): Response {
    const now = new Date();
    const page = `<!doctype html>
<title>The time</title>
<h1>${now.toDateString()}</h1>
<p>It is <time datetime="${now.toISOString()}">${now.toTimeString().slice(0, 8)}</time>.
`;
    return new Response(page, {
      // Without it, a browser may show an old time for a new one.
      headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
    });
  },
};
