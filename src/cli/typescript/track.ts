/** Which files a process has loaded modules from. */
import module, { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";

type Next = (url: string, context: object) => unknown;

/** Since Node 22.15 and 23.5; the type definitions are Node 20's. */
type RegisterHooks = (hooks: { load: (url: string, context: object, next: Next) => unknown }) => void;

/**
 * From here on, notes every module that is loaded, also one that then turns out not to parse.
 * @returns a function that gives the files which it has not given before, without installed packages
 */
export function trackModules(): () => string[] {
  const take = noteUrls();
  const { cache } = createRequire(import.meta.url);
  const given = new Set<string>();
  return () => {
    const files = take().flatMap((url) => (url.startsWith("file:") ? [fileURLToPath(url)] : []));
    const found = [...files, ...Object.keys(cache)].filter((file) => !given.has(file) && !isInstalled(file));
    for (const file of found) given.add(file);
    return found;
  };
}

function noteUrls(): () => string[] {
  const { registerHooks } = module as { registerHooks?: RegisterHooks };
  if (registerHooks === undefined) return noteUrlsOfThread();
  const urls: string[] = [];
  registerHooks({
    load(url, context, next) {
      urls.push(url);
      return next(url, context);
    },
  });
  return () => urls.splice(0);
}

/** Older versions of Node have modules loaded by a thread of its own. What it has posted is there when its module is. */
function noteUrlsOfThread(): () => string[] {
  const { port1, port2 } = new MessageChannel();
  module.register("./track-hooks.js", { parentURL: import.meta.url, data: port2, transferList: [port2] });
  port1.unref();
  return () => [...messagesOf(port1)];
}

function* messagesOf(port: MessagePort): Generator<string> {
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    yield next.message as string;
  }
}

function isInstalled(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file);
}
