/**
 * The interfaces that applications are written against, and how each is known by what a module exports: one row an
 * interface. How a module is loaded is not decided here.
 */
import type { Server } from "node:http";
import type { InterfaceName } from "../core/options.ts";
import type { Handler } from "../gateway/contract.ts";
import { type FetchFunction, type FetchOptions, fetchHandler } from "../gateway/fetch/handler.ts";
import type { NodeListener } from "../gateway/node/from-listener.ts";
import { isWintertc } from "../gateway/wintertc/interface.ts";
import type { WsgiApplication } from "../gateway/wsgi/interface.ts";
import { failure } from "./command-error.ts";
import { type Exports, exportsInWords, isFunction, member } from "./exports.ts";
import type { Model } from "./plan.ts";

/** The interfaces of modules: CGI is one of directories. */
export type ModuleInterface = Exclude<InterfaceName, "cgi">;

/** An application that was found in a module. */
export interface Found {
  /** What was found, such as `its default export has fetch()`. */
  readonly what: string;
  /** Puts the adapter around it. */
  readonly open: (model: Model) => Handler | Promise<Handler>;
  /** Whether it takes CONNECT requests as well. */
  readonly connects?: boolean;
  /** Ends what it holds, where that is not done by a method of its own. */
  readonly close?: () => unknown;
}

interface Interface {
  /** How an application of it is exported. */
  readonly wanted: string;
  /**
   * What the module has of it; `undefined` if nothing.
   * @param asked whether it is the interface that `--interface` names: then whatever may be an application is one
   */
  readonly find: (exports: Exports, asked: boolean) => Found | undefined;
}

const INTERFACES: Readonly<Record<ModuleInterface, Interface>> = {
  fetch: { wanted: "export default { fetch(request) { ... } }", find: findFetch },
  node: { wanted: "export default (request, response) => { ... }", find: findNode },
  wsgi: { wanted: "export function application(environ, startResponse) { ... }", find: findWsgi },
};

const NAMES = Object.keys(INTERFACES) as ModuleInterface[];

/**
 * Finds the application that a module exports.
 * @param asked the interface that was asked for
 * @throws {CommandError} one line that says what was found, and which flag decides
 */
export function findApplication(path: string, exports: Exports, asked: ModuleInterface | undefined): Found {
  if (member(exports.main, "listening") === true) {
    throw failure(`${path} exports a server that listens already. Leave listen() out: portico listens`);
  }
  const found = (asked === undefined ? NAMES : [asked]).flatMap((name) => {
    const application = INTERFACES[name].find(exports, asked !== undefined);
    return application === undefined ? [] : [{ name, ...application }];
  });
  const [application] = found;
  if (application === undefined) throw failure(`${path} ${nothingFound(exports, asked)}`);
  if (found.length === 1) return application;
  const each = found.map(({ name, what }) => `${what} (--interface ${name})`).join(", and ");
  throw failure(`${path} holds more than one application: ${each}. Give one of these flags`);
}

function nothingFound(exports: Exports, asked: ModuleInterface | undefined): string {
  const what = exportsInWords(exports);
  if (exports.listens) {
    return `holds no application: ${what}, and it listens by itself. Export what it listens with, and leave listen() out: export default app`;
  }
  if (asked !== undefined) {
    const { wanted } = INTERFACES[asked];
    return `holds no application for --interface ${asked}: ${what}. Wanted: ${wanted}`;
  }
  const possible = NAMES.filter((name) => INTERFACES[name].find(exports, true) !== undefined);
  if (possible.length === 0) return `holds no application: ${what}. Wanted: ${INTERFACES.fetch.wanted}`;
  const flags = possible.map((name) => `--interface ${name}`).join(" or ");
  return `does not say which interface it is written for: ${what}. Give ${flags}`;
}

