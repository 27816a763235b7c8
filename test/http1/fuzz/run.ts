/**
 * `npm run fuzz -- [--seconds N] [--executions N] [--seed N]`: makes request streams and responses, and checks of each what
 * has to hold for all (`properties.ts`). Sixty seconds unless told otherwise. A failure is told with the seed that makes
 * it again on its own, and as the shortest bytes that still fail.
 */
import { parseArgs } from "node:util";
import { fuzz, REACHABLE, type Tally } from "./fuzz.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string" }, executions: { type: "string" }, seed: { type: "string" } },
});
const executions = Number(values.executions ?? Number.POSITIVE_INFINITY);
const seconds = Number(values.seconds ?? (values.executions === undefined ? 60 : Number.POSITIVE_INFINITY));
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (![executions, seconds, seed].every((number) => number >= 0))
  throw new TypeError("fuzz: an option that is no number");

const started = performance.now();
const elapsed = () => (performance.now() - started) / 1000;
const rate = (tally: Tally) => `${tally.executions} executions, ${Math.round(tally.executions / elapsed())} a second`;
console.log(`seed ${seed}`);
let told = 0;
const { tally, failure } = fuzz(seed, (tally) => {
  // The clock is looked at now and then: it costs as much as a short parse.
  if (tally.executions % 256 === 0) {
    if (elapsed() > seconds) return false;
    if (elapsed() - told > 30) {
      told = elapsed();
      console.log(rate(tally));
    }
  }
  return tally.executions < executions;
});
console.log(rate(tally));
for (const [ending, times] of [...tally.endings].sort(([, a], [, b]) => b - a)) console.log(`${times}\t${ending}`);
const missed = REACHABLE.filter((code) => !tally.endings.has(code));
if (missed.length > 0) console.log(`never reached: ${missed.join(", ")}`);
if (failure !== null) {
  console.error(`\n${failure}`);
  process.exitCode = 1;
}
