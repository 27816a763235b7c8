/** `portico fetch`: curl's role. */

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import type { RequestOptions } from "../../client/options.ts";
import type { ClientResponse } from "../../client/response.ts";
import type { WireEvent } from "../../client/wire.ts";
import { printable } from "../../gateway/cgi/lines.ts";
import { type FetchCommand, FLAGS, fetchCommand, type Target, USAGE } from "../fetch/arguments.ts";
import { bodyOf } from "../fetch/data.ts";
import { WireLog } from "../fetch/wire-log.ts";
import { Progress } from "../sockets/progress.ts";
import { helpText } from "../subcommand.ts";
import { VERSION } from "../version.ts";

const ABOUT = `Asks a server and writes the body of its response to standard output. Several
URLs are asked one after the other, on one connection if the server keeps it.
With -v, > is what was sent, < what came, and * what became of the connection.
Exits with 0, 1 when there is no response, or with -f 22 when it is an error.`;

const EXAMPLES = `  portico fetch -v localhost:8000 localhost:8000/about
                            two requests, and what is kept between them
  portico fetch -d name=Ada -d city=London localhost:8000/form
  portico fetch -X PUT --data-binary @photo.jpg -H "Content-Type: image/jpeg" URL
  portico fetch -fsSL -o page.html https://example.com/`;

/** The exit code for a response that is an error, with --fail: curl's. */
const HTTP_ERROR = 22;

/** What all requests of one command share. */
interface Session {
  readonly command: FetchCommand;
  readonly client: Client;
  readonly log: WireLog;
  readonly progress: Progress;
  readonly signal: AbortSignal | null;
}

/** @throws {CommandError} on words that make no sense. What cannot be done is one line, and the exit code. */
export async function run(words: readonly string[]): Promise<void> {
  const command = fetchCommand(words);
  if (command === null) {
    return console.log(helpText({ usage: USAGE, about: ABOUT, flags: FLAGS, examples: EXAMPLES }));
  }
  const log = new WireLog(command.verbose ? (line) => console.error(line) : () => {});
  const progress = new Progress(showsProgress(command) ? process.stderr : { write: () => {} });
  const signal = command.maxTime === undefined ? null : AbortSignal.timeout(command.maxTime);
  const client = clientFor(command, (event) => {
    if (event.type === "sent") progress.sent += event.bytes.length;
    log.observe(event);
  });
  // Whoever reads our output may have enough of it, as head(1) does.
  process.stdout.on("error", () => process.exit(0));
  for (const target of command.targets) {
    const code = await ask({ command, client, log, progress, signal }, target);
    if (code !== 0) process.exitCode = code;
  }
  progress.stop();
  await client.destroy();
}

/** Only who does not see the body itself needs to be told how much of it has come. */
function showsProgress({ quiet, verbose, targets }: FetchCommand): boolean {
  return !quiet && !verbose && (!process.stdout.isTTY || targets.every(({ file }) => file !== null));
}

function clientFor(command: FetchCommand, observe: (event: WireEvent) => void): Client {
  const { unix, insecure, timeouts, compressed, withoutHeaders } = command;
  const usual: [string, string][] = [
    ["Accept", "*/*"],
    ["User-Agent", `portico/${VERSION}`],
  ];
  return new Client({
    headers: usual.filter(([name]) => !withoutHeaders.includes(name.toLowerCase())),
    unix,
    timeouts,
    decode: compressed,
    limits: { maxDecodedSize: Number.POSITIVE_INFINITY },
    ...(insecure && { tls: { rejectUnauthorized: false } }),
    observe,
  });
}

/** Asks for one URL. @returns the exit code */
async function ask({ command, client, log, progress, signal }: Session, target: Target): Promise<number> {
  const { url, file, authorization } = target;
  const complain = (message: string) => {
    progress.stop();
    if (command.showErrors) console.error(`portico: ${printable(message)}`);
  };
  log.heads.length = 0;
  try {
    const response = await client.request(url, { ...(await requestOptions(command, authorization)), signal });
    if (command.failOnError && response.status >= 400) {
      await response.body?.cancel();
      complain(`${url.href} gives ${response.status} ${response.statusText}`.trimEnd());
      return HTTP_ERROR;
    }
    const output = file === null ? process.stdout : createWriteStream(file);
    await pipeline(shown(command, response, log.heads, progress), output, { end: file !== null });
    return 0;
  } catch (error) {
    complain(reason(error, command, file));
    return 1;
  }
}

async function requestOptions(command: FetchCommand, authorization: string | null): Promise<RequestOptions> {
  const { method, headers, withoutHeaders, follow, data } = command;
  const made = await bodyOf(data);
  const isNamed = (name: string) => headers.some(([given]) => given.toLowerCase() === name);
  const fields: [string, string][] = headers.map(([name, value]) => [name, value]);
  if (authorization !== null) fields.unshift(["Authorization", authorization]);
  if (made !== null) {
    if (!isNamed("content-type") && !withoutHeaders.includes("content-type"))
      fields.push(["Content-Type", "application/x-www-form-urlencoded"]);
    if (!isNamed("content-length")) fields.push(["Content-Length", String(made.length)]);
  }
  return { method, headers: fields, body: made?.body ?? null, redirect: follow ? "follow" : "manual" };
}

/** What is to be seen of a response: its heads as they came, if they are asked for, and its body. */
async function* shown(
  { include, headOnly }: FetchCommand,
  { body, headers }: ClientResponse,
  heads: readonly string[],
  progress: Progress,
): AsyncGenerator<Uint8Array> {
  if (include) yield Buffer.from(heads.join(""), "latin1");
  if (headOnly) return body?.cancel();
  if (body === null) return;
  const length = headers.get("content-length");
  progress.total = length === null ? null : progress.received + Number(length);
  for await (const piece of body) {
    progress.received += piece.length;
    yield piece;
  }
}

function reason(error: unknown, { maxTime }: FetchCommand, file: string | null): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no whole response within ${maxTime! / 1000} s (--max-time)`;
  }
  if (error instanceof ClientError || error instanceof TypeError) return error.message;
  if (!(error instanceof Error) || !("syscall" in error)) throw error;
  // The system names what it opens, and not what it writes to.
  return "path" in error || file === null ? error.message : `${file}: ${error.message}`;
}
