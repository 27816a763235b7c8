#!/usr/bin/env node
import { existsSync } from "node:fs";

const [major, minor] = process.versions.node.split(".").map(Number);
const command = new URL("../dist/cli/main.js", import.meta.url);

if (major < 20 || (major === 20 && minor < 19)) {
  complain(`Node 20.19 or later is needed; this is ${process.versions.node}`);
} else if (!existsSync(command)) {
  complain("this checkout is not built; run: npm run build");
} else {
  const { main } = await import(command.href);
  await main(process.argv.slice(2));
}

function complain(message) {
  console.error(`portico: ${message}`);
  process.exitCode = 1;
}
