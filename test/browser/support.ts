/** A real browser, without a window. */
import { spawnSync } from "node:child_process";
import { type Browser, type BrowserContextOptions, chromium, type Page, type Response } from "playwright-core";

const CHROMIUM = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path !== undefined && spawnSync(path, ["--version"]).status === 0);

/** Why there is nothing to test with. */
export const noBrowser = CHROMIUM === undefined && "no Chromium that starts; CHROMIUM may name one";

export function launchBrowser(): Promise<Browser> {
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
  return chromium.launch({ executablePath: CHROMIUM!, args });
}

export interface Visit {
  readonly page: Page;
  /** All that the browser complained of. */
  readonly complaints: readonly string[];
  /** What it was sent, by path. */
  readonly answers: ReadonlyMap<string, Response>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  const answers = new Map<string, Response>();
  page.on("console", (message) => {
    // Chromium's guess where there is no network but loopback.
    if (!message.text().startsWith("Slow network is detected.")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => answers.set(new URL(response.url()).pathname, response));
  await page.goto(url);
  return { page, complaints, answers };
}
