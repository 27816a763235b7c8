/** Programs: those of a directory, `--interface cgi`, and those that stand beside a site or an application, `--cgi DIR`. */
import { realpathSync } from "node:fs";
import { sep } from "node:path";
import { cgi } from "../gateway/cgi/handler.ts";
import type { Handler } from "../gateway/contract.ts";
import type { Queue } from "../observe/metrics.ts";
import { failure } from "./command-error.ts";
import { type Entry, requireDirectory } from "./entry.ts";
import { withGivenFields } from "./responses.ts";
import type { Settings } from "./settings.ts";

/**
 * @param queues gets that of these programs
 * @throws {CommandError} when there is no such directory, or its programs would be served as files, too.
 */
export function withScripts(next: Handler, entry: Entry, settings: Settings, queues: Record<string, Queue>): Handler {
  if (settings.cgi === undefined) return next;
  const directory = requireDirectory(settings.cgi, "--cgi");
  const site = entry.kind === "files" && settings.interface === undefined ? entry.path : undefined;
  for (const served of [site, settings.static]) if (served !== undefined) keepApart(directory, served);
  const rooted = settings.base === "/" ? site : undefined;
  const documentRoot = settings.prefix === "/" ? (settings.static ?? rooted) : rooted;
  const all = cgi(directory, { prefix: settings.cgiPrefix, next, documentRoot, ...limitsOf(settings) });
  queues.cgi = all;
  return withGivenFields(all, settings);
}

/** A directory that holds programs and nothing else, under `/`. */
export function programs(directory: string, settings: Settings, queues: Record<string, Queue>): Handler {
  const all = cgi(directory, limitsOf(settings));
  queues.cgi = all;
  return all;
}

/** What a program reads stands in its text: passwords, addresses. One spelling that is not ours would show it. */
function keepApart(directory: string, served: string): void {
  const inside = `${realpathSync(directory)}${sep}`.startsWith(`${realpathSync(served)}${sep}`);
  if (!inside) return;
  throw failure(
    `the programs in ${directory} (--cgi) would be served as files, too: put them beside ${served}, not in it`,
  );
}

function limitsOf({ cgiTimeout, maxScripts, maxWaitingScripts }: Settings) {
  return { timeout: cgiTimeout, maxScripts, maxWaiting: maxWaitingScripts };
}
