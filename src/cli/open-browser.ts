import { spawn } from "node:child_process";

/** The command that opens an address in the browser its user has chosen, by platform. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...words: string[]]>> = {
  darwin: ["open"],
  // The first quoted word is a window's title.
  win32: ["cmd", "/c", "start", '""'],
};

/** How long an opener may take to fail, in milliseconds: one that ends later was the browser itself. */
const OPENING = 10_000;

/** Opens an address in the user's browser. That there is none is no error of the server's: a line says so. */
export function openBrowser(url: string, say: (line: string) => void): void {
  const [command, ...words] = OPENERS[process.platform] ?? ["xdg-open"];
  const start = performance.now();
  // In a group of its own: what Ctrl-C does to the server should not happen to a browser.
  const child = spawn(command, [...words, url], { stdio: "ignore", detached: true });
  const fail = (why: string) => say(`portico: no browser could be opened (${why}); the address is ${url}`);
  child.once("error", ({ message }) => fail(message));
  child.once("exit", (code) => {
    if (code !== 0 && code !== null && performance.now() - start < OPENING) fail(`${command} ended with ${code}`);
  });
  child.unref();
}
