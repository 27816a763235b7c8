/** Module hooks for a thread of their own (`module.register`) that post the URL of every module. */
import type { MessagePort } from "node:worker_threads";

let port: MessagePort | null = null;

export function initialize(to: MessagePort): void {
  port = to;
}

export async function load<Context, Result>(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Promise<Result>,
): Promise<Result> {
  port?.postMessage(url);
  return next(url, context);
}
