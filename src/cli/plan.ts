/** Which concurrency model, and how many workers. */
import type { Given } from "./arguments.ts";
import { usageError } from "./command-error.ts";
import { usableCores } from "./cores.ts";
import type { Entry } from "./entry.ts";
import type { Settings } from "./settings.ts";

export type Model = NonNullable<Given["model"]>;

export interface Plan {
  readonly model: Model;
  readonly workers: number;
}

/** @throws {CommandError} on a number of workers that is none, or more than one loop can have. */
export function plan({ model, workers }: Given): Plan {
  const count = countOf(workers);
  if (model === undefined) {
    // On a machine of one core, too: what signals mean must not depend on the machine.
    const isSeveral = workers === "auto" || (count ?? 1) > 1;
    return { model: isSeveral ? "processes" : "event-loop", workers: count ?? 1 };
  }
  const hasOne = model === "event-loop" || model === "serial";
  if (hasOne && count !== undefined && count > 1) {
    throw usageError(`the model ${model} has one worker, not ${count}: take --model processes or --model threads`);
  }
  return { model, workers: count ?? (hasOne ? 1 : usableCores()) };
}

function countOf(workers: string | undefined): number | undefined {
  if (workers === undefined) return undefined;
  if (workers === "auto") return usableCores();
  if (/^[1-9][0-9]{0,3}$/.test(workers)) return Number(workers);
  throw usageError(`--workers takes a number from 1 to 9999 or auto, not "${workers}"`);
}

/** What would run, in one line. */
export function summary(
  { kind, path }: Entry,
  { hostname, port, unix, fd }: Settings,
  { model, workers }: Plan,
): string {
  const subject = kind === "files" ? `files from ${path}` : `application ${path}`;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const named = unix === undefined ? `http://${host}:${port}` : `unix:${unix}`;
  const address = fd === undefined ? named : `descriptor ${fd}`;
  const means = model === "threads" || model === "processes" ? `${workers} ${model}` : `the model ${model}`;
  return `portico would serve ${subject} at ${address} by ${means}`;
}
