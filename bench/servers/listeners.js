/** What node:http is to do, by workload; as Portico's node gateway is measured by it, too. */
const TEXT = "text/plain;charset=UTF-8";

export const listeners = {
  hello: () => (_request, response) => send(response, TEXT, "Hello world!"),

  browser: () => (request, response) =>
    send(response, TEXT, `${request.headers["accept-language"]} ${request.headers["user-agent"]}`),

  json: () => (request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      send(response, "application/json", JSON.stringify(JSON.parse(Buffer.concat(chunks).toString())));
    });
  },

  file: async (files) => {
    const { default: sirv } = await import("sirv");
    return sirv(files, { etag: true });
  },
};

/** The whole head at once: node:http's fastest way to a response with a type and a length. */
function send(response, type, body) {
  response.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}
