/** Hosts and authorities (RFC 9110 §7.2, RFC 3986 §3.2): what may name this server in a request. */

/** A host, with a port or without; no user information, no percent-encoding, no path. */
const SHAPE = /^(?:[A-Za-z0-9\-._~]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{0,5}))?$/;

/**
 * Whether `text` is `host` or `host:port`, such that `http://${text}/` is a URL that can be parsed. Stricter than RFC
 * 3986: percent-encoding and sub-delims are refused, because no name has them, no two readers agree on them, and a comma
 * is what two Host lines look like once somebody has joined them. An empty host names nothing (RFC 9110 §4.2.1).
 */
export function isAuthority(text: string): boolean {
  const match = SHAPE.exec(text);
  return match !== null && Number(match[1] ?? 0) <= 65_535 && URL.canParse(`http://${text}/`);
}
