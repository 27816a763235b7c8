/** Loading an application: importing its module, and finding in it what answers requests. */
import { pathToFileURL } from "node:url";
import type { Handler } from "../gateway/contract.ts";
import { parsePort } from "./arguments.ts";
import { closeOf } from "./closing.ts";
import { failure } from "./command-error.ts";
import { type Exported, exportsOf, member } from "./exports.ts";
import { type Found, findApplication, type ModuleInterface } from "./interfaces.ts";
import { loadFailure } from "./load-failure.ts";
import type { Model } from "./plan.ts";
import { installTypeScript } from "./typescript/install.ts";

export interface Application {
  readonly handler: Handler;
  /** Takes CONNECT requests, if the application does. */
  readonly connect?: Handler;
  /** Ends what it holds, if it has a way to; called when the last request is over. */
  readonly close?: () => Promise<void>;
  /** Where it would like to listen, as Bun reads it; whoever starts it knows better. */
  readonly wishes: { readonly port?: number; readonly hostname?: string };
}

/**
 * Imports the module at `path`, and finds in it what answers requests.
 * @param asked the interface it is written for, if that is not to be told by what it exports
 * @throws {CommandError} one line that says what is wrong with the module, and where
 */
export async function loadApplication(
  path: string,
  asked: ModuleInterface | undefined,
  model: Model,
): Promise<Application> {
  installTypeScript();
  const listeners = countListeners();
  const module = await importModule(path);
  const exports = exportsOf(module, countListeners() > listeners);
  const found = findApplication(path, exports, asked);
  const handler = await openApplication(path, found, model);
  const close = closeOf(exports, found);
  const port = member(exports.main, "port");
  const hostname = member(exports.main, "hostname");
  return {
    handler,
    ...(found.connects && { connect: handler }),
    ...(close && { close }),
    wishes: {
      ...(port !== undefined && { port: parsePort(String(port), `the port in ${path}`, failure) }),
      ...(hostname !== undefined && { hostname: String(hostname) }),
    },
  };
}

/** An adapter may refuse what it is to stand in front of: a TypeError says why. Other errors are the application's own. */
async function openApplication(path: string, found: Found, model: Model): Promise<Handler> {
  try {
    return await found.open(model);
  } catch (error) {
    throw error instanceof TypeError ? failure(`${path} cannot be served: ${error.message}`) : loadFailure(error, path);
  }
}

/** How many TCP sockets of this thread listen. */
function countListeners(): number {
  return process.getActiveResourcesInfo().filter((type) => type === "TCPServerWrap").length;
}

async function importModule(path: string): Promise<Exported> {
  const neverLoaded = () => {
    console.error(`portico: ${path} never finishes loading: it awaits something that nothing will settle`);
    process.exit(1);
  };
  process.once("beforeExit", neverLoaded);
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    throw loadFailure(error, path);
  } finally {
    process.off("beforeExit", neverLoaded);
  }
}
