import { constants } from "node:os";

/**
 * For so long, signals after the first are taken for the same one: npm passes on the SIGINT that the terminal has
 * already sent to the whole process group.
 */
const ONE_STOP = 500;

/**
 * Stops the server on SIGINT and SIGTERM, then does what is to be done at the end: no new connections, requests in flight
 * are let end, then exit code 0, which is what a supervisor (docker, systemd, a shell script) takes for a clean stop. A
 * later signal ends the process at once, with the code that a shell gives a process it saw killed by that signal.
 */
export function stopOnSignals(
  server: { close(): Promise<void>; requests?(): readonly unknown[] },
  say: (line: string) => void,
  atEnd = async () => {},
): void {
  let isStopping = false;
  let isImpatient = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isImpatient) process.exit(128 + constants.signals[signal]);
      if (isStopping) return;
      isStopping = true;
      setTimeout(() => {
        isImpatient = true;
        const isServing = server.requests === undefined || server.requests().length > 0;
        const what = isServing ? "requests in flight" : "the application to close";
        say(`Waiting for ${what}; once more (Ctrl-C) cuts ${isServing ? "them" : "it"} off`);
      }, ONE_STOP);
      // An application's timers and pools would keep the process: it is the requests that are waited for.
      void server
        .close()
        .then(atEnd)
        .then(() => process.exit(0));
    });
  }
}

/**
 * Until there is a server to stop, the signals that stop it end the process. They do so by themselves, and also while a
 * module blocks; but not to process 1 of a container, which has to ask for it. Gives the way to call that off.
 */
export function endOnSignals(): () => void {
  if (process.pid !== 1) return () => {};
  const end = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  };
}
