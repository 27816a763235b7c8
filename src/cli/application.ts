/** Loading an application: importing its module, and finding in it what answers requests. */
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import type { Handler } from "../gateway/contract.ts";
import { type FetchFunction, type FetchOptions, fetchHandler } from "../gateway/fetch/handler.ts";
import { parsePort } from "./arguments.ts";
import { failure } from "./command-error.ts";
import { loadFailure } from "./load-failure.ts";
import { installTypeScript } from "./typescript/install.ts";

export interface Application {
  readonly handler: Handler;
  /** Where it would like to listen, as Bun reads it; whoever starts it knows better. */
  readonly wishes: { readonly port?: number; readonly hostname?: string };
}

/** A default export: an object or a function, of which nothing more is known. */
type Exported = Partial<Record<"fetch" | "error" | "port" | "hostname" | "default" | "__esModule", unknown>>;

/**
 * Imports the module at `path` and takes its `export default { fetch }`, its default function, or its `fetch`.
 * @throws {CommandError} one line that says what is wrong with the module, and where.
 */
export async function loadApplication(path: string): Promise<Application> {
  installTypeScript();
  const module = await importModule(path);
  const exported = defaultExport(module);
  const fetch = findFetch(exported, module);
  if (typeof fetch === "string") {
    throw failure(`${path} holds no application: ${fetch}. Wanted: export default { fetch(request) { ... } }`);
  }
  const { error, port, hostname } = exported ?? {};
  const options: FetchOptions = typeof error === "function" ? { error: error.bind(exported) } : {};
  return {
    handler: fetchHandler(fetch, options),
    wishes: {
      ...(port !== undefined && { port: parsePort(String(port), `the port in ${path}`, failure) }),
      ...(hostname !== undefined && { hostname: String(hostname) }),
    },
  };
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

/** The default export, if things can be looked up on it; of an ES module compiled to CommonJS, the one within. */
function defaultExport({ default: exported }: Exported): Exported | undefined {
  if (!isLookable(exported)) return undefined;
  return exported.__esModule === true && isLookable(exported.default) ? exported.default : exported;
}

function isLookable(value: unknown): value is Exported {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function isFunction(value: unknown): value is FetchFunction {
  return typeof value === "function";
}

/** The function that answers requests, or else what was found in its place. */
function findFetch(exported: Exported | undefined, module: Exported): FetchFunction | string {
  if (isFunction(exported?.fetch)) {
    const application = exported as { fetch: FetchFunction };
    // Looked up on every call, as a method is: the application may replace it.
    return (request) => application.fetch(request);
  }
  // Two parameters make it a handler of node:http's kind; srvx draws the line there as well.
  if (isFunction(exported) && exported.length < 2) return exported;
  if (isFunction(module.fetch)) return module.fetch;
  if (isFunction(exported)) return "its default export is a (request, response) function, not fetch(request)";
  if (exported !== undefined) return "its default export has no fetch(request)";
  if ("default" in module) return `its default export is ${inspect(module.default)}`;
  const names = Object.keys(module);
  return names.length === 0 ? "it exports nothing" : `it exports only ${names.join(", ")}`;
}
