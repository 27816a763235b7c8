/** A request's URL (RFC 9112 §3.3): absolute and normalised, whatever the client sent. */
import type { Exchange } from "../contract.ts";

export function requestUrl(exchange: Exchange): string {
  const { target, method } = exchange.head;
  if (target.startsWith("/")) {
    const url = originOf(exchange) + target;
    return PLAIN_TARGET.test(target) ? url : new URL(url).href;
  }
  // Neither asterisk-form nor authority-form has a path.
  if (target === "*") return `${originOf(exchange)}/`;
  if (method === "CONNECT") return `${originFrom(schemeOf(exchange), target) ?? originOf(exchange)}/`;
  return absoluteUrl(target) ?? `${originOf(exchange)}/`;
}

/** A path and query that the URL standard leaves as they are: nothing to escape, no segment that could be a dot segment. */
const PLAIN_TARGET = /^(?:\/(?!\.|%2[eE])[\w\-.~!$&()*+,;=:@?%]*)+$/;

/** A target in absolute-form. It wins over Host (RFC 9112 §3.2.2); user information in it is dropped (RFC 9110 §4.2.4). */
function absoluteUrl(target: string): string | null {
  if (!URL.canParse(target)) return null;
  const url = new URL(target);
  url.username = "";
  url.password = "";
  return url.href;
}

/** The scheme and authority a request came to: what Host says, or where the connection ends when it says nothing of use. */
function originOf(exchange: Exchange): string {
  const host = exchange.head.fields.get("host");
  const scheme = schemeOf(exchange);
  return (host && originFrom(scheme, host)) || `${scheme}${localAuthority(exchange)}`;
}

function schemeOf(exchange: Exchange): "http://" | "https://" {
  return exchange.connection.encrypted ? "https://" : "http://";
}

/** Origins by scheme and host as sent: a server is called by few names, and parsing one takes 500 ns. */
const ORIGINS = { "http://": new Map<string, string | null>(), "https://": new Map<string, string | null>() };
const ORIGINS_LIMIT = 256;

/** The origin for a Host field's value, `null` when that is no authority. */
function originFrom(scheme: "http://" | "https://", host: string): string | null {
  const known = ORIGINS[scheme].get(host);
  if (known !== undefined) return known;
  const origin = /[/\\?#@]/.test(host) || !URL.canParse(scheme + host) ? null : new URL(scheme + host).origin;
  if (ORIGINS[scheme].size < ORIGINS_LIMIT) ORIGINS[scheme].set(host, origin);
  return origin;
}

function localAuthority(exchange: Exchange): string {
  const { localAddress, localPort } = exchange.connection;
  if (localAddress === "") return "localhost";
  // An IPv6 address may carry a zone, which a URL cannot.
  const host = localAddress.includes(":") ? `[${localAddress.replace(/%.*/, "")}]` : localAddress;
  const isDefault = localPort === (exchange.connection.encrypted ? 443 : 80);
  return isDefault ? host : `${host}:${localPort}`;
}
