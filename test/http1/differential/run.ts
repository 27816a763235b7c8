/**
 * `npm run fuzz:differential -- [--seconds N] [--seed N]`: the wire cases and then generated streams go to Portico,
 * node:http, nginx and HAProxy at once. They may differ in what they refuse, in the ways that `differences.ts` names; where
 * a request ends, they may not. Sixty seconds unless told otherwise.
 */
import { parseArgs } from "node:util";
import { generate } from "../fuzz/generate.ts";
import { Random } from "../fuzz/random.ts";
import { wireCases } from "../wire.ts";
import { findDifferences } from "./differential.ts";
import { startPeers } from "./peers.ts";

const { values } = parseArgs({ options: { seconds: { type: "string" }, seed: { type: "string" } } });
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(seconds >= 0 && seed >= 0)) throw new TypeError("fuzz:differential: an option that is no number");

/** How often a difference was seen, by its name, and the shortest stream that shows it when nothing explains it. */
const found = new Map<string, { times: number; stream: string | null }>();

const peers = await startPeers();
console.log(`seed ${seed}; peers: ${peers.others.map(({ name }) => name).join(", ")}`);
if (peers.missing.length > 0) console.log(`not installed: ${peers.missing.join(", ")}`);

const streams = wireCases().map(({ bytes }) => bytes.toString("latin1"));
const started = performance.now();
let tried = 0;
try {
  for (; performance.now() - started < seconds * 1000; tried++) {
    const stream = streams[tried] ?? generate(new Random(seed + tried));
    for (const { peer, kind, explanation, reason } of await findDifferences(peers, stream)) {
      const name = `${peer}\t${kind}\t${explanation ?? `NOT EXPLAINED: ${reason}`}`;
      const { times = 0, stream: known = null } = found.get(name) ?? {};
      const shortest = known !== null && known.length < stream.length ? known : stream;
      found.set(name, { times: times + 1, stream: explanation === null ? shortest : null });
    }
  }
} finally {
  await peers.stop();
}
console.log(`${tried} streams`);
for (const [name, { times, stream }] of [...found].sort()) {
  console.log(`${times}\t${name}${stream === null ? "" : `\t${JSON.stringify(stream)}`}`);
  if (stream !== null) process.exitCode = 1;
}
