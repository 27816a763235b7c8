/** Joins sockets, HTTP/1.1 and a handler. */
export type { Handler } from "../gateway/contract.ts";
export { Server, type ServerOptions } from "./server.ts";
