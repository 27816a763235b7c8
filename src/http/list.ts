/**
 * Elements of a list that are looked at: clients send 8 at most in a field. Empty ones count, as they cost the same
 * (RFC 9110 §5.6.1.2).
 */
const MAX_ELEMENTS = 100;

/** The elements of a comma-separated list without quoted strings, with the spaces around them. */
export function listElements(list: string): string[] {
  return list.split(",", MAX_ELEMENTS);
}
