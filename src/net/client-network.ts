/**
 * What counts as one client: an IPv4 address, or the /64 of an IPv6 address, because that is the least a provider gives a
 * subscriber (RFC 6177 §2), who can then speak from 2^64 addresses.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [before, after] = address.replace(/%.*/, "").split("::") as [string, string?];
  const groups = before === "" ? [] : before.split(":");
  if (after !== undefined) {
    const last = after === "" ? [] : after.split(":");
    while (groups.length + last.length < 8) groups.push("0");
    groups.push(...last);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
