/** Media types and which of them a client wants (RFC 9110 §12.5.1). */
import { listElements } from "./list.ts";

/** A range of types with its parameters, which say nothing here but for the weight, of at most three decimals (§12.4.2). */
const ELEMENT = /^[\t ]*([!#$%&'*+\-.^_`|~0-9a-z]+\/[!#$%&'*+\-.^_`|~0-9a-z]+)[\t ]*(?:;(.*))?$/i;
const WEIGHT = /(?:^|;)[\t ]*q=([^;\t ]*)[\t ]*$/i;
const NUMBER = /^(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * How much a client wants a type, from 0 to 1, by the narrowest of its ranges that holds the type: `text/html` before
 * `text/*` before all types. Without the field every type is as welcome. An element that is malformed says nothing.
 * @param type in lower case, without parameters
 */
export function weightOfType(accept: string | null, type: string): number {
  return rangeOfType(accept, type).weight;
}

/**
 * The type that a client wants most of those there are. Of equals it is the one that is named and not just included in a
 * star, and then the first; which is also what a client gets that wants none of them: an answer it may not want is better
 * than none (§12.4.1).
 */
export function preferredType<Type extends string>(accept: string | null, types: readonly [Type, ...Type[]]): Type {
  const ranges = types.map((type) => rangeOfType(accept, type));
  let best = 0;
  for (const [at, { weight, breadth }] of ranges.entries()) {
    const { weight: most, breadth: narrowest } = ranges[best]!;
    if (weight > most || (weight === most && breadth < narrowest)) best = at;
  }
  return types[best]!;
}

/** The range that decides about a type: its weight, and how much it holds, from 0 for the type alone to 2 for all. */
function rangeOfType(accept: string | null, type: string): { weight: number; breadth: number } {
  if (accept === null) return { weight: 1, breadth: 2 };
  const ranges = [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"];
  let found = { weight: 0, breadth: ranges.length };
  for (const element of listElements(accept)) {
    const match = ELEMENT.exec(element);
    const breadth = match === null ? -1 : ranges.indexOf(match[1]!.toLowerCase());
    if (breadth < 0 || breadth >= found.breadth) continue;
    const weight = WEIGHT.exec(match![2] ?? "")?.[1] ?? "1";
    if (NUMBER.test(weight)) found = { weight: Number(weight), breadth };
  }
  return found;
}
