/** Where a redirect leads, and what of the request goes there (RFC 9110 §15.4, Fetch standard "HTTP-redirect fetch"). */
import type { ResponseHead } from "../http/response-head.ts";
import { ClientError } from "./errors.ts";
import { type Outgoing, peerOf, without } from "./outgoing.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Fields about a body, which go with it. */
const OF_THE_BODY: ReadonlySet<string> = new Set([
  ...["content-encoding", "content-language", "content-length", "content-location", "content-type", "expect"],
]);
/** What one origin was given in confidence, or what names it, is not for another. */
const OF_THE_ORIGIN: ReadonlySet<string> = new Set(["authorization", "cookie", "host", "proxy-authorization"]);

/**
 * The request that a response redirects to; `null` when it is no redirect.
 * @throws {ClientError} `REDIRECTED`, `BAD_REDIRECT`, or `BODY_SPENT` when the body would have to be sent again.
 */
export function redirected(request: Outgoing, { status, fields }: ResponseHead): Outgoing | null {
  const location = REDIRECTS.has(status) ? fields.get("location") : null;
  if (location === null || request.redirect === "manual") return null;
  const { url, peer, method, upload } = request;
  const what = `${peer.name} redirects ${method} ${url.pathname}`;
  if (request.redirect === "error") throw new ClientError("REDIRECTED", `${what} to ${location}`, peer);
  const target = utf8(location);
  const places = [...fields].filter(([name]) => name.toLowerCase() === "location").length;
  // Two lines would be joined to a place that neither of them names (RFC 9110 §10.2.2).
  const next = places === 1 && URL.canParse(target, url) ? new URL(target, url) : null;
  if (next === null || (next.protocol !== "http:" && next.protocol !== "https:")) {
    throw new ClientError("BAD_REDIRECT", `${what} to ${JSON.stringify(location)}, which is no http: URL`, peer);
  }
  if (next.hash === "") next.hash = url.hash;
  next.username = next.password = "";

  const toGet = status === 303 ? method !== "GET" && method !== "HEAD" : status <= 302 && method === "POST";
  if (!toGet && upload !== null && !upload.replayable) {
    throw new ClientError("BODY_SPENT", `${what} with its body, which can be read only once`, peer);
  }
  const sameOrigin = next.origin === url.origin;
  const dropped = (name: string) => (toGet && OF_THE_BODY.has(name)) || (!sameOrigin && OF_THE_ORIGIN.has(name));
  return {
    ...request,
    url: next,
    // The socket stands for the host that the caller named, not for every other.
    peer: peerOf(next, sameOrigin ? peer.unix : undefined),
    method: toGet ? "GET" : method,
    fields: without(request.fields, dropped),
    upload: toGet ? null : upload,
  };
}

/** Bytes above ASCII are UTF-8 to browsers, if they are that. */
function utf8(location: string): string {
  return Buffer.from(location, "latin1").toString("utf8");
}
