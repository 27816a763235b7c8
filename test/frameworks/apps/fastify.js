import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import fastify from "fastify";
import { lines } from "./lines.js";

const app = fastify();
app.get("/hello/:name", (request, reply) => {
  reply.header("X-Secure", String(request.protocol === "https"));
  return reply.send(`Hello, ${request.params.name}, of ${request.ip}!`);
});
app.post("/json", (request, reply) => reply.code(201).send({ got: request.body }));
app.addContentTypeParser("application/octet-stream", (_, body, done) => done(null, body));
app.post("/upload", { bodyLimit: 10_000_000 }, async (request) => {
  const hash = createHash("sha1");
  await pipeline(request.body, hash);
  return hash.digest("hex");
});
app.get("/stream", (_, reply) => reply.type("text/plain").send(Readable.from(lines())));
app.get("/error", async () => {
  throw new Error("expected");
});
app.setErrorHandler((error, _, reply) => reply.code(500).send(`caught: ${error.message}`));

export default app;
