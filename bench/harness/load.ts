import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startGroup } from "./process-group.ts";

const SCRIPT = fileURLToPath(new URL("wrk.lua", import.meta.url));

/** What wrk counted. */
export interface Load {
  /** Whole responses received. */
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from request to whole response. wrk counts in the requests that a stalled connection did not send. */
  readonly p50: number;
  readonly p99: number;
  /** Responses of status 400 and up, timeouts, and connections that failed. */
  readonly failed: number;
}

/** Loads a port for some seconds with the request that stands in a file: one thread, keep-alive. */
export async function load(
  port: number,
  requestFile: string,
  connections: number,
  seconds: number,
  pin: readonly string[],
): Promise<Load> {
  const wrk = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "5s", "-s", SCRIPT];
  const child = startGroup([...pin, ...wrk, `http://127.0.0.1:${port}/`, "--", requestFile]);
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`wrk failed: ${output.trim()}`);

  const counted = JSON.parse(output.trim().split("\n").at(-1)!) as Record<string, number>;
  return {
    requests: counted.requests!,
    seconds: counted.microseconds! / 1e6,
    p50: counted.p50! / 1e3,
    p99: counted.p99! / 1e3,
    failed: counted.failed!,
  };
}
