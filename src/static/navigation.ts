/** Which requests go to a place in an application that runs in the browser, and which ask for a file that is not there. */
import type { RequestHead } from "../http/request-head.ts";
import { knownType } from "./content-type.ts";

/**
 * Whether a browser goes to a page by this request. It says so itself (Fetch Metadata); from others that they accept HTML,
 * by name, has to do, which no script, style sheet or image does. A name with the extension of a known type is a file's.
 */
export function isNavigation({ method, fields }: RequestHead, names: readonly string[]): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  const mode = fields.get("sec-fetch-mode");
  if (mode !== null && mode !== "navigate") return false;
  return acceptsHtml(fields.get("accept") ?? "") && knownType(names.at(-1) ?? "") === null;
}

/** What decides between the page and a 404; for caches that are told to keep pages. */
export const NAVIGATION_FIELDS = "Accept, Sec-Fetch-Mode";

const HTML = /^\s*text\/html\s*(?:;|$)/i;
const REFUSED = /;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/i;

function acceptsHtml(accept: string): boolean {
  return accept.split(",").some((range) => HTML.test(range) && !REFUSED.test(range));
}
