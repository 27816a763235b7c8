/** What a terminal shows for other devices in the network: the addresses, and the first of them as a picture to scan. */
import encodeQR from "qr";

export interface Paper {
  readonly hasColour: boolean;
  /** Characters to a line. */
  readonly columns: number;
}

/** @param urls the most likely to be reached first */
export function invitation(urls: readonly string[], { hasColour, columns }: Paper): string {
  const addresses = urls.map((url) => `  network: ${url.replace(/\/$/, "")}`);
  // A screen has no stains to correct, and of the four modules of margin that the standard wants, readers need two.
  const modules = encodeQR(urls[0]!, "raw", { ecc: "low", border: 2 });
  const picture = modules.length + 2 <= columns ? [...draw(modules, hasColour), ""] : [];
  return [...picture, ...addresses].join("\n");
}

/**
 * Two modules to a character, one above the other. In colour it is black on white whatever the terminal's own colours are;
 * without, light is what is drawn, since most terminals are dark and readers take the reverse, too.
 */
function draw(modules: readonly (readonly boolean[])[], hasColour: boolean): string[] {
  const lines: string[] = [];
  for (let at = 0; at < modules.length; at += 2) {
    const below = modules[at + 1];
    const line = modules[at]!.map((dark, column) => half(dark === hasColour, (below?.[column] ?? false) === hasColour));
    lines.push(hasColour ? `  \x1b[38;5;16;48;5;231m${line.join("")}\x1b[0m` : `  ${line.join("")}`);
  }
  return lines;
}

function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
