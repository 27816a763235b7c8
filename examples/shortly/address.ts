/** What may be shortened. */

/** Longer ones do not fit into all browsers. */
const MAX_LENGTH = 2000;

/**
 * Reads what somebody has typed as an address of the web.
 * @param host of the shortener itself, whose addresses are short enough
 * @returns the address in its normal form, or a sentence on what is wrong with it
 */
export function readAddress(text: string, host: string): URL | string {
  const typed = text.trim();
  if (typed === "") return "Please enter an address.";
  if (typed.length > MAX_LENGTH) return `Please enter an address of at most ${MAX_LENGTH} characters.`;
  if (!URL.canParse(typed)) return "This is not a whole address; it would begin with https:// or http://.";
  const url = new URL(typed);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return "Only addresses of the web, http and https, are taken.";
  if (url.username !== "" || url.password !== "") return "An address with a password in it is better not shared.";
  if (url.host === host) return "This address is short already.";
  return url;
}
