/** What a process of `portico dev` runs: it gets ready, loads the application when it is told to, and answers for it. */
import { url as inspectorUrl } from "node:inspector";
import { answerThrough } from "../dev/application.ts";
import { reportOf } from "../dev/error-report.ts";
import type { Channel, FromApplication, ToApplication } from "../dev/messages.ts";
import { encodeFields } from "../http1/field-encoder.ts";
import { statusLine } from "../http1/response-encoder.ts";
import { exposeRequests } from "../run/inspection.ts";
import { watch } from "../run/watchdog.ts";
import { RequestContext } from "../server/context.ts";
import { CommandError } from "./command-error.ts";
import { type LoadSettings, load } from "./serving.ts";
import { compileTypeScript } from "./typescript/compile.ts";
import { installTypeScript } from "./typescript/install.ts";
import { trackModules } from "./typescript/track.ts";

/** Milliseconds between two looks for files that were loaded later. */
const LOOK = 500;

/** What the server tells its process by the command line. */
export interface Assignment {
  /** The application's module. */
  readonly path: string;
  readonly settings: LoadSettings;
}

const { path, settings }: Assignment = JSON.parse(process.argv[2]!);
process.env.NODE_ENV ??= "development";
// What is sent to the whole process group, as a terminal does, is for the server to answer, which then ends this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.once("disconnect", () => process.exit(1));

const way: Channel<FromApplication, ToApplication> = {
  send: (message) => process.connected && process.send!(message),
  receive: (listener) => void process.on("message", (message) => listener(message as ToApplication)),
};
// From the start: also a module that blocks while it is loaded may not outlive the server.
const allow = watch();
process.on("uncaughtExceptionMonitor", (error) => {
  // An application that catches them all lives on.
  if (process.listenerCount("uncaughtException") === 0) way.send({ kind: "dying", error: reportOf(error) });
});
installTypeScript();
const newFiles = trackModules();
newFiles();
// The compiler takes 80 ms to load (Node 20), which a process that waits has.
if (/\.[cm]?ts$/.test(path)) compileTypeScript("", path);

let end = async () => {};

way.receive((message) => {
  if (message.kind === "load") void begin();
  else if (message.kind === "stop") {
    // What was sent leaves with a turn of the event loop.
    void end().then(() => setImmediate(() => process.exit(0)));
  }
});

async function begin(): Promise<void> {
  // An application that waits for what will never be must not be kept waiting by this channel.
  process.channel?.unref();
  try {
    const { handler, connect, wishes, close } = await load(path, settings);
    const context = new RequestContext();
    const { requests, endTaken } = answerThrough(way, (exchange) => context.run(handler, exchange), checkStart);
    exposeRequests(() => requests().map(({ method, target }) => `${method} ${target}`));
    end = async () => {
      await close?.();
      await endTaken();
    };
    // A debugger's breakpoint is no reason to end the process.
    if (inspectorUrl() === undefined) allow(settings.workerTimeout);
    way.send({ kind: "loaded", loaded: { wishes, connects: connect !== undefined } });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    way.send({ kind: "unloadable", line: error.message, error: reportOf(error.cause ?? withoutStack(error)) });
  }
  process.channel?.ref();
  tellFiles();
  setInterval(tellFiles, LOOK).unref();
}

function tellFiles(): void {
  const files = newFiles();
  if (files.length > 0) way.send({ kind: "files", files });
}

/** What is wrong with the module is not wrong where that was noticed. */
function withoutStack({ message }: CommandError): object {
  return { name: "", message, stack: "" };
}

function checkStart(status: number, fields: readonly string[], reason: string | undefined): void {
  encodeFields(fields);
  statusLine(status, reason);
}
