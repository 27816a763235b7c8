import type { RequestHead } from "../http/request-head.ts";

/**
 * Whether somebody navigates to a page, as opposed to a program that fetches something. Browsers say so themselves
 * (Sec-Fetch-Dest), but to trustworthy origins only, which an address of the local network is not.
 */
export function wantsPage({ method, fields }: RequestHead): boolean {
  if (method !== "GET" && method !== "POST") return false;
  const destination = fields.get("sec-fetch-dest");
  if (destination !== null) return destination === "document" || destination === "iframe" || destination === "frame";
  return fields.get("accept")?.includes("text/html") ?? false;
}
