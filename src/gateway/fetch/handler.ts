/**
 * The fetch interface: `fetch(request)` gives a Response, or a promise of one. What is in memory is answered in one go,
 * before the handler returns; a stream is pumped at the pace of the client.
 */
import { FaultError } from "../../core/faults.ts";
import type { Exchange, FieldList, Handler } from "../contract.ts";
import { describe, isObject, NativeResponse } from "./platform.ts";
import { stream, streamOrWhole } from "./pump.ts";
import { ServerRequest } from "./request.ts";
import { fieldsOf, isLightResponse, type LightResponse, takeContent } from "./response.ts";

/** An application that speaks fetch: the convention that Bun, Deno, Cloudflare and srvx share. */
export type FetchFunction = (request: ServerRequest) => Response | Promise<Response>;

export interface FetchOptions {
  /**
   * Gives the response when `fetch` throws, rejects, or returns what cannot be sent. What it throws itself goes to the
   * server. A fault of the client's, met while its body was read, does not come here: the server has a status for it.
   */
  readonly error?: ((error: unknown) => Response | Promise<Response>) | undefined;
}

/**
 * Makes a handler of a fetch function: each request is a `ServerRequest`, and what comes back a light or a native Response.
 * What `fetch` throws, and what it returns that is no Response, is the server's to answer (500) and to report, unless
 * `options.error` does.
 */
export function fetchHandler(fetch: FetchFunction, options: FetchOptions = {}): Handler {
  const recover = options.error;
  if (recover === undefined) return (exchange) => answer(exchange, fetch(new ServerRequest(exchange)));
  return (exchange) => {
    const fail = (error: unknown) => {
      if (exchange.started || error instanceof FaultError) throw error;
      return answer(exchange, recover(error));
    };
    try {
      return answer(exchange, fetch(new ServerRequest(exchange)))?.catch(fail);
    } catch (error) {
      return fail(error);
    }
  };
}

/**
 * Sends what an application returned. A response that is there already must not pay for a promise (116 ns, Node 20).
 * @param method that returned it
 */
export function answer(exchange: Exchange, result: unknown, method = "fetch"): void | Promise<void> {
  if (isLightResponse(result)) return send(exchange, result);
  if (!isThenable(result)) return sendNative(exchange, result, method);
  return Promise.resolve(result).then((settled) => {
    return isLightResponse(settled) ? send(exchange, settled) : sendNative(exchange, settled, method);
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return isObject(value) && typeof (value as Partial<PromiseLike<unknown>>).then === "function";
}

function send(exchange: Exchange, response: LightResponse): void | Promise<void> {
  const { status, statusText } = response;
  refuseNetworkError(status);
  const content = takeContent(response);
  const fields = fieldsOf(response);
  if (content === null || typeof content === "string" || content instanceof Uint8Array) {
    exchange.start(status, fields, statusText);
    exchange.end(content ?? undefined);
    return;
  }
  // The list is the application's again before the first piece is sent, so it gets a copy.
  const streamed = fields.slice();
  const hasLength = fields.includes("content-length");
  if (!(content instanceof Blob)) {
    const mayBeWhole = !hasLength && exchange.head.method !== "HEAD";
    return (mayBeWhole ? streamOrWhole : stream)(exchange, status, streamed, statusText, content);
  }
  if (!hasLength) streamed.push("content-length", String(content.size));
  if (content.size > SMALL_BLOB) return stream(exchange, status, streamed, statusText, content.stream());
  return content.arrayBuffer().then((buffer) => {
    exchange.start(status, streamed, statusText);
    exchange.end(new Uint8Array(buffer));
  });
}

/** Bytes of a blob that is read whole, which takes two thirds of the time of its stream. */
const SMALL_BLOB = 64 * 1024;

/** Sends a response of the platform's own: `fetch` gave it, or a framework that kept its reference made it. */
function sendNative(exchange: Exchange, response: unknown, method: string): void | Promise<void> {
  if (!isNativeResponse(response)) {
    throw new TypeError(`${method} returned ${describe(response)} where a Response is wanted`);
  }
  const { status, statusText, body } = response;
  refuseNetworkError(status);
  if (response.bodyUsed || body?.locked)
    throw new TypeError("fetch returned a Response whose body has already been read");
  const fields = response.url === "" ? [...response.headers].flat() : relayedFields(response);
  if (body !== null) {
    // What an application made itself may be in memory, which the platform does not tell.
    const mayBeWhole = response.url === "" && !response.headers.has("content-length");
    return (mayBeWhole ? streamOrWhole : stream)(exchange, status, fields, statusText, body);
  }
  exchange.start(status, fields, statusText);
  exchange.end();
}

/** The tag speaks for classes of the same making from elsewhere, such as the undici package's. */
function isNativeResponse(value: unknown): value is Response {
  return value instanceof NativeResponse || Object.prototype.toString.call(value) === "[object Response]";
}

function refuseNetworkError(status: number): void {
  if (status === 0) throw new TypeError("fetch returned Response.error(), which has no status to send");
}

/** Fields that belong to the connection the upstream's response came on (RFC 9110 §7.6.1). */
const HOP_BY_HOP = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/**
 * The fields of a response that `fetch` received and the application passes on. The platform has undone a content
 * coding without saying so: the coding and the coded length are then no longer true.
 */
function relayedFields({ headers, body }: Response): FieldList {
  const dropped = [
    ...HOP_BY_HOP,
    ...(headers
      .get("connection")
      ?.toLowerCase()
      .split(/[\t ,]+/) ?? []),
  ];
  if (body !== null && headers.has("content-encoding")) dropped.push("content-encoding", "content-length");
  return [...headers].filter(([name]) => !dropped.includes(name)).flat();
}
