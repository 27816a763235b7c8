/** The addresses and what happens at them. */
import { Hono } from "hono";
import { readAddress } from "./address.ts";
import { formPage, linkPage, problemPage } from "./pages.ts";
import type { Store } from "./store.ts";

const SHOWN = 20;

export function shortly(store: Store): Hono {
  const app = new Hono();

  app.get("/", async (c) => c.html(formPage(await store.latest(SHOWN))));

  app.post("/", async (c) => {
    // What is no form has no address in it.
    const { url: typed } = await c.req.parseBody().catch(() => ({ url: "" }));
    const text = typeof typed === "string" ? typed : "";
    const url = readAddress(text, new URL(c.req.url).host);
    if (typeof url === "string") {
      return c.html(formPage(await store.latest(SHOWN), { typed: text, problem: url }), 400);
    }
    const { code } = await store.add(url.href);
    return c.redirect(`/${code}+`, 303);
  });

  app.get("/:code{[0-9a-zA-Z]+\\+}", async (c) => {
    const link = await store.find(c.req.param("code").slice(0, -1));
    return link === null ? c.notFound() : c.html(linkPage(link, new URL(c.req.url).origin));
  });

  app.get("/:code{[0-9a-zA-Z]+}", async (c) => {
    const code = c.req.param("code");
    // Who only asks where it leads, by HEAD, has not clicked.
    const url = c.req.method === "HEAD" ? (await store.find(code))?.url : await store.click(code);
    if (!url) return c.notFound();
    // Not kept by caches: they would swallow the next click.
    return c.body(null, 302, { location: url, "cache-control": "no-store" });
  });

  app.notFound((c) => c.html(problemPage("Nothing here", "Nobody has been given this address."), 404));
  app.onError((error, c) => {
    console.error(error);
    return c.html(problemPage("Something is broken", "It is not your fault, and it has been written down."), 500);
  });
  return app;
}
