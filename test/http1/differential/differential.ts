/** Sends the same bytes to Portico and to the other servers, and says how each of them differs, and why it may. */
import { compare, type Difference } from "./compare.ts";
import { converse, type Outcome } from "./converse.ts";
import { EXPLANATIONS } from "./differences.ts";
import type { Peers } from "./peers.ts";

/** Milliseconds of silence that end a conversation. A server that was only slow is no finding, so it is asked again. */
const PATIENCE = [80, 500, 5000];

export interface Finding {
  readonly peer: string;
  readonly kind: Difference["kind"];
  /** What `differences.ts` calls it; `null` when nothing there explains it. */
  readonly explanation: string | null;
  readonly reason: string;
}

export async function findDifferences({ portico, others }: Peers, stream: string): Promise<Finding[]> {
  const [ours, ...theirs] = await Promise.all([portico, ...others].map((peer) => converse(peer, stream, PATIENCE[0]!)));
  const findings: Finding[] = [];
  for (const [i, peer] of others.entries()) {
    let finding = explain(peer.name, ours!, theirs[i]!, stream);
    for (const quiet of PATIENCE.slice(1)) {
      if (finding === null || finding.explanation !== null) break;
      const [we, they] = await Promise.all([converse(portico, stream, quiet), converse(peer, stream, quiet)]);
      finding = explain(peer.name, we, they, stream);
    }
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

function explain(peer: string, ours: Outcome, theirs: Outcome, stream: string): Finding | null {
  const difference = compare(ours, theirs);
  if (difference === null) return null;
  const { kind, reason } = difference;
  const common = Math.min(ours.seen.length, theirs.seen.length);
  const [last = "", next = ""] = [ours.seen[common - 1]?.head, ours.seen[common]?.head];
  const explanation = EXPLANATIONS.find(
    (each) => each.kind === kind && (each.peer ?? peer) === peer && each.holds(difference, last, next, stream),
  );
  return { peer, kind, reason, explanation: explanation?.name ?? null };
}
