/** Where a socket command connects or listens. */
import type { Endpoint } from "../../net/connect.ts";
import { hostAndPort } from "../../net/errors.ts";
import { parsePort } from "../arguments.ts";
import { usageError } from "../command-error.ts";

/**
 * `HOST PORT`, or `HOST:PORT` as URLs have it (an IPv6 address in brackets there).
 * @throws {CommandError} when it is neither.
 */
export function hostPort(words: readonly string[], usage: string): { hostname: string; port: number; rest: string[] } {
  const [first = "", second, ...rest] = words;
  const joined = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]+)$/.exec(first);
  if (joined !== null) {
    const hostname = (joined[1] ?? joined[2])!;
    return { hostname, port: portToReach(joined[3]!), rest: words.slice(1) };
  }
  if (second === undefined) throw usageError(`a host and a port are needed; usage: portico ${usage}`);
  return { hostname: first, port: portToReach(second), rest };
}

function portToReach(text: string): number {
  const port = parsePort(text, "PORT");
  if (port === 0) throw usageError("PORT takes a number from 1 to 65535: nobody is reached at 0");
  return port;
}

/** The one word that may stand behind the command: a port to listen on. */
export function portWord(words: readonly string[], usage: string, otherwise: number): number {
  const [word, ...rest] = words;
  refuseRest(rest, usage);
  return word === undefined ? otherwise : parsePort(word, "PORT");
}

export function refuseRest([word]: readonly string[], usage: string): void {
  if (word !== undefined) throw usageError(`there is no place for "${word}"; usage: portico ${usage}`);
}

export function shownAddress(address: Endpoint): string {
  return "unix" in address ? `unix:${address.unix}` : hostAndPort(address.hostname, address.port);
}
