/** Notes behind a form, kept in memory: GET, POST, PUT and DELETE. The same file runs on Portico, Bun and Deno. */
const notes = new Map<number, string>([[1, "Columns carry; walls keep out."]]);
let last = 1;

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return page();
    if (pathname === "/notes" && request.method === "POST") {
      notes.set(++last, String((await request.formData()).get("text")));
      return new Response(null, { status: 303, headers: { location: "/" } });
    }
    const id = Number(pathname.slice("/notes/".length));
    if (!pathname.startsWith("/notes/") || !notes.has(id)) return new Response("No such note\n", { status: 404 });
    switch (request.method) {
      case "GET":
      case "HEAD":
        return Response.json({ id, text: notes.get(id) });
      case "PUT":
        notes.set(id, await request.text());
        return new Response(null, { status: 204 });
      case "DELETE":
        notes.delete(id);
        return new Response(null, { status: 204 });
      default:
        return new Response(null, { status: 405, headers: { allow: "GET, HEAD, PUT, DELETE" } });
    }
  },
};

function page(): Response {
  const text = (plain: string) => plain.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const items = [...notes].map(([id, note]) => `<li><a href="/notes/${id}">${id}</a> ${text(note)}</li>`).join("");
  const form = `<form method="post" action="/notes"><input name="text" required> <button>Keep</button></form>`;
  const html = `<!doctype html><title>Notes</title><h1>Notes</h1><ul>${items}</ul>${form}`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}
