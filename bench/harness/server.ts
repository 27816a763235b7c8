import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Peer, Places } from "./peers.ts";
import { endGroup, startGroup } from "./process-group.ts";
import type { Workload } from "./workloads.ts";

/** How long a server may take to answer after its start, in milliseconds. */
const START_LIMIT = 15_000;
const ERROR_TEXT_KEPT = 4096;

/** A server that runs, in a process group of its own, and has answered one request rightly. */
export interface RunningServer {
  readonly peer: Peer;
  readonly version: string;
  readonly port: number;
  readonly group: number;
  /** Of a workload that revalidates: the fields that ask whether the first answer is current. */
  readonly validators: Workload["fields"];
  /** Why it has ended, if it has. */
  ended(): string | undefined;
  stop(): void;
}

/**
 * Starts a peer and waits until it answers.
 * @throws {Error} that says why it cannot be measured: not installed, does not start, or answers something else.
 */
export async function startServer(
  peer: Peer,
  workload: Workload,
  where: Places,
  pin: readonly string[],
): Promise<RunningServer> {
  const version = peer.version();
  const port = await freePort();
  const command = peer.command({ serves: workload.serves, port, ...where });
  const child = startGroup([...pin, ...command], { NO_COLOR: "1", DENO_DIR: where.scratch, DENO_NO_UPDATE_CHECK: "1" });

  const ended = watchEnd(child);
  const stop = () => {
    if (ended() === undefined) endGroup(child.pid!);
  };
  try {
    const first = await rightAnswer(port, workload, ended);
    const validators = workload.revalidates === true ? await rightValidators(port, workload, first) : [];
    return { peer, version, port, group: child.pid ?? 0, validators, ended, stop };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Returns a function that tells why the program has ended, once it has. */
function watchEnd(child: ChildProcess): () => string | undefined {
  let errorText = "";
  child.stdout!.resume();
  child.stderr!.setEncoding("latin1").on("data", (text: string) => {
    errorText = (errorText + text).slice(-ERROR_TEXT_KEPT);
  });
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = error.message;
  });
  child.once("close", (code, signal) => {
    ended ??= `ended with ${signal ?? `exit code ${code}`}: ${errorLine(errorText)}`;
  });
  return () => ended;
}

interface Answer {
  readonly status: number;
  readonly fields: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks until the server answers; the first answer has to be right. */
async function rightAnswer(port: number, workload: Workload, ended: () => string | undefined): Promise<Answer> {
  const deadline = Date.now() + START_LIMIT;
  for (;;) {
    const reason = ended();
    if (reason !== undefined) throw new Error(reason);
    const answer = await ask(workload, port, []);
    if (answer !== undefined) {
      if (answer.status === 200 && answer.body === workload.answer) return answer;
      throw new Error(
        `answers ${answer.status} ${JSON.stringify(answer.body.slice(0, 80))}, which is not what was asked for`,
      );
    }
    if (Date.now() > deadline) throw new Error(`does not answer within ${START_LIMIT / 1000} s`);
    await delay(25);
  }
}

/** What a browser that has the answer sends to ask whether it is current. */
async function rightValidators(port: number, workload: Workload, { fields }: Answer): Promise<Workload["fields"]> {
  const { etag, "last-modified": lastModified } = fields;
  const validators: [string, string][] = [];
  if (etag !== undefined) validators.push(["If-None-Match", etag]);
  if (lastModified !== undefined) validators.push(["If-Modified-Since", lastModified]);
  const answer = await ask(workload, port, validators);
  if (answer?.status !== 304) throw new Error(`answers ${answer?.status} to ${JSON.stringify(validators)}`);
  return validators;
}

/** Sends the workload's request; `undefined` while nobody listens. */
async function ask(workload: Workload, port: number, more: Workload["fields"]): Promise<Answer | undefined> {
  const { method, path, fields, body } = workload;
  const asked = request({ host: "127.0.0.1", port, method, path, agent: false, timeout: 5000 });
  for (const [name, value] of [...fields, ...more]) asked.setHeader(name, value);
  asked.once("timeout", () => asked.destroy());
  try {
    asked.end(body);
    const [response] = await once(asked, "response");
    let text = "";
    for await (const piece of response.setEncoding("utf8")) text += piece;
    return { status: response.statusCode, fields: response.headers, body: text };
  } catch {
    return undefined;
  }
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Of what a program wrote before it ended, the line that says most. */
function errorLine(text: string): string {
  const lines = text.trim().split("\n");
  return (lines.find((line) => /^\S*error\b.*: /i.test(line)) ?? lines.at(-1) ?? "").trim();
}
