/** How long a file may be used without asking, by what it is. */

/** A page is where everything else is named: an old one would name what is gone. */
const PAGE = /^(?:text\/html|application\/xhtml\+xml)\b/;

/** What may be a little older than the page that shows it. Scripts, styles and data have to fit to the page, and to each other. */
const MEDIA = /^(?:image|font|audio|video)\//;

/** Ends of names that change with the content, before one to three extensions (`.js`, `.js.map`, `.chunk.css`). */
const HASHES = [
  // Hexadecimal, as webpack and Parcel write it; a letter and a digit, so that neither a word nor a date is one. A whole name is longer.
  /(?:^(?=[0-9a-f]{16})|[.-])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{8,64}(?:\.[A-Za-z][A-Za-z0-9]*){1,3}$/,
  // Eight of base64url, as Rollup and Vite write it: capitals, small letters, and a digit that does not end a word.
  /[.-](?=[^.]*[0-9][A-Za-z])(?=[^.]*[a-z])(?=[^.]*[A-Z])[A-Za-z0-9_-]{8}(?:\.[A-Za-z][A-Za-z0-9]*){1,3}$/,
  // Eight of base32, as esbuild writes it.
  /[.-](?=[A-Z]*[2-7][2-7]*[A-Z])[A-Z2-7]{8}(?:\.[A-Za-z][A-Za-z0-9]*){1,3}$/,
];

/**
 * The Cache-Control of a deployed file: a hashed name never means anything else, media may be ten minutes old (as all files
 * of GitHub Pages), and the rest is asked for each time, which costs a 304. Where a name leaves a doubt, it is not hashed:
 * a file that is asked for too often is slower, one that is never asked for again is wrong for a year.
 *
 * Not `public`: it would only let shared caches keep what was answered to a password, for everybody (RFC 9111 §3.5).
 */
export function cacheControlOf(name: string, type: string): string {
  if (PAGE.test(type)) return "no-cache";
  if (HASHES.some((hash) => hash.test(name))) return "max-age=31536000, immutable";
  return MEDIA.test(type) ? "max-age=600" : "no-cache";
}
