/**
 * Makes the pictures of the live page in docs/: `node --import ./dist/cli/typescript/register.js scripts/screenshots/admin.ts`.
 * It starts the command with an application that has all sorts of clients, and looks at it in Chromium (CHROMIUM may name
 * it).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../../test/browser/support.ts";

const BIN = fileURLToPath(new URL("../../bin/portico.js", import.meta.url));
const APPLICATION = fileURLToPath(new URL("./application.ts", import.meta.url));
const DOCS = new URL("../../docs/", import.meta.url);

const child = spawn(process.execPath, [BIN, APPLICATION, "--workers", "2", "--admin=0", "--idle-timeout", "30000"], {
  env: { ...process.env, PORT: "0" },
  stdio: ["ignore", "pipe", "ignore"],
});
process.on("exit", () => child.kill("SIGKILL"));
let output = "";
child.stdout.setEncoding("utf8").on("data", (text: string) => {
  output += text;
});
while (!/ {2}http:/.test(output)) await once(child.stdout, "data");
const site = new URL(/ {2}(http:\S+)/.exec(output)![1]!);
const admin = /page is at (\S+)/.exec(output)![1]!;

keepBusy();
await wait(3000);
const browser = await launchBrowser();
await shoot(browser, "admin-light", { colorScheme: "light", viewport: { width: 1180, height: 1000 } });
await shoot(browser, "admin-life", { colorScheme: "dark", viewport: { width: 780, height: 860 } }, async (page) => {
  await page.locator("#filter").fill("/report");
  await wait(3000);
  await page.locator("td.client button").first().click();
});
await shoot(browser, "admin-phone", { colorScheme: "dark", viewport: { width: 390, height: 844 } });
await browser.close();
process.exit();

async function shoot(
  browser: Browser,
  name: string,
  options: Parameters<Browser["newPage"]>[0],
  prepare: (page: Page) => Promise<void> = async () => {},
): Promise<void> {
  const page = await browser.newPage(options);
  await page.goto(admin);
  await wait(8000);
  await prepare(page);
  await wait(1500);
  writeFileSync(new URL(`${name}.png`, DOCS), await page.screenshot());
  await page.close();
}

/** Clients of all sorts: quick ones, patient ones, slow ones, one that breaks the rules, one that leaves. */
function keepBusy(): void {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 24 });
  const get = (path: string, options: http.RequestOptions = {}) =>
    new Promise<void>((resolve) => {
      const request = http.get(new URL(path, site), { agent, ...options }, (response) => {
        response.resume().on("close", resolve);
      });
      request.on("error", () => resolve());
    });
  const repeat = async (path: string, pause: number, options?: http.RequestOptions) => {
    for (;;) {
      await get(path, options);
      await wait(pause * (0.5 + Math.random()));
    }
  };
  for (let i = 0; i < 6; i++) {
    void repeat("/", 200);
    void repeat(`/search?q=${i}`, 300);
  }
  for (let i = 0; i < 3; i++) void repeat("/report", 400);
  void repeat("/broken", 2500);
  void repeat("/", 900, { headers: { connection: "close" } });
  const send = (text: string) => {
    const socket = net.connect(Number(site.port), site.hostname, () => socket.write(text));
    return socket.on("error", () => {});
  };
  setInterval(() => send("GET / HTTP/1.1\r\nHost: a\r\nX-Two words: 1\r\n\r\n").resume(), 1900);
  setInterval(() => get("/report", { signal: AbortSignal.timeout(500) }), 3100);
  setInterval(() => send("GET / HTT"), 4000);
  send("GET /export HTTP/1.1\r\nHost: a\r\n\r\n").pause();
}
