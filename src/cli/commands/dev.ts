/** `portico dev [ENTRY] [PORT] [OPTIONS]`: the same as serving, by one process that loads again what is saved. */
import { fork } from "node:child_process";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { meaningOf } from "../../dev/changes.ts";
import { showErrors, showLoadFailure } from "../../dev/errors.ts";
import type { ApplicationProcess } from "../../dev/generation.ts";
import { isFollowing, Live } from "../../dev/live.ts";
import type { FromApplication } from "../../dev/messages.ts";
import { wantsPage } from "../../dev/page-request.ts";
import { Reloader } from "../../dev/reloader.ts";
import { Watcher } from "../../dev/watch.ts";
import type { Exchange } from "../../gateway/contract.ts";
import type { ErrorLog } from "../../observe/error-log.ts";
import { files } from "../../static/index.ts";
import { adminAddress, openAdminOf } from "../admin.ts";
import { announce } from "../announce.ts";
import type { Application } from "../application.ts";
import type { Given, Layer } from "../arguments.ts";
import { readCommand } from "../config-file.ts";
import type { Assignment } from "../dev-application.ts";
import { listen } from "../listen.ts";
import { errorLogOf, observe, refuseFormat } from "../observing.ts";
import { writePidFile } from "../pid-file.ts";
import { type Means, prepare } from "../serving.ts";
import { DEFAULTS } from "../settings.ts";
import { stopOnSignals } from "../signals.ts";
import { VERSION } from "../version.ts";

const HELP = `Usage: portico dev [ENTRY] [PORT] [OPTIONS]

Serves as portico does, in one process, for whoever works on ENTRY:
  a save             loads the application again; requests wait for the new code,
                     and no connection is lost
  a broken save      leaves the last good state, and says what is wrong
  pages in browsers  load again by themselves, stylesheets without that

It takes the options of portico --help; --workers is for serving.`;

/** Resolves when it serves. @throws {CommandError} when it cannot. */
export async function run(args: readonly string[]): Promise<void> {
  const command = await readCommand(args, process.env);
  if (command.action === "help") return console.log(HELP);
  if (command.action === "version") return console.log(`portico ${VERSION}`);
  if (command.given.check) return (await import("./serve.ts")).run(args);
  const given = forDevelopment(command.given);
  refuseFormat(given.accessLogFormat);
  if (given.admin !== undefined) adminAddress(given.admin);
  const log = errorLogOf({ ...DEFAULTS, ...given });
  const say = given.quiet ? () => {} : log.info;

  if (given.pid !== undefined) writePidFile(given.pid);
  const development = new Development(log, say);
  development.followConfig(command.layers);
  const serving = await prepare(command.entry, given, development);
  const observing = observe(serving.settings, {
    isLogged: ({ head }) => head === null || !isFollowing(head.target),
    keepsBytes: true,
  });
  const server = await listen({ ...serving, handler: development.live.behind(serving.handler) }, observing.options);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => development.live.close());
  stopOnSignals(server, say, observing.close);
  process.on("SIGUSR1", observing.reopen);
  await announce(server.url, serving.entry, serving.settings);
  await openAdminOf(observing, server, serving.settings);
}

/** One process, a line for each request and a live page, unless something else was asked for. */
function forDevelopment({ workers: _, ...given }: Given): Given {
  const model = given.model === "serial" ? "serial" : "event-loop";
  const shown = { accessLog: "-", accessLogFormat: "%(r)s  %(s)s  %(M)s ms", admin: "0" };
  return { ...(!given.quiet && shown), ...given, model };
}

/** Files that are looked at on every request, and an application in a process that is replaced when its sources change. */
class Development implements Means {
  readonly live = new Live();

  readonly #log: ErrorLog;
  readonly #say: (line: string) => void;
  readonly #watcher: Watcher;
  readonly #served: string[] = [];
  readonly #loaded = new Set<string>();
  #application: string | undefined;
  #reloader: Reloader | null = null;
  #config: string | undefined;

  constructor(log: ErrorLog, say: (line: string) => void) {
    this.#log = log;
    this.#say = say;
    this.#watcher = new Watcher(
      (path) => this.#changed(path),
      ({ message }, directory) => log.info(`saves in ${directory} go unnoticed: ${message}`),
    );
  }

  /** What was read from a file counts for as long as the server runs. */
  followConfig(layers: readonly Layer[]): void {
    const file = layers.find(({ kind }) => kind === "file");
    if (file === undefined) return;
    this.#config = resolve(file.name);
    this.#watcher.watchDirectory(dirname(this.#config));
  }

  readonly files: Means["files"] = (root, { next, ...options }) => {
    const directory = resolve(root);
    this.#served.push(directory);
    this.#watcher.watchTree(directory);
    const { cacheControl = "no-cache" } = options;
    return this.live.files((rest) => files(root, { ...options, cacheControl, next: rest, checkInterval: 0 }), next);
  };

  readonly load: Means["load"] = async (path, settings): Promise<Application> => {
    this.#application = dirname(resolve(path));
    this.#watcher.watchTree(this.#application);
    // A command line is everybody's to read, and the password is the server's to ask for.
    const { auth: _, ...open } = settings;
    const reloader = new Reloader({
      spawn: () => spawnApplication({ path, settings: open }),
      wantsPage: ({ head }) => wantsPage(head),
      showFailure: showLoadFailure,
      around: (handler) => this.live.application(showErrors(handler, this.#report)),
      files: (files) => this.#follow(files),
      changed: () => this.live.reload(),
      grace: settings["timeouts.grace"],
      say: this.#say,
      complain: this.#log.info,
    });
    process.on("exit", () => reloader.close());
    const { wishes, connects } = await reloader.start();
    this.#reloader = reloader;
    const { handler } = reloader;
    return { handler, ...(connects && { connect: handler }), close: () => reloader.stop(), wishes };
  };

  readonly #report = (error: unknown, { head }: Exchange) => {
    this.#log.failed(`${head.method} ${head.target}`, error);
  };

  #follow(files: readonly string[]): void {
    for (const file of files) {
      if (file.startsWith(OURS)) continue;
      this.#loaded.add(file);
      this.#watcher.watchDirectory(dirname(file));
    }
  }

  #changed(path: string): void {
    if (path === this.#config) {
      return this.#say(`${relative(process.cwd(), path)} has changed: that counts when portico is started again`);
    }
    const interests = { served: this.#served, application: this.#application, loaded: this.#loaded };
    const meaning = meaningOf(path, interests);
    if (meaning === "application") this.#reloader?.saved(relative(process.cwd(), path));
    else if (meaning === "styles") this.live.swapStyles();
    else if (meaning === "page") this.live.reload();
  }
}

/** Our own files, which nobody who runs this works on. */
const OURS = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = new URL("../dev-application.js", import.meta.url);

function spawnApplication(assignment: Assignment): ApplicationProcess {
  const child = fork(PROGRAM, [JSON.stringify(assignment)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  // A message to a child that has just ended; its end is told by itself.
  child.on("error", () => {});
  return {
    send: (message) => child.connected && child.send(message),
    receive: (listener) => void child.on("message", (message) => listener(message as FromApplication)),
    ended: new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`))),
    kill: () => child.kill("SIGKILL"),
  };
}
