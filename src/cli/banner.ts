import type { Entry } from "./entry.ts";
import { VERSION } from "./version.ts";

export interface Terminal {
  readonly isTTY: boolean;
  readonly hasColour: boolean;
}

/** What is printed once the server listens: a line for a log, and for a terminal how to stop as well. */
export function banner(url: string, { kind, path }: Entry, { isTTY, hasColour }: Terminal): string {
  const style = (code: number, text: string) => (hasColour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const subject = kind === "files" ? `files from ${path}` : `application ${path}`;
  const address = url.replace(/\/$/, "");
  const line = `${style(1, "portico")} ${VERSION}  ${style(36, address)}  ${subject}`;
  return isTTY ? `${line}\n${style(2, "Ctrl-C stops it")}` : line;
}
