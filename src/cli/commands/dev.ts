/** `portico dev [ENTRY] [PORT] [OPTIONS]`: the same as serving, by one process that loads again what is saved. */
import { isFollowing, Live } from "../../dev/live.ts";
import { adminAddress, openAdminOf } from "../admin.ts";
import { announce } from "../announce.ts";
import { readCommand } from "../config-file.ts";
import { ConfiguredSite, forDevelopment } from "../configured-site.ts";
import { listen } from "../listen.ts";
import { errorLogOf, observe, refuseFormat } from "../observing.ts";
import { writePidFile } from "../pid-file.ts";
import { DEFAULTS } from "../settings.ts";
import { stopOnSignals } from "../signals.ts";
import { VERSION } from "../version.ts";

const HELP = `Usage: portico dev [ENTRY] [PORT] [OPTIONS]

Serves as portico does, in one process, for whoever works on ENTRY:
  a save             loads the application again; requests wait for the new code,
                     and no connection is lost
  a broken save      leaves the last good state, and says what is wrong
  the configuration  holds as it is saved, but for the address, logs and live page
  pages in browsers  load again by themselves, stylesheets without that

It takes the options of portico --help; --workers is for serving.`;

/** Resolves when it serves. @throws {CommandError} when it cannot. */
export async function run(args: readonly string[]): Promise<void> {
  const command = await readCommand(args, process.env);
  if (command.action === "help") return console.log(HELP);
  if (command.action === "version") return console.log(`portico ${VERSION}`);
  if (command.given.check) return (await import("./serve.ts")).run(args);
  const live = new Live();
  const given = forDevelopment(command.given);
  refuseFormat(given.accessLogFormat);
  if (given.admin !== undefined) adminAddress(given.admin);
  const log = errorLogOf({ ...DEFAULTS, ...given });
  const say = given.quiet ? () => {} : log.info;

  if (given.pid !== undefined) writePidFile(given.pid);
  const site = new ConfiguredSite({ live, log, say, args });
  const serving = await site.open({ ...command, given });
  const observing = observe(serving.settings, {
    queues: serving.queues,
    isLogged: ({ head }) => head === null || !isFollowing(head.target),
    keepsBytes: true,
  });
  const server = await listen({ ...serving, handler: live.behind(serving.handler) }, observing.options);
  site.follow(server);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => live.close());
  stopOnSignals(server, say, observing.close);
  process.on("SIGUSR1", observing.reopen);
  await announce(server.url, serving.entry, serving.settings);
  await openAdminOf(observing, server, serving.settings);
}
