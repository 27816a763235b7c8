import { FastResponse, serve } from "srvx";
import { staticMiddleware } from "srvx/static";

const [serves, port, files] = process.argv.slice(2);

// srvx's own Response: the native one is slower on Node, and the applications say plain `Response`.
globalThis.Response = FastResponse;

const options =
  serves === "file"
    ? { middleware: [staticMiddleware({ dir: files })], fetch: () => new Response(null, { status: 404 }) }
    : (await import(`../apps/${serves}.js`)).default;

serve({ ...options, port, hostname: "127.0.0.1", silent: true });
