/** What development serves, kept in step with the configuration file, as far as a server that runs can be. */
import { dirname, relative, resolve } from "node:path";
import { Watcher } from "../dev/watch.ts";
import type { Exchange, Handler } from "../gateway/contract.ts";
import type { Server } from "../server/server.ts";
import type { Given, ServeCommand } from "./arguments.ts";
import { CommandError } from "./command-error.ts";
import { configPaths, readCommand } from "./config-file.ts";
import { Development, type DevelopmentOptions } from "./development.ts";
import { prepare, type Serving } from "./serving.ts";
import { section } from "./settings.ts";

/** What is opened once, as the command starts. */
const OF_THE_START: readonly string[] = [
  ...["port", "hostname", "unix", "fd", "backlog", "limits.maxConnections"],
  ...["accessLog", "accessLogFormat", "logFormat", "admin", "pid", "open", "quiet"],
];
/** What workers are told, of which there are none. */
const OF_WORKERS: readonly string[] = ["workers", "probe", "maxRequests", "maxRequestsJitter", "maxRss"];

export interface ConfiguredSiteOptions extends Omit<DevelopmentOptions, "isConfig"> {
  /** The command line, to be read again. */
  readonly args: readonly string[];
}

/** Milliseconds without a change after which a save counts as done. */
const QUIET = 25;

/** One process, a line for each request and a live page, unless something else was asked for. */
export function forDevelopment({ workers: _, ...given }: Given): Given {
  const model = given.model === "serial" ? "serial" : "event-loop";
  const shown = { accessLog: "-", accessLogFormat: "%(r)s  %(s)s  %(M)s ms", admin: "0" };
  return { ...(!given.quiet && shown), ...given, model };
}

export class ConfiguredSite {
  readonly #options: ConfiguredSiteOptions;
  readonly #paths: readonly string[];
  /** What was asked for last, and what answers by it. */
  #command!: Pick<ServeCommand, "entry" | "given">;
  #development!: Development;
  #serving!: Serving;
  /** The change under way, for which requests wait. */
  #change: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** The ends of what answered before. */
  readonly #retiring = new Set<Promise<void>>();

  constructor(options: ConfiguredSiteOptions) {
    this.#options = options;
    this.#paths = configPaths(options.args, process.env).map((path) => resolve(path));
  }

  /** @throws {CommandError} when it cannot be served. */
  async open(command: Pick<ServeCommand, "entry" | "given">): Promise<Serving> {
    const development = this.#develop();
    const serving = await prepare(command.entry, command.given, development);
    this.#command = command;
    this.#development = development;
    this.#serving = serving;
    const handler: Handler = (exchange) => this.#answer(exchange, "handler");
    const connect: Handler = (exchange) => this.#answer(exchange, "connect");
    return { ...serving, handler, connect: serving.connect && connect, close: () => this.#close() };
  }

  /** From now on, what the file says is what the server does. */
  follow(server: Server): void {
    const { log } = this.#options;
    const changed = (path: string) => {
      if (!this.#paths.includes(path)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#follow(server, relative(process.cwd(), path)), QUIET);
    };
    const watcher = new Watcher(changed, ({ message }, directory) => {
      log.info(`changes of the configuration in ${directory} go unnoticed: ${message}`);
    });
    for (const directory of new Set(this.#paths.map(dirname))) watcher.watchDirectory(directory);
  }

  #develop(): Development {
    return new Development({ ...this.#options, isConfig: (path) => this.#paths.includes(path) });
  }

  async #answer(exchange: Exchange, which: "handler" | "connect"): Promise<void> {
    while (this.#change !== null) await this.#change;
    // Its client has left meanwhile.
    if (!exchange.started) await (this.#serving[which] ?? this.#serving.handler)(exchange);
  }

  /** One change after the other. */
  #follow(server: Server, path: string): void {
    const change = (this.#change ?? Promise.resolve()).then(() => this.#apply(server, path));
    const done = change.then(() => {
      if (this.#change === done) this.#change = null;
    });
    this.#change = done;
  }

  async #apply(server: Server, path: string): Promise<void> {
    const { args, live, log, say } = this.#options;
    const development = this.#develop();
    try {
      const command = (await readCommand(args, process.env)) as ServeCommand;
      const next = { entry: command.entry, given: forDevelopment(command.given) };
      const changed = changedKeys(this.#command, next).filter((key) => !OF_WORKERS.includes(key));
      const held = changed.filter((key) => OF_THE_START.includes(key));
      const applied = changed.filter((key) => !held.includes(key));
      if (applied.length > 0) {
        const serving = await prepare(next.entry, next.given, development);
        const { settings } = serving;
        server.adjust({ limits: section(settings, "limits"), timeouts: section(settings, "timeouts") });
        this.#retire(this.#development);
        this.#development = development;
        this.#serving = serving;
        live.reload();
      }
      this.#command = next;
      say(`${path} changed: ${told(applied, held)}`);
    } catch (error) {
      if (error instanceof CommandError) log.info(`${error.message}; what held before goes on`);
      else log.failed(`${path} cannot be applied, and what held before goes on`, error);
    }
    if (this.#development !== development) this.#retire(development);
  }

  #retire(development: Development): void {
    const retired = development.retire().then(() => void this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }

  async #close(): Promise<void> {
    await Promise.all([this.#serving.close?.(), ...this.#retiring]);
  }
}

function told(applied: readonly string[], held: readonly string[]): string {
  const parts = [
    ...(applied.length === 0 ? [] : [`applied ${applied.join(", ")}`]),
    ...(held.length === 0 ? [] : [`${held.join(", ")} only when portico is started again`]),
  ];
  return parts.length === 0 ? "nothing that development goes by" : parts.join("; ");
}

type Asked = Pick<ServeCommand, "entry" | "given">;

function changedKeys(before: Asked, after: Asked): string[] {
  const flat = ({ entry, given }: Asked): Record<string, unknown> => ({ entry, ...given });
  const [old, fresh] = [flat(before), flat(after)];
  const keys = new Set([...Object.keys(old), ...Object.keys(fresh)]);
  return [...keys].filter((key) => JSON.stringify(old[key]) !== JSON.stringify(fresh[key]));
}
