/** `portico fetch`: curl's role. */

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import type { RequestOptions } from "../../client/options.ts";
import type { ClientResponse } from "../../client/response.ts";
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

/** @throws {CommandError} on words that make no sense. What cannot be done is one line, and the exit code. */
export async function run(words: readonly string[]): Promise<void> {
  const command = fetchCommand(words);
  if (command === null) {
    return console.log(helpText({ usage: USAGE, about: ABOUT, flags: FLAGS, examples: EXAMPLES }));
  }
  const log = new WireLog(command.verbose ? (line) => console.error(line) : () => {});
  const progress = new Progress(showsProgress(command) ? process.stderr : { write: () => {} });
  const { unix, insecure, timeouts, compressed } = command;
  const usual = Object.entries({ Accept: "*/*", "User-Agent": `portico/${VERSION}` });
  const client = new Client({
    headers: usual.filter(([name]) => !command.withoutHeaders.includes(name.toLowerCase())) as [string, string][],
    unix,
    timeouts,
    decode: compressed,
    limits: { maxDecodedSize: Number.POSITIVE_INFINITY },
    ...(insecure && { tls: { rejectUnauthorized: false } }),
    observe(event) {
      if (event.type === "sent") progress.sent += event.bytes.length;
      log.observe(event);
    },
  });
  // Whoever reads our output may have enough of it, as head(1) does.
  process.stdout.on("error", () => process.exit(0));
  const signal = command.maxTime === undefined ? null : AbortSignal.timeout(command.maxTime);
  for (const target of command.targets) {
    const code = await ask(client, command, target, log, progress, signal);
    if (code !== 0) process.exitCode = code;
  }
  progress.stop();
  await client.destroy();
}

/** Only who does not see the body itself needs to be told how much of it has come. */
function showsProgress({ quiet, verbose, targets }: FetchCommand): boolean {
  return !quiet && !verbose && (!process.stdout.isTTY || targets.every(({ file }) => file !== null));
}

/** Asks for one URL. @returns the exit code */
async function ask(
  client: Client,
  command: FetchCommand,
  { url, file }: Target,
  log: WireLog,
  progress: Progress,
  signal: AbortSignal | null,
): Promise<number> {
  const complain = (message: string) => {
    progress.stop();
    if (command.showErrors) console.error(`portico: ${message}`);
  };
  log.heads.length = 0;
  try {
    const response = await client.request(url, { ...(await requestOptions(command)), signal });
    if (command.failOnError && response.status >= 400) {
      await response.body?.cancel();
      complain(`${url.href} gives ${response.status} ${response.statusText}`.trimEnd());
      return HTTP_ERROR;
    }
    await write(command, response, log.heads, file, progress);
    return 0;
  } catch (error) {
    complain(reason(error, command));
    return 1;
  }
}

async function requestOptions(command: FetchCommand): Promise<RequestOptions> {
  const { method, headers, withoutHeaders, follow, data } = command;
  const made = await bodyOf(data);
  const isNamed = (name: string) => headers.some(([given]) => given.toLowerCase() === name);
  const fields: [string, string][] = headers.map(([name, value]) => [name, value]);
  if (made !== null) {
    if (!isNamed("content-type") && !withoutHeaders.includes("content-type"))
      fields.push(["Content-Type", "application/x-www-form-urlencoded"]);
    if (!isNamed("content-length")) fields.push(["Content-Length", String(made.length)]);
  }
  return { method, headers: fields, body: made?.body ?? null, redirect: follow ? "follow" : "manual" };
}

async function write(
  { include, headOnly }: FetchCommand,
  response: ClientResponse,
  heads: readonly string[],
  file: string | null,
  progress: Progress,
): Promise<void> {
  const output: Writable = file === null ? process.stdout : createWriteStream(file);
  if (file !== null) await once(output, "open");
  if (include) output.write(heads.join(""), "latin1");
  if (headOnly) {
    await response.body?.cancel();
  } else if (response.body !== null) {
    const length = response.headers.get("content-length");
    progress.total = length === null ? null : Number(length);
    for await (const piece of response.body) {
      progress.received += piece.length;
      if (!output.write(piece)) await once(output, "drain");
    }
  }
  await new Promise<void>((resolve, reject) => {
    if (file === null) output.write("", () => resolve());
    else output.once("error", reject).end(resolve);
  });
}

function reason(error: unknown, { maxTime }: FetchCommand): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no whole response within ${maxTime! / 1000} s (--max-time)`;
  }
  if (error instanceof ClientError || error instanceof TypeError) return error.message;
  if (error instanceof Error && "syscall" in error) return error.message;
  throw error;
}
