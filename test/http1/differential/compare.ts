/** Puts a name to how two servers that read the same bytes differ. */
import type { Outcome } from "./converse.ts";

export interface Difference {
  /**
   * - `split`: both went on, with requests or bodies of different sizes. What smuggling needs.
   * - `stricter`: Portico refused what the other went on with.
   * - `laxer`: the other refused what Portico went on with.
   */
  readonly kind: "split" | "stricter" | "laxer";
  /** Why the one that refused did: Portico's fault, or the other's status. */
  readonly reason: string;
}

export function compare(portico: Outcome, other: Outcome): Difference | null {
  const [ours, theirs] = [portico.seen, other.seen];
  const common = Math.min(ours.length, theirs.length);
  for (let i = 0; i < common; i++) {
    if (ours[i]!.method !== theirs[i]!.method || ours[i]!.bodySize !== theirs[i]!.bodySize) {
      return { kind: "split", reason: `request ${i + 1}` };
    }
  }
  if (ours.length === theirs.length) return null;
  const weAreStricter = ours.length < theirs.length;
  const ending = weAreStricter ? portico.ending : other.ending;
  // Who neither refuses nor closes waits for more: it takes for a body what the other took for a request.
  if (ending === "waiting") return { kind: "split", reason: weAreStricter ? "portico waits" : "the other waits" };
  return { kind: weAreStricter ? "stricter" : "laxer", reason: ending };
}
