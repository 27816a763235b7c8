#!/usr/bin/env node
import { existsSync } from "node:fs";

const command = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(command)) {
  const { main } = await import(command.href);
  await main(process.argv.slice(2));
} else {
  console.error("portico: this checkout is not built; run: npm run build");
  process.exitCode = 1;
}
