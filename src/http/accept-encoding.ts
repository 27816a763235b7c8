/** Content codings (RFC 9110 §8.4.1) and which of them a client wants (§12.5.3). */
import { listElements } from "./list.ts";

/** What we can send, the best first: where a client has no preference, this order decides. */
export const CODINGS = ["br", "zstd", "gzip"] as const;
export type Coding = (typeof CODINGS)[number];

/** A coding with its weight, of at most three decimals (§12.4.2). */
const ELEMENT = /^[\t ]*([!#$%&'*+\-.^_`|~0-9a-z]+)[\t ]*(?:;[\t ]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[\t ]*)?$/i;

let lastField = "";
let lastCodings: readonly Coding[] = [];

/**
 * The codings that a client would rather have than the plain bytes, the best first. Plain bytes are what everybody else
 * gets, and a client that refuses even those: an answer it may not want is better than none (§12.4.1).
 * An element that is malformed says nothing.
 */
export function acceptedCodings(field: string): readonly Coding[] {
  // Clients of one kind all send the same field, and most of a site's clients are of one kind.
  if (field === lastField) return lastCodings;
  const weights = new Map<string, number>();
  for (const element of listElements(field)) {
    const match = ELEMENT.exec(element);
    if (match === null) continue;
    const name = match[1]!.toLowerCase();
    weights.set(name === "x-gzip" ? "gzip" : name, Number(match[2] ?? 1));
  }
  const anyOther = weights.get("*") ?? 0;
  const weightOf = (coding: Coding) => weights.get(coding) ?? anyOther;
  // Unless it has a weight of its own, identity comes last, but is never excluded by what was said of the others.
  const identity = weights.get("identity") ?? 0;
  const codings = CODINGS.filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity);
  lastCodings = codings.sort((a, b) => weightOf(b) - weightOf(a));
  lastField = field;
  return lastCodings;
}
