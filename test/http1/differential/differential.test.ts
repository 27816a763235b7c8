/** A bounded run of `npm run fuzz:differential`: every wire case, and some generated streams. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { generate } from "../fuzz/generate.ts";
import { Random } from "../fuzz/random.ts";
import { wireCases } from "../wire.ts";
import { compare } from "./compare.ts";
import type { Outcome } from "./converse.ts";
import { findDifferences } from "./differential.ts";
import { type Peers, type Seen, startPeers } from "./peers.ts";

const GENERATED = 150;

test("where Portico differs from node:http, nginx and HAProxy is known, and never by where a request ends", async (t) => {
  const peers = await startedPeers(t);
  const streams = [
    ...wireCases().map(({ bytes }) => bytes.toString("latin1")),
    ...Array.from({ length: GENERATED }, (_, seed) => generate(new Random(seed))),
  ];
  for (const stream of streams) {
    for (const { peer, kind, explanation, reason } of await findDifferences(peers, stream)) {
      assert.notEqual(explanation, null, `${peer} differs, ${kind}, ${reason}: ${JSON.stringify(stream)}`);
    }
  }
});

const request = (bodySize: number): Seen => ({ method: "POST", target: "/", bodySize });

for (const [what, portico, other, difference] of [
  ["bodies of different sizes are a split", [5], [6], { kind: "split", reason: "request 1" }],
  [
    "a request that only one saw, while the other waits, is a split",
    [5],
    [5, 0],
    { kind: "split", reason: "portico waits" },
  ],
  ["the same requests are no difference", [5, 0], [5, 0], null],
] as const) {
  test(what, () => {
    const outcome = (sizes: readonly number[]): Outcome => ({ seen: sizes.map(request), ending: "waiting" });
    assert.deepEqual(compare(outcome(portico), outcome(other)), difference);
  });
}

test("a refusal is no split", () => {
  const refused = { seen: [], ending: "400 BAD_HOST" };
  const taken = { seen: [request(0)], ending: "closed" };
  assert.deepEqual(compare(refused, taken), { kind: "stricter", reason: "400 BAD_HOST" });
  assert.deepEqual(compare(taken, refused), { kind: "laxer", reason: "400 BAD_HOST" });
});

async function startedPeers(t: TestContext): Promise<Peers> {
  const peers = await startPeers();
  t.after(() => peers.stop());
  if (peers.missing.length > 0) t.diagnostic(`not installed, so not asked: ${peers.missing.join(", ")}`);
  return peers;
}
