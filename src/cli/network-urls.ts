/** Where a server can be reached that listens on all addresses, `0.0.0.0` or `::`. */
import type { NetworkInterfaceInfo } from "node:os";

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** The URL for a browser on this machine: not every system connects to a wildcard. */
export function localUrl(url: string): string {
  return isWildcard(url) ? withHost(url, "localhost") : url;
}

/**
 * The URLs for other machines, the most likely to be reached first; none unless the server listens on all addresses.
 * Link-local addresses are left out: a URL cannot say on which link.
 */
export function networkUrls(url: string, interfaces: Interfaces): string[] {
  if (!isWildcard(url)) return [];
  const takesIPv6 = url.startsWith("http://[::]");
  return Object.entries(interfaces)
    .flatMap(([name, addresses = []]) => addresses.map((address) => ({ name, ...address })))
    .filter(
      ({ family, internal, address }) => !internal && (family === "IPv4" || (takesIPv6 && !/^fe[89ab]/i.test(address))),
    )
    .sort((a, b) => remoteness(a) - remoteness(b))
    .map(({ address, family }) => withHost(url, family === "IPv6" ? `[${address}]` : address));
}

/** Networks that lead to no other machine than this one's own guests, by the names that their makers give them. */
const VIRTUAL =
  /^(?:docker|br-|veth|virbr|vboxnet|vmnet|vEthernet|cni|flannel|lxc|lxd|podman|utun|tun|tap|wg|tailscale|zt)/i;

/** What a phone in the same room most likely has a way to comes first. */
function remoteness({ name, family, address }: { name: string; family: string; address: string }): number {
  const isHome = /^(?:192\.168\.|10\.|172\.(?:1[6-9]|2[0-9]|3[01])\.)/.test(address);
  return (VIRTUAL.test(name) ? 4 : 0) + (family === "IPv6" ? 2 : 0) + (isHome ? 0 : 1);
}

const WILDCARD = /^http:\/\/(?:0\.0\.0\.0|\[::\])(?=[:/])/;

function isWildcard(url: string): boolean {
  return WILDCARD.test(url);
}

function withHost(url: string, host: string): string {
  return url.replace(WILDCARD, `http://${host}`);
}
