import { createHash } from "node:crypto";
import { H3 } from "h3";
import { lines } from "./lines.js";

const app = new H3({
  onError: (error) => new Response(`caught: ${error.cause?.message ?? error.message}`, { status: error.status }),
});
app.get("/hello/:name", (event) => {
  event.res.headers.set("X-Secure", String(event.url.protocol === "https:"));
  return `Hello, ${event.context.params.name}!`;
});
app.post("/json", async (event) => {
  event.res.status = 201;
  return { got: await event.req.json() };
});
app.post("/upload", async (event) => {
  const hash = createHash("sha1");
  for await (const piece of event.req.body) hash.update(piece);
  return hash.digest("hex");
});
app.get("/stream", () => {
  const pieces = lines();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(new TextEncoder().encode(value));
    },
  });
});
app.get("/error", () => {
  throw new Error("expected");
});

export default app;
