/** The candidate that a mistyped word was probably meant to be; `undefined` when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  // Two slips in a word of six letters are a guess; in a word of three they are another word.
  const tolerated = Math.max(1, Math.floor(word.length / 3));
  return candidates
    .map((candidate) => ({ candidate, distance: candidate.startsWith(word) ? 0 : distance(word, candidate) }))
    .filter((each) => each.distance <= tolerated)
    .sort((a, b) => a.distance - b.distance)[0]?.candidate;
}

/** Insertions, deletions, substitutions and swaps of neighbours that lead from one to the other (Damerau, Levenshtein). */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1] ? 0 : 1;
      const steps = [rows[row - 1]![column]! + 1, current[column - 1]! + 1, rows[row - 1]![column - 1]! + same];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) steps.push(rows[row - 2]![column - 2]! + 1);
      current.push(Math.min(...steps));
    }
    rows.push(current);
  }
  return rows[from.length]![to.length]!;
}
