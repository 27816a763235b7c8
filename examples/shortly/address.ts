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
  const tooLong = `Please enter an address of at most ${MAX_LENGTH} characters.`;
  if (typed.length > MAX_LENGTH) return tooLong;
  if (!URL.canParse(typed)) return "This is not a whole address; it would begin with https:// or http://.";
  const url = new URL(typed);
  // Letters beyond ASCII become several.
  if (url.href.length > MAX_LENGTH) return tooLong;
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return "Only addresses of the web, http and https, are taken.";
  if (url.username !== "" || url.password !== "") return "An address with a password in it is better not shared.";
  if (isSame(url, new URL(`http://${host}`))) return "This address is short already.";
  return url;
}

/** Whether both lead to one server, as far as their names say: one that led to itself would lead nowhere. */
function isSame(url: URL, own: URL): boolean {
  return url.port === own.port && (url.hostname === own.hostname || (isLoopback(url) && isLoopback(own)));
}

function isLoopback({ hostname }: URL): boolean {
  return /^(?:localhost\.?|127\..*|\[::1\])$/.test(hostname);
}
