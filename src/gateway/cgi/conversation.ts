/** One request answered by one run of a script: both streams, and every way in which either side can fail the other. */
import { setTimeout as delay } from "node:timers/promises";
import { isBodiless, REASONS } from "../../http/status.ts";
import type { Exchange, FieldList } from "../contract.ts";
import { feed } from "./input.ts";
import { Patience } from "./patience.ts";
import type { Ending, ScriptProcess } from "./process.ts";
import { HeadReader, readResponse } from "./response.ts";

/** What a script did wrong, and the status that the client gets for it unless the response has begun. */
class ScriptError extends Error {
  readonly status: 502 | 504;

  constructor(status: 502 | 504, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Milliseconds to wait for a script's end once its output has ended: whether the output was whole shows in how the script
 * ended. One that closes its output and lives on is taken to have meant it.
 */
const ENDING_DELAY = 100;

export class Conversation {
  readonly #exchange: Exchange;
  readonly #script: ScriptProcess;
  readonly #log: (line: string) => void;
  readonly #limit: number;
  readonly #patience: Patience;
  readonly #output: AsyncIterator<Uint8Array>;
  /** Why the script was stopped before its time. */
  #failure: unknown = undefined;

  /** @param limit how long the script may stand still, in milliseconds; 0 for no limit */
  constructor(exchange: Exchange, script: ScriptProcess, limit: number, log: (line: string) => void) {
    this.#exchange = exchange;
    this.#script = script;
    this.#log = log;
    this.#limit = limit;
    this.#patience = new Patience(limit, () => {
      this.#fail(new ScriptError(504, `was stopped: it neither read nor wrote anything for ${limit} ms`));
    });
    this.#output = script.stdout[Symbol.asyncIterator]();
  }

  /**
   * Resolves when the response is complete, though the script may live on; with a target if the response is that of
   * another request.
   * @throws (rejects) with a fault of the client's that the server has a status for
   */
  async answer(): Promise<string | null> {
    const { signal, body } = this.#exchange;
    const leave = () => this.#fail(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave);
    if (this.#script.stdin !== null) {
      void feed(body, this.#script.stdin, this.#patience).catch((error) => this.#fail(error));
    }
    try {
      return await this.#respond();
    } catch (error) {
      this.#fail(error);
      this.#giveUp(this.#failure);
      return null;
    } finally {
      signal.removeEventListener("abort", leave);
      this.#patience.end();
      body.discard();
      void this.#outlive();
    }
  }

  async #respond(): Promise<string | null> {
    const head = new HeadReader();
    let rest: Uint8Array | null = null;
    while (rest === null) {
      const piece = await this.#read();
      if (piece === null) throw new ScriptError(502, await this.#withoutResponse(head));
      const result = head.push(piece);
      if (result === "too large") throw new ScriptError(502, "wrote more than 64 KiB of header fields");
      rest = result;
    }
    const response = readResponse(head.text);
    if (typeof response === "string") throw new ScriptError(502, response);
    if (response.kind === "redirect") return response.target;
    const { status, fields, reason } = response;
    this.#exchange.start(status, fields, reason);
    if (this.#exchange.head.method !== "HEAD" && !isBodiless(status)) await this.#sendBody(rest, lengthIn(fields));
    this.#exchange.end();
    return null;
  }

  /** What a script writes beyond the length that it gave is dropped. */
  async #sendBody(first: Uint8Array, length: number): Promise<void> {
    let left = length;
    for (let piece: Uint8Array | null = first; left > 0; piece = await this.#read()) {
      if (piece === null) return this.#checkEnd(left);
      const fitting = piece.subarray(0, left);
      left -= fitting.length;
      if (!this.#exchange.write(fitting)) await this.#patience.excuse(this.#exchange.drained());
    }
  }

  async #checkEnd(left: number): Promise<void> {
    if (left !== Number.POSITIVE_INFINITY) {
      throw new ScriptError(502, `ended its output ${left} bytes short of its Content-Length`);
    }
    const ending = await this.#ending();
    if (ending?.signal) throw new ScriptError(502, `${wordsFor(ending)} in the middle of its output`);
  }

  /** The next piece of output; `null` at its end. */
  async #read(): Promise<Uint8Array | null> {
    const { done, value } = await this.#output.next();
    if (this.#failure !== undefined) throw this.#failure;
    this.#patience.sign();
    return done ? null : value;
  }

  async #withoutResponse(head: HeadReader): Promise<string> {
    const ending = await this.#ending();
    const how = ending ? wordsFor(ending) : "ended its output";
    return head.isEmpty ? `${how} and wrote no response` : `${how} before the empty line that ends its header fields`;
  }

  /** How the script has ended; `null` if it lives on. */
  #ending(): Promise<Ending | null> {
    const waiting = new AbortController();
    const late = delay(ENDING_DELAY, null, waiting).catch(() => null);
    return Promise.race([this.#script.exited, late]).finally(() => waiting.abort());
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#script.stop();
    this.#script.stdout.destroy();
  }

  #giveUp(reason: unknown): void {
    const exchange = this.#exchange;
    if (reason instanceof ScriptError) this.#log(reason.message);
    if (exchange.started) return exchange.abort();
    if (!(reason instanceof ScriptError)) throw reason;
    refuse(exchange, reason.status);
  }

  /** With its response complete, a script may live on for as long as it may stand still. What it writes is for nobody. */
  async #outlive(): Promise<void> {
    const { exited, stdout } = this.#script;
    const stop = this.#limit === 0 ? undefined : setTimeout(() => this.#script.stop(), this.#limit);
    void exited.then(() => {
      clearTimeout(stop);
      stdout.destroy();
    });
    try {
      while (!(await this.#output.next()).done);
    } catch {
      // It was destroyed.
    }
  }
}

/** Answers with an error status and its name. */
export function refuse(exchange: Exchange, status: number, fields: FieldList = []): void {
  exchange.start(status, ["Content-Type", "text/plain; charset=utf-8", ...fields]);
  exchange.end(`${status} ${REASONS[status]}\n`);
}

function lengthIn(fields: FieldList): number {
  const at = fields.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === "content-length");
  return at < 0 ? Number.POSITIVE_INFINITY : Number(fields[at + 1]);
}

function wordsFor({ code, signal }: Ending): string {
  return signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
}
