/** Tests of many connections need as many descriptors. */
import { spawnSync } from "node:child_process";

/** How many a process may have, which Node has raised as far as it may; NaN for any number. */
const limit = Number(spawnSync("sh", ["-c", "ulimit -n"]).stdout);

/** Why a test of so many connections is skipped, if they are too many. A server keeps an eighth of its descriptors free. */
export function tooMany(connections: number): string | false {
  return limit * 0.8 < connections && `${connections} connections are too many where ${limit} files may be open`;
}
