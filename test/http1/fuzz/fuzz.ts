/** The loop of the fuzzer: makes a stream or a response from each seed in turn, and checks what has to hold for it. */
import { FAULTS } from "../../../src/core/faults.ts";
import { generate, generateResponses } from "./generate.ts";
import { minimize } from "./minimize.ts";
import { readsBack, readsOneWay, readsResponsesOneWay } from "./properties.ts";
import { Random } from "./random.ts";

/** Of four turns, two read requests, one reads responses, and one writes a response. */
const TURNS = 4;
/** Faults that the server finds, not the parser: of time, of connections, and of methods that it does not answer. */
const OF_THE_SERVER = /_TIMEOUT$|^TOO_MANY_(?:CONNECTIONS|FROM_CLIENT)$|^METHOD_NOT_SUPPORTED$/;
/** Every fault that a request's bytes can be; those of responses alone are 502. */
export const REACHABLE: readonly string[] = Object.entries(FAULTS)
  .filter(([code, [status]]) => !OF_THE_SERVER.test(code) && status !== 502)
  .map(([code]) => code);

export interface Tally {
  executions: number;
  /** How often each fault ended a stream; `eof` when none did. */
  readonly endings: Map<string, number>;
}

/** Runs as long as `goesOn` says so. Returns what it saw, and the failure that stopped it. */
export function fuzz(seed: number, goesOn: (tally: Tally) => boolean): { tally: Tally; failure: string | null } {
  const tally: Tally = { executions: 0, endings: new Map() };
  for (let at = seed; goesOn(tally); at++) {
    const failure = takeTurn(at, tally);
    tally.executions++;
    if (failure !== null) return { tally, failure: `${failure}\nAgain: npm run fuzz -- --seed ${at} --executions 1` };
  }
  return { tally, failure: null };
}

function takeTurn(seed: number, tally: Tally): string | null {
  if (seed % TURNS === 0) return attempt(() => readsBack(seed));
  if (seed % TURNS !== 1) return readOne(seed, tally);
  const { text, methods } = generateResponses(new Random(seed));
  return minimized(text, (shorter) => readsResponsesOneWay(shorter, methods, seed));
}

function readOne(seed: number, { endings }: Tally): string | null {
  const stream = generate(new Random(seed));
  return minimized(stream, (shorter) => {
    const last = readsOneWay(shorter, seed).at(-1)!;
    const ending = last.split(" ")[1] ?? last;
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  });
}

/** Why the check fails for the shortest text for which it does; `null` if it holds for this one. */
function minimized(text: string, check: (text: string) => void): string | null {
  if (attempt(() => check(text)) === null) return null;
  const shortest = minimize(text, (shorter) => attempt(() => check(shorter)) !== null);
  return `${attempt(() => check(shortest))}\nBytes: ${JSON.stringify(shortest)}`;
}

function attempt(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
