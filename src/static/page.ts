/** What the pages have in common that we write ourselves: colours, escaping, and the policy that they are sent with. */
import { hash } from "node:crypto";

/** Warm paper by day, the same ink turned round by night; text on them has a contrast of at least 4.5 to 1 (WCAG AA). */
export const PALETTE = `:root {
  color-scheme: light dark;
  --paper: #faf7f1; --raised: #f1ebdf; --line: #dcd2c1; --ink: #2a2521; --soft: #6b6054; --accent: #97381b;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171c; --raised: #1f2229; --line: #343841; --ink: #e9e1d2; --soft: #a89f90; --accent: #ecb65c;
  }
}
* { box-sizing: border-box; }
`;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it has to stand in HTML, within an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/**
 * The Content-Security-Policy of a page that has its own style, its own script and its own pictures in it, and nothing
 * from anywhere else: what a name smuggled past the escaping would not run.
 */
export function securityPolicy(style: string, script?: string): string {
  const source = (text: string) => `'sha256-${hash("sha256", text, "base64")}'`;
  const scripts = script === undefined ? "" : `; script-src ${source(script)}`;
  return `default-src 'none'; style-src ${source(style)}${scripts}; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'`;
}
