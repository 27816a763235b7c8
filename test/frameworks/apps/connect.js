import { createHash } from "node:crypto";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import connect from "connect";
import { lines } from "./lines.js";

const app = connect();
app.use("/hello/", (request, response) => {
  response.setHeader("X-Secure", String(request.socket.encrypted));
  response.end(`Hello, ${request.url.slice(1)}, of ${request.socket.remoteAddress}!`);
});
app.use("/json", (request, response, next) => {
  json(request).then((got) => {
    response.writeHead(201, { "Content-Type": "application/json; charset=utf-8" });
    response.end(JSON.stringify({ got }));
  }, next);
});
app.use("/upload", (request, response, next) => {
  const hash = createHash("sha1");
  pipeline(request, hash).then(() => response.end(hash.digest("hex")), next);
});
app.use("/stream", (_, response, next) => {
  pipeline(lines, response).catch(next);
});
app.use("/error", () => {
  throw new Error("expected");
});
app.use((error, _request, response, _next) => {
  response.statusCode = 500;
  response.end(`caught: ${error.message}`);
});

export default app;
