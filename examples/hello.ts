/** The least application there is. The same file runs on Portico, Bun and Deno. */
export default {
  fetch(request: Request): Response {
    const name = new URL(request.url).searchParams.get("name");
    return new Response(`Hello, ${name ?? "world"}!\n`);
  },
};
