import { serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

const [serves, port, files] = process.argv.slice(2);

const { fetch } =
  serves === "file"
    ? new Hono().use("/*", serveStatic({ root: files }))
    : (await import(`../apps/${serves}.js`)).default;

serve({ fetch, port: Number(port), hostname: "127.0.0.1" });
