/** `portico [ENTRY] [PORT] [OPTIONS]`: serves files, or an application, until it is stopped. */

import { adminAddress, openAdminOf } from "../admin.ts";
import { announce } from "../announce.ts";
import { readCommand } from "../config-file.ts";
import { findEntry } from "../entry.ts";
import { helpText } from "../help.ts";
import { listen } from "../listen.ts";
import { outliveOutput } from "../lost-output.ts";
import { errorLogOf, observe, refuseFormat } from "../observing.ts";
import { writePidFile } from "../pid-file.ts";
import { plan, summary } from "../plan.ts";
import { prepare } from "../serving.ts";
import { DEFAULTS } from "../settings.ts";
import { endOnSignals, stopOnSignals } from "../signals.ts";
import { supervise } from "../supervise.ts";
import { notifier, passedSocket } from "../systemd.ts";
import { VERSION } from "../version.ts";
import { warningsOf } from "../warnings.ts";

/** Resolves when it serves, or has said what was asked. @throws {CommandError} when it cannot. */
export async function run(args: readonly string[]): Promise<void> {
  const command = await readCommand(args, process.env);
  if (command.action === "help") return console.log(helpText());
  if (command.action === "version") return console.log(`portico ${VERSION}`);

  const given = { ...command.given };
  if (given.watch && !given.check) return (await import("./dev.ts")).run(args);
  const passed = given.fd ?? passedSocket(process.env);
  if (passed !== undefined) given.fd = passed;
  refuseFormat(given.accessLogFormat);
  if (given.admin !== undefined) adminAddress(given.admin);
  const log = errorLogOf({ ...DEFAULTS, ...given });
  const say = given.quiet ? () => {} : log.info;
  const { model, workers } = plan(given);
  if (given.check) {
    const { entry, settings, unheard } = await prepare(command.entry, given);
    console.log(summary(entry, settings, { model, workers }));
    const warnings = [...unheard, ...warningsOf(settings, { model, workers })];
    for (const warning of warnings) console.error(`portico: warning: ${warning}`);
    // An application that was loaded may hold timers and sockets of its own.
    return process.exit(0);
  }
  outliveOutput();
  const notify = notifier(process.env, console.error);
  if (given.pid !== undefined) writePidFile(given.pid);
  if (model === "threads" || model === "processes") {
    const settings = { ...DEFAULTS, ...given };
    // Found here once, so that it is the same for all, and what is wrong with it is said once.
    const entry = findEntry(command.entry);
    const url = await supervise({ args, settings, model, workers, say, notify });
    await announce(url, entry, settings);
    return void notify("ready");
  }
  const callOff = endOnSignals();
  const serving = await prepare(command.entry, given);
  const { entry, settings } = serving;
  const observing = observe(settings, { queues: serving.queues });
  const server = await listen(serving, observing.options);
  await openAdminOf(observing, server, settings);
  const close = () => {
    void notify("stopping");
    return server.close();
  };
  callOff();
  // What has ended can tell nothing.
  stopOnSignals({ close, requests: () => server.requests() }, say, () =>
    observing.close().then(() => notify("stopping")),
  );
  process.on("SIGUSR1", observing.reopen);
  await announce(server.url, entry, settings);
  void notify("ready");
}
