/** Programs of any language as an application, by the Common Gateway Interface 1.1 (RFC 3875). */
import { resolve } from "node:path";
import { OPTIONS } from "../../core/options.ts";
import { rawPath, readPath } from "../../http/path.ts";
import type { Exchange, FieldList, Handler } from "../contract.ts";
import { Conversation, refuse } from "./conversation.ts";
import { environmentOf, type Place, type Variables } from "./environment.ts";
import { spool } from "./input.ts";
import { printable } from "./lines.ts";
import { type ScriptProcess, startScript } from "./process.ts";
import { RedirectedExchange } from "./redirect.ts";
import { type Refusal, type Script, ScriptDirectory } from "./script.ts";
import { Slots } from "./slots.ts";

export interface CgiOptions {
  /** Path under which the scripts stand, such as `/cgi-bin`. Default `/`. */
  readonly prefix?: string | undefined;
  /** Asked for everything outside of the prefix, local redirects among it. Without it, that is a 404. */
  readonly next?: Handler | undefined;
  /** What `/` stands for on the disk, for PATH_TRANSLATED and DOCUMENT_ROOT. Default: with the prefix `/`, the directory. */
  readonly documentRoot?: string | undefined;
  /** Variables that scripts get beside those of RFC 3875, such as REMOTE_USER; the same for all, or asked for each request. */
  readonly env?: Readonly<Variables> | ((exchange: Exchange) => Readonly<Variables>) | undefined;
  /**
   * How long a script may neither read nor write while nobody else keeps it waiting, and how long it may live on after its
   * response, in milliseconds. Default 60,000; 0 for no limit. Past it: SIGTERM, SIGKILL, and 504.
   */
  readonly timeout?: number | undefined;
  /** Scripts that run at a time. Default 32; 0 for any number. */
  readonly maxScripts?: number | undefined;
  /** Requests that wait for one of these to end. Default 128; past it: 503. */
  readonly maxWaiting?: number | undefined;
  /** Takes what scripts write to standard error, line by line, and what was wrong with them. Default `console.error`. */
  readonly log?: ((line: string) => void) | undefined;
}

/** Answers requests by scripts, and says how many there are. */
export interface CgiHandler extends Handler {
  /** Scripts that run. */
  readonly running: number;
  /** Requests that wait for one of these to end. */
  readonly waiting: number;
}

/** Local redirects that one request may take. Apache: 10. */
const MAX_REDIRECTS = 10;

/** What the system says when it has no room for another process now. */
const SHORTAGES = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);
const RETRY: FieldList = ["Retry-After", "1"];

/**
 * Runs the executable files of a directory, each request a process; nothing outside of it, and nothing hidden behind a dot.
 * @throws {Error} when there is no such directory, or on Windows, which knows neither #! nor process groups
 * @throws {TypeError} when the prefix is not a path
 */
export function cgi(directory: string, options: CgiOptions = {}): CgiHandler {
  if (process.platform === "win32") throw new Error("cgi: scripts run on POSIX systems only, not on Windows");
  const gateway = new Gateway(directory, options);
  const { slots } = gateway;
  return Object.defineProperties((exchange: Exchange) => gateway.answer(exchange), {
    running: { get: () => slots.running },
    waiting: { get: () => slots.waiting },
  }) as CgiHandler;
}

class Gateway {
  readonly #directory: ScriptDirectory;
  readonly #place: Place;
  readonly slots: Slots;
  readonly #options: CgiOptions;
  readonly #limit: number;

  constructor(directory: string, options: CgiOptions) {
    const prefix = readPath(options.prefix ?? "/");
    if (typeof prefix === "number") throw new TypeError(`cgi: the prefix ${options.prefix} is not a path from /`);
    const documentRoot = options.documentRoot ?? (prefix.names.length === 0 ? directory : undefined);
    this.#directory = new ScriptDirectory(directory);
    this.#place = {
      prefix: prefix.names,
      documentRoot: documentRoot === undefined ? undefined : resolve(documentRoot),
    };
    this.#limit = options.timeout ?? OPTIONS.cgiTimeout.default;
    this.slots = new Slots(
      options.maxScripts ?? OPTIONS.maxScripts.default,
      options.maxWaiting ?? OPTIONS.maxWaitingScripts.default,
    );
    this.#options = options;
  }

  /** What is not ours costs no promise: files and applications answer before they return. */
  answer(exchange: Exchange): void | Promise<void> {
    const { prefix } = this.#place;
    const path = readPath(rawPath(exchange.head.target));
    const isOurs = typeof path === "object" && prefix.every((name, at) => path.names[at] === name);
    if (!isOurs) {
      if (this.#options.next !== undefined) return this.#options.next(exchange);
      return refuse(exchange, typeof path === "number" ? path : 404);
    }
    const script = this.#directory.find({ ...path, names: path.names.slice(prefix.length) });
    if ("status" in script) return this.#refuse(exchange, script);
    return this.#serve(exchange, script);
  }

  async #serve(exchange: Exchange, script: Script): Promise<void> {
    const target = await this.#run(exchange, script);
    if (target !== null) return this.#redirect(exchange, script, target);
  }

  #refuse(exchange: Exchange, { status, reason }: Refusal): void {
    if (reason !== "") this.#say(exchange.head.target, reason);
    refuse(exchange, status);
  }

  /** Gives the target of a local redirect, if that is what the script answered with. */
  async #run(exchange: Exchange, script: Script): Promise<string | null> {
    const log = (line: string) => this.#say(script.names.join("/"), line);
    if (!(await this.slots.enter(exchange.signal))) {
      if (!exchange.signal.aborted) refuse(exchange, 503, RETRY);
      return null;
    }
    let running: ScriptProcess | null = null;
    try {
      running = await this.#start(exchange, script, log);
    } finally {
      if (running === null) this.slots.leave();
      else void running.exited.then(() => this.slots.leave());
    }
    if (running === null) return null;
    const target = await new Conversation(exchange, running, this.#limit, log).answer();
    // Its slot must be free for what answers in its place.
    if (target !== null) await running.exited;
    return target;
  }

  async #start(exchange: Exchange, script: Script, log: (line: string) => void): Promise<ScriptProcess | null> {
    const { body } = exchange;
    const spooled = body.length === null ? await spool(body) : null;
    const length = body.length ?? spooled!.size;
    const input = spooled?.file.fd ?? (length > 0 ? "pipe" : "ignore");
    try {
      return await startScript(script.file, this.#environment(exchange, script, length), input, log);
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (code === "") throw error;
      const status = SHORTAGES.has(code) ? 503 : code === "E2BIG" ? 431 : 500;
      log(code === "ENOENT" ? "cannot be run: the interpreter after its #! is not there" : `cannot be run: ${message}`);
      refuse(exchange, status, status === 503 ? RETRY : []);
      return null;
    } finally {
      await spooled?.file.close();
    }
  }

  #environment(exchange: Exchange, script: Script, length: number): Variables {
    const { env } = this.#options;
    const own = typeof env === "function" ? env(exchange) : env;
    return { ...environmentOf(exchange, script, this.#place, length), ...own };
  }

  #redirect(exchange: Exchange, script: Script, target: string): void | Promise<void> {
    const redirected = new RedirectedExchange(exchange, target);
    if (redirected.depth <= MAX_REDIRECTS) return this.answer(redirected);
    this.#say(script.names.join("/"), `gave the last of ${redirected.depth} local redirects: they lead nowhere`);
    refuse(exchange, 502);
  }

  #say(subject: string, line: string): void {
    (this.#options.log ?? console.error)(`cgi: ${printable(`${subject}: ${line}`)}`);
  }
}
