const [serves, port, files] = Deno.args;

const { fetch } = serves === "file" ? { fetch: file } : (await import(`../apps/${serves}.js`)).default;

async function file(request) {
  const { readable } = await Deno.open(files + new URL(request.url).pathname, { read: true });
  return new Response(readable, { headers: { "Content-Type": "text/html" } });
}

Deno.serve({ port: Number(port), hostname: "127.0.0.1" }, fetch);
