import { createHash } from "node:crypto";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import { lines } from "./lines.js";

const app = new Hono();
app.get("/hello/:name", (context) => {
  context.header("X-Secure", String(context.req.url.startsWith("https:")));
  return context.text(`Hello, ${context.req.param("name")}!`);
});
app.post("/json", async (context) => context.json({ got: await context.req.json() }, 201));
app.post("/upload", async (context) => {
  const hash = createHash("sha1");
  for await (const piece of context.req.raw.body) hash.update(piece);
  return context.text(hash.digest("hex"));
});
app.get("/stream", (context) => {
  return stream(context, async (output) => {
    for await (const line of lines()) await output.write(line);
  });
});
app.get("/error", () => {
  throw new Error("expected");
});
app.onError((error, context) => context.text(`caught: ${error.message}`, 500));

export default app;
