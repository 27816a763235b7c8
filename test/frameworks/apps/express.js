import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import express from "express";
import { lines } from "./lines.js";

const app = express();
app.get("/hello/:name", (request, response) => {
  response.set("X-Secure", String(request.secure)).send(`Hello, ${request.params.name}, of ${request.ip}!`);
});
app.post("/json", express.json(), (request, response) => {
  response.status(201).json({ got: request.body });
});
app.post("/upload", (request, response, next) => {
  const hash = createHash("sha1");
  request.on("error", next);
  request.pipe(hash).on("finish", () => response.send(hash.digest("hex")));
});
app.get("/stream", (_, response) => {
  response.type("text/plain");
  Readable.from(lines()).pipe(response);
});
app.get("/error", async () => {
  throw new Error("expected");
});
app.use((error, _request, response, _next) => {
  response.status(500).send(`caught: ${error.message}`);
});

export default app;
