/**
 * The shortest text that still fails that removing parts of this one leads to: halves, then quarters, down to single
 * characters, and again from the start for as long as it helps.
 */
export function minimize(text: string, fails: (text: string) => boolean): string {
  for (let before = ""; before !== text; ) {
    before = text;
    for (let size = Math.ceil(text.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < text.length; ) {
        const without = text.slice(0, at) + text.slice(at + size);
        if (fails(without)) text = without;
        else at += size;
      }
    }
  }
  return text;
}
