/**
 * WinterTC's draft Fetch Server API: the marker makes `fetch` take a context, of which the request is one part. The page's
 * style is announced before the page, `/log` shows what was written down after each response, `/busy` is declined, and who
 * asks for an upgrade to `echo` gets back every byte.
 */
import type { ConnectContext, ServerContext, WintertcApplication } from "portico/gateway";

const log: string[] = [];

export default {
  [Symbol.for("wintertc.server.protocol")]: 1,

  fetch(ctx: ServerContext): Response | undefined {
    const { pathname } = new URL(ctx.request.url);
    if (pathname === "/log") return Response.json(log);
    if (pathname === "/busy") {
      ctx.deny();
      return;
    }
    ctx.sendInformational(103, { link: "</style.css>; rel=preload; as=style" });
    ctx.waitUntil(note(ctx, pathname));
    return new Response("<!doctype html><link rel=stylesheet href=/style.css><h1>Hello</h1>", {
      headers: { "content-type": "text/html" },
    });
  },

  async connect(ctx: ConnectContext): Promise<Response | undefined> {
    if (ctx.connectProtocol !== "echo") return new Response("echo is all there is\n", { status: 501 });
    const { readable, writable } = await ctx.accept();
    await readable.pipeTo(writable);
    return;
  },
} satisfies WintertcApplication;

/** A closing server waits for this, as for a request. */
async function note(ctx: ServerContext, pathname: string): Promise<void> {
  const outcome = await ctx.completed?.then(
    () => "sent",
    (error) => error.code,
  );
  log.push(`${pathname} ${outcome} to ${ctx.remoteAddress.address}`);
}
