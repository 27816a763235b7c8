/** An HTTP/1.1 client on the server's own protocol core. */
export { Client, request } from "./client.ts";
export { CLIENT_CODES, type ClientCode, ClientError, type Peer } from "./errors.ts";
export {
  type ClientLimits,
  type ClientOptions,
  type ClientTimeouts,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_CLIENT_TIMEOUTS,
  type RequestBody,
  type RequestOptions,
} from "./options.ts";
export type { ClientResponse } from "./response.ts";
export type { WireEvent } from "./wire.ts";
