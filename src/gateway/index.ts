/** The interfaces applications are written against, and the seam they meet the server at. */
export { basicAuth } from "./basic-auth.ts";
export { type CgiHandler, type CgiOptions, cgi } from "./cgi/handler.ts";
export type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "./contract.ts";
export { installFetchGlobals } from "./fetch/globals.ts";
export { type FetchFunction, type FetchOptions, fetchHandler } from "./fetch/handler.ts";
export { LightHeaders as Headers } from "./fetch/headers.ts";
export { LightRequest as Request, ServerRequest } from "./fetch/request.ts";
export { JSON_FIELDS, LightResponse as Response, NO_FIELDS, TEXT_FIELDS } from "./fetch/response.ts";
export { lint } from "./lint.ts";
export {
  fromNodeListener,
  fromNodeServer,
  type NodeListener,
  type NodeListenerOptions,
  type NodeUpgradeListener,
} from "./node/from-listener.ts";
export { type NodeMiddleware, type ToNodeListenerOptions, toNodeListener } from "./node/to-listener.ts";
export { withPreflights } from "./preflight.ts";
export { toFetch } from "./to-fetch.ts";
export type { ConnectContext, ServerContext } from "./wintertc/context.ts";
export type { ErrorCode, ProtocolError } from "./wintertc/errors.ts";
export { wintertc } from "./wintertc/handler.ts";
export type { RequestPriority, SocketAddress, WintertcApplication } from "./wintertc/interface.ts";
export type { Tunnel } from "./wintertc/tunnel.ts";
export { withFields } from "./with-fields.ts";
export { type WsgiOptions, wsgi } from "./wsgi/handler.ts";
export type {
  Environ,
  Piece,
  StartResponse,
  Write,
  WsgiApplication,
  WsgiErrors,
  WsgiHeaders,
  WsgiInput,
  WsgiResult,
} from "./wsgi/interface.ts";
export { validate } from "./wsgi/validate.ts";
