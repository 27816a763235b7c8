/**
 * Makes the pictures of docs/: `node --import ./dist/cli/typescript/register.js scripts/screenshots.ts`. Chromium is needed
 * (CHROMIUM may name it).
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launchBrowser } from "../test/browser/support.ts";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));
const BIN = fileURLToPath(new URL("../bin/portico.js", import.meta.url));

const ORDERS = `interface Order {
  customer?: { discount: number };
  lines: { price: number; count: number }[];
}

function total({ lines, customer }: Order): number {
  const sum = lines.reduce((sum, { price, count }) => sum + price * count, 0);
  return sum * (1 - customer!.discount);
}

export default {
  async fetch(request: Request): Promise<Response> {
    const order: Order = { lines: [{ price: 3, count: 2 }] };
    try {
      return Response.json({ total: total(order) });
    } catch (cause) {
      throw new Error("The order cannot be shown", { cause });
    }
  },
};
`;

const folder = mkdtempSync(join(tmpdir(), "portico-"));
writeFileSync(join(folder, "orders.ts"), ORDERS);
const server = spawn(process.execPath, [BIN, "dev", "orders.ts", "0"], {
  cwd: folder,
  stdio: ["ignore", "pipe", "inherit"],
});
const browser = await launchBrowser();
try {
  const [line] = await once(server.stdout.setEncoding("utf8"), "data");
  const page = await browser.newPage({ viewport: { width: 900, height: 820 }, colorScheme: "light" });
  await page.goto(`${/http:\S+/.exec(line)![0]}/orders/7`);
  await page.screenshot({ path: join(DOCS, "dev-error.png") });
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true });
}
