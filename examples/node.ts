/**
 * What is written for node:http, as it is: a server, exported instead of told to listen. It keeps what is PUT at a path,
 * byte by byte, and gives it back: `curl -T FILE` with the address, then `curl` with the same.
 */
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

interface Thing {
  readonly type: string;
  readonly bytes: Buffer;
}

const shelf = new Map<string, Thing>();

export default createServer(async (request, response) => {
  const { method, url = "/", headers } = request;
  if (method === "PUT") {
    const isNew = !shelf.has(url);
    shelf.set(url, { type: headers["content-type"] ?? "application/octet-stream", bytes: await buffer(request) });
    return response.writeHead(isNew ? 201 : 204, { Location: url }).end();
  }
  if (method !== "GET" && method !== "HEAD") {
    return response.writeHead(405, { Allow: "GET, HEAD, PUT" }).end();
  }
  const thing = shelf.get(url);
  if (thing !== undefined) {
    return response
      .writeHead(200, { "Content-Type": thing.type, "Content-Length": thing.bytes.length })
      .end(thing.bytes);
  }
  response.statusCode = url === "/" ? 200 : 404;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  return response.end(url === "/" ? `${shelf.size} on the shelf\n` : `There is nothing at ${url}\n`);
});
