import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Places } from "./peers.ts";
import { FILES } from "./workloads.ts";

/** A directory for this run, gone at its end. A server that gives up root's rights, as nginx does, can read it. */
export function makeDirectories(): Places {
  const scratch = mkdtempSync(join(tmpdir(), "portico-bench-"));
  process.once("exit", () => rmSync(scratch, { recursive: true, force: true }));
  const files = join(scratch, "files");
  mkdirSync(files);
  chmodSync(scratch, 0o755);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(files, name), text);
  return { scratch, files };
}
