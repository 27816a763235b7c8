/** What development serves by, for one state of the configuration. */
import { fork } from "node:child_process";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { meaningOf } from "../dev/changes.ts";
import { showErrors, showLoadFailure } from "../dev/errors.ts";
import type { ApplicationProcess } from "../dev/generation.ts";
import type { Live } from "../dev/live.ts";
import type { FromApplication } from "../dev/messages.ts";
import { wantsPage } from "../dev/page-request.ts";
import { pendingEvents, Reloader } from "../dev/reloader.ts";
import { Watcher } from "../dev/watch.ts";
import type { Exchange } from "../gateway/contract.ts";
import type { ErrorLog } from "../observe/error-log.ts";
import { environmentOfWatched } from "../run/watchdog.ts";
import { files } from "../static/index.ts";
import type { Application } from "./application.ts";
import type { Assignment } from "./dev-application.ts";
import type { Means } from "./serving.ts";

export interface DevelopmentOptions {
  /** The pages that follow. */
  readonly live: Live;
  readonly log: ErrorLog;
  readonly say: (line: string) => void;
  /** Whether a file is the configuration's, which somebody else follows. */
  readonly isConfig: (path: string) => boolean;
}

/** Those that have processes. */
const developments = new Set<Development>();
process.on("exit", () => {
  for (const development of developments) development.kill();
});

/** Files that are looked at on every request, and an application in a process that is replaced when its sources change. */
export class Development implements Means {
  readonly #options: DevelopmentOptions;
  readonly #watcher: Watcher;
  readonly #served: string[] = [];
  readonly #loaded = new Set<string>();
  #application: string | undefined;
  #reloader: Reloader | null = null;

  constructor(options: DevelopmentOptions) {
    this.#options = options;
    this.#watcher = new Watcher(
      (path) => this.#changed(path),
      ({ message }, directory) => options.log.info(`saves in ${directory} go unnoticed: ${message}`),
    );
    developments.add(this);
  }

  /** Lets what has begun end, once something else answers. */
  async retire(): Promise<void> {
    this.#watcher.close();
    await this.#reloader?.retire();
    developments.delete(this);
  }

  /** Ends all processes. */
  kill(): void {
    this.#reloader?.close();
  }

  readonly files: Means["files"] = (root, { next, ...options }) => {
    const directory = resolve(root);
    this.#served.push(directory);
    this.#watcher.watchTree(directory);
    const { cacheControl = "no-cache" } = options;
    return this.#options.live.files(
      (rest) => files(root, { ...options, cacheControl, next: rest, checkInterval: 0 }),
      next,
    );
  };

  readonly load: Means["load"] = async (path, settings): Promise<Application> => {
    this.#application = dirname(resolve(path));
    this.#watcher.watchTree(this.#application);
    const { live, log, say } = this.#options;
    // A command line is everybody's to read, and the password is the server's to ask for.
    const { auth: _, ...open } = settings;
    const reloader = new Reloader({
      spawn: () => spawnApplication({ path, settings: open }),
      wantsPage: ({ head }) => wantsPage(head),
      showFailure: showLoadFailure,
      around: (handler) => live.application(showErrors(handler, this.#report)),
      files: (files) => this.#follow(files),
      changed: () => live.reload(),
      grace: settings["timeouts.grace"],
      say,
      complain: log.info,
    });
    this.#reloader = reloader;
    const { wishes, connects } = await reloader.start();
    const { handler } = reloader;
    return { handler, ...(connects && { connect: handler }), close: () => reloader.stop(), wishes };
  };

  readonly #report = (error: unknown, { head }: Exchange) => {
    this.#options.log.failed(`${head.method} ${head.target}`, error);
  };

  #follow(files: readonly string[]): void {
    for (const file of files) {
      if (file.startsWith(OURS)) continue;
      this.#loaded.add(file);
      this.#watcher.watchDirectory(dirname(file));
    }
  }

  #changed(path: string): void {
    const { live, isConfig } = this.#options;
    if (isConfig(path)) return;
    const interests = { served: this.#served, application: this.#application, loaded: this.#loaded };
    const meaning = meaningOf(path, interests);
    if (meaning === "application") this.#reloader?.saved(relative(process.cwd(), path));
    else if (meaning === "styles") live.swapStyles();
    else if (meaning === "page") live.reload();
  }
}

/** Our own files, which nobody who runs this works on. */
const OURS = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = new URL("./dev-application.js", import.meta.url);

function spawnApplication(assignment: Assignment): ApplicationProcess {
  const child = fork(PROGRAM, [JSON.stringify(assignment)], {
    env: environmentOfWatched(),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    serialization: "advanced",
  });
  // A message to a child that has just ended; its end is told by itself.
  child.on("error", () => {});
  return {
    send: (message) => child.connected && child.send(message),
    receive: (listener) => void child.on("message", (message) => listener(message as FromApplication)),
    ended: new Promise((resolve) => {
      // Its last words may come behind the news of its end.
      child.once("exit", (code, signal) => void pendingEvents().then(() => resolve(signal ?? `exit code ${code}`)));
    }),
    kill: () => child.kill("SIGKILL"),
  };
}
