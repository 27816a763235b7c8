/** The loop of the fuzzer: makes a stream or a response from each seed in turn, and checks what has to hold for it. */
import { FAULTS } from "../../../src/core/faults.ts";
import { generate } from "./generate.ts";
import { minimize } from "./minimize.ts";
import { readsBack, readsOneWay } from "./properties.ts";
import { Random } from "./random.ts";

/** Two streams read for each response that is written: reading is where the world comes in. */
const WRITE_EVERY = 3;
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
    const failure = at % WRITE_EVERY === 0 ? attempt(() => void readsBack(at)) : readOne(at, tally);
    tally.executions++;
    if (failure !== null) return { tally, failure: `${failure}\nAgain: npm run fuzz -- --seed ${at} --executions 1` };
  }
  return { tally, failure: null };
}

function readOne(seed: number, { endings }: Tally): string | null {
  const stream = generate(new Random(seed));
  const failure = attempt(() => {
    const last = readsOneWay(stream, seed).at(-1)!;
    const ending = last.split(" ")[1] ?? last;
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  });
  if (failure === null) return null;
  const shortest = minimize(stream, (shorter) => attempt(() => void readsOneWay(shorter, seed)) !== null);
  return `${attempt(() => void readsOneWay(shortest, seed))}\nBytes: ${JSON.stringify(shortest)}`;
}

function attempt(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
