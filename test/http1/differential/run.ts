/**
 * `npm run fuzz:differential -- [--seconds N] [--seed N]`: the wire cases and then generated streams go to Portico,
 * node:http, nginx and HAProxy at once. They may differ in what they refuse, in the ways that `differences.ts` names; where
 * a request ends, they may not. Sixty seconds unless told otherwise.
 */
import { parseArgs } from "node:util";
import { generate } from "../fuzz/generate.ts";
import { Random } from "../fuzz/random.ts";
import { wireCases } from "../wire.ts";
import { compare, type Difference } from "./compare.ts";
import { converse, type Outcome } from "./converse.ts";
import { EXPLANATIONS } from "./differences.ts";
import { startPeers } from "./peers.ts";

/** Milliseconds of silence that end a conversation: at first, and before a difference is believed. */
const QUIET = 80;
const VERY_QUIET = 500;

const { values } = parseArgs({ options: { seconds: { type: "string" }, seed: { type: "string" } } });
const seconds = Number(values.seconds ?? 60);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(seconds >= 0 && seed >= 0)) throw new TypeError("fuzz:differential: an option that is no number");

/** How often a difference was seen, by its name, and the shortest stream that shows it. */
const findings = new Map<string, { times: number; stream: string; unexplained: boolean }>();

const peers = await startPeers();
console.log(`seed ${seed}; peers: ${peers.others.map(({ name }) => name).join(", ")}`);
if (peers.missing.length > 0) console.log(`not installed: ${peers.missing.join(", ")}`);

const streams = wireCases().map(({ bytes }) => bytes.toString("latin1"));
const started = performance.now();
let tried = 0;
try {
  for (; performance.now() - started < seconds * 1000; tried++) {
    await tryOut(streams[tried] ?? generate(new Random(seed + tried)));
  }
} finally {
  await peers.stop();
}
console.log(`${tried} streams`);
for (const [name, { times, stream, unexplained }] of [...findings].sort()) {
  console.log(`${times}\t${name}${unexplained ? `\t${JSON.stringify(stream)}` : ""}`);
  if (unexplained) process.exitCode = 1;
}

async function tryOut(stream: string): Promise<void> {
  const { portico, others } = peers;
  const [ours, ...theirs] = await Promise.all([portico, ...others].map((peer) => converse(peer, stream, QUIET)));
  for (const [i, peer] of others.entries()) {
    let [we, they] = [ours!, theirs[i]!];
    if (compare(we, they) !== null && (we.ending === "waiting" || they.ending === "waiting")) {
      // A server that was only slow is no finding.
      [we, they] = await Promise.all([converse(portico, stream, VERY_QUIET), converse(peer, stream, VERY_QUIET)]);
    }
    const difference = compare(we, they);
    if (difference !== null) note(peer.name, difference, we, they, stream);
  }
}

function note(peer: string, difference: Difference, ours: Outcome, theirs: Outcome, stream: string): void {
  const { kind, reason } = difference;
  const common = Math.min(ours.seen.length, theirs.seen.length);
  const [last = "", next = ""] = [ours.seen[common - 1]?.head, ours.seen[common]?.head];
  const explanation = EXPLANATIONS.find(
    (each) => each.kind === kind && (each.peer ?? peer) === peer && each.holds(difference, last, next),
  );
  const name = `${peer}\t${kind}\t${explanation?.name ?? `NOT EXPLAINED: ${reason}`}`;
  const known = findings.get(name);
  const shortest = known !== undefined && known.stream.length < stream.length ? known.stream : stream;
  findings.set(name, { times: (known?.times ?? 0) + 1, stream: shortest, unexplained: explanation === undefined });
}
