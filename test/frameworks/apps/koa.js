import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import Koa from "koa";
import { lines } from "./lines.js";

const app = new Koa();
app.use(async (context, next) => {
  try {
    await next();
  } catch (error) {
    context.status = 500;
    context.body = `caught: ${error.message}`;
  }
});
app.use(async (context) => {
  switch (context.path) {
    case "/hello/Ada":
      context.set("X-Secure", String(context.secure));
      context.body = `Hello, Ada, of ${context.ip}!`;
      break;
    case "/json":
      context.status = 201;
      context.body = { got: await json(context.req) };
      break;
    case "/upload": {
      const hash = createHash("sha1");
      await pipeline(context.req, hash);
      context.body = hash.digest("hex");
      break;
    }
    case "/stream":
      context.body = Readable.from(lines());
      break;
    case "/error":
      throw new Error("expected");
  }
});

export default app;
