/** What is said once the server listens, and the browser that is opened then. */
import { networkInterfaces } from "node:os";
import { banner, type Terminal } from "./banner.ts";
import type { Entry } from "./entry.ts";
import { localUrl, networkUrls } from "./network-urls.ts";
import { openBrowser } from "./open-browser.ts";
import { exposure } from "./responses.ts";
import type { Settings } from "./settings.ts";

/** @param url of the server */
export async function announce(url: string, entry: Entry, settings: Settings): Promise<void> {
  const site = url.startsWith("http:") ? new URL(settings.base, url).href : url;
  if (!settings.quiet) {
    const { isTTY, hasColour, columns } = terminal();
    const urls = isTTY ? networkUrls(site, networkInterfaces()) : [];
    if (urls.length > 0) {
      // The package is for a few people at a few moments: loaded when one of them is here.
      const { invitation } = await import("./invitation.ts");
      console.log(invitation(urls, { hasColour, columns }));
    }
    console.log(banner(site, entry, { isTTY, hasColour }));
    const warning = exposure(settings);
    if (warning !== undefined) console.error(warning);
  }
  if (settings.open) openBrowser(localUrl(site), (line) => console.error(line));
}

function terminal(): Terminal & { readonly columns: number } {
  const { stdout } = process;
  // hasColors() reads NO_COLOR, FORCE_COLOR and TERM. A terminal that does not know its width says 0.
  return { isTTY: stdout.isTTY, hasColour: stdout.isTTY && stdout.hasColors(), columns: stdout.columns || 80 };
}
