import fastifyStatic from "@fastify/static";
import Fastify from "fastify";

const [serves, port, files] = process.argv.slice(2);
const fastify = Fastify();

const routes = {
  hello: () => fastify.get("/", (_request, reply) => reply.send("Hello world!")),
  browser: () =>
    fastify.get("/", ({ headers }, reply) => reply.send(`${headers["accept-language"]} ${headers["user-agent"]}`)),
  json: () => fastify.post("/", (request, reply) => reply.send(request.body)),
  file: () => fastify.register(fastifyStatic, { root: files }),
};

routes[serves]();
await fastify.listen({ port: Number(port), host: "127.0.0.1" });