/** What the argument of fetch() is, a module says itself: by the marker it is WinterTC's context, else the request. */
function findFetch({ main, module }: Exports, asked: boolean): Found | undefined {
  if (isWintertc(main) && isFunction(main.fetch)) {
    return {
      what: "its default export has fetch() and WinterTC's marker",
      open: async () => (await import("../gateway/wintertc/handler.ts")).wintertc(main),
      connects: main.connect !== undefined,
    };
  }
  const error = member(main, "error");
  const options: FetchOptions = isFunction(error) ? { error: error.bind(main) as FetchOptions["error"] } : {};
  const found = (what: string, fetch: FetchFunction): Found => ({ what, open: () => fetchHandler(fetch, options) });

  if (isFunction(member(main, "fetch"))) {
    const application = main as unknown as { fetch: FetchFunction };
    // Looked up on every call, as a method is: the application may replace it.
    return found("its default export has fetch()", (request) => application.fetch(request));
  }
  // Two parameters make it a handler of node:http's kind; srvx draws the line there as well.
  if (isFunction(main) && (main.length < 2 || asked)) {
    return found("its default export is a function of the request", main as unknown as FetchFunction);
  }
  const { fetch } = module;
  return isFunction(fetch) ? found("it exports fetch()", fetch as unknown as FetchFunction) : undefined;
}

/**
 * What is built for node:http is known by its methods; a function of two parameters could be anything's, and so could a
 * `handler`, which is what SvelteKit and Astro build for servers of Node's.
 */
function findNode({ main, module }: Exports, asked: boolean): Found | undefined {
  const has = (...names: string[]) => names.every((name) => isFunction(member(main, name)));
  const found = (what: string, open: (node: NodeGateway) => Handler | Promise<Handler>): Found => ({
    what,
    open: async () => open(await import("../gateway/node/from-listener.ts")),
  });

  if (has("routing", "ready")) {
    const app = main as unknown as { ready(): Promise<unknown>; server: Server };
    return found("its default export is an application of Fastify", async (node) => {
      await app.ready();
      return node.fromNodeServer(app.server);
    });
  }
  if (has("init", "getHttpServer", "getHttpAdapter")) {
    const app = main as unknown as NestApplication;
    return found("its default export is an application of Nest", async (node) => {
      await app.init();
      await app.getHttpAdapter().getInstance().ready?.();
      return node.fromNodeServer(app.getHttpServer());
    });
  }
  if (has("callback", "use")) {
    const app = main as unknown as { callback(): NodeListener };
    return found("its default export is an application of Koa", (node) => node.fromNodeListener(app.callback()));
  }
  if (has("listen", "closeIdleConnections")) {
    const server = main as unknown as Server;
    const application = found("its default export is a server of node:http", (node) => {
      if (!has("setSecureContext")) return node.fromNodeServer(server);
      throw new TypeError("its server is one of node:https, and portico speaks no TLS. Export one of node:http");
    });
    const close = async () => (await import("../gateway/node/from-listener.ts")).closeNodeServer(server);
    return { ...application, close, connects: server.listenerCount("connect") > 0 };
  }
  const { handler } = module;
  if (asked && !isFunction(main) && isFunction(handler)) {
    return found("it exports handler()", (node) => node.fromNodeListener(handler as unknown as NodeListener));
  }
  if (!isFunction(main) || !(asked || has("use", "listen"))) return undefined;
  const what = asked ? "is a function" : "is an application of Express or connect";
  return found(`its default export ${what}`, (node) => node.fromNodeListener(main as unknown as NodeListener));
}

/** It stands on Express, or on Fastify, which has to be ready. */
interface NestApplication {
  init(): Promise<unknown>;
  getHttpServer(): Server;
  getHttpAdapter(): { getInstance(): { ready?(): PromiseLike<unknown> } };
}

type NodeGateway = typeof import("../gateway/node/from-listener.ts");

function findWsgi({ main, module }: Exports, asked: boolean): Found | undefined {
  const { application } = module;
  const found = (what: string, it: unknown): Found => ({
    what,
    open: async (model) => {
      const { wsgi } = await import("../gateway/wsgi/handler.ts");
      const multiprocess = model === "processes" || model === "threads";
      return wsgi(it as WsgiApplication, { multithread: model !== "serial", multiprocess });
    },
  });
  if (isFunction(application) && (application.length === 2 || asked)) {
    return found("it exports application(environ, startResponse)", application);
  }
  // By its parameters alone it could be a (request, response) function.
  return isFunction(main) && asked ? found("its default export is a function", main) : undefined;
}
