/** The front door: what `import ... from "portico"` gives. */
export { type Config, defineConfig } from "./core/config.ts";
export type { Limits, Timeouts } from "./core/options.ts";
export type { Exchange, Handler } from "./gateway/contract.ts";
export type { FetchFunction } from "./gateway/fetch/handler.ts";
export { type ServeOptions, serve } from "./serve.ts";
export { Server, type ServerOptions } from "./server/server.ts";
export { type FilesOptions, files } from "./static/index.ts";
