const [serves, port, files] = process.argv.slice(2);

const { fetch } =
  serves === "file"
    ? { fetch: (request) => new Response(Bun.file(files + new URL(request.url).pathname)) }
    : (await import(`../apps/${serves}.js`)).default;

Bun.serve({ fetch, port: Number(port), hostname: "127.0.0.1" });
