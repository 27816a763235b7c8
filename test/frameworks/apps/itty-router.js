import { createHash } from "node:crypto";
import { AutoRouter, json, text } from "itty-router";
import { lines } from "./lines.js";

const router = AutoRouter({
  catch: (error) => text(`caught: ${error.message}`, { status: 500 }),
});
router.get("/hello/:name", ({ params, url }) => {
  return text(`Hello, ${params.name}!`, { headers: { "X-Secure": String(url.startsWith("https:")) } });
});
router.post("/json", async (request) => json({ got: await request.json() }, { status: 201 }));
router.post("/upload", async (request) => {
  const hash = createHash("sha1");
  for await (const piece of request.body) hash.update(piece);
  return text(hash.digest("hex"));
});
router.get("/stream", () => {
  const pieces = ReadableStream.from(lines()).pipeThrough(new TextEncoderStream());
  return new Response(pieces);
});
router.get("/error", () => {
  throw new Error("expected");
});

export default router;
