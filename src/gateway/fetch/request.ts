/**
 * The request an application gets: one small object over the exchange, of which everything else is made when it is asked
 * for. A Request that the application makes itself is the platform's own; `LightRequest` only lets it be made from ours.
 */
import { type InspectOptions, inspect } from "node:util";
import type { Exchange } from "../contract.ts";
import { Body, type ByteStream, type Bytes } from "./body.ts";
import { adoptHeaders, cloneHeaders, type LightHeaders } from "./headers.ts";
import { isObject, NativeRequest, refuseCloning, standInFor } from "./platform.ts";
import { requestUrl } from "./url.ts";

/** The properties of a request in which a server's has no say. */
const DEFAULTS = {
  cache: "default",
  credentials: "same-origin",
  destination: "",
  duplex: "half",
  integrity: "",
  isHistoryNavigation: false,
  isReloadNavigation: false,
  keepalive: false,
  mode: "cors",
  redirect: "follow",
  referrer: "about:client",
  referrerPolicy: "",
} as const;

export let isServerRequest: (value: unknown) => value is ServerRequest;

/** The request of an exchange. */
export interface ServerRequest extends Readonly<typeof DEFAULTS> {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the static block defines what the table declares
export class ServerRequest implements Request {
  #exchange: Exchange;
  #url = "";
  #headers: LightHeaders | null = null;
  #body: Body | null = null;
  /** A copy's own signal. */
  #signal: AbortSignal | null = null;

  constructor(exchange: Exchange) {
    refuseCloning(this);
    this.#exchange = exchange;
  }

  get method(): string {
    return this.#exchange.head.method;
  }

  /** Absolute in every case: without a usable Host it names the address the connection came to. */
  get url(): string {
    if (this.#url === "") this.#url = requestUrl(this.#exchange);
    return this.#url;
  }

  /** As received, and open to change, as in Bun and srvx (in Deno and in service workers they are immutable). */
  get headers(): LightHeaders {
    this.#headers ??= adoptHeaders(this.#exchange.head.fields);
    return this.#headers;
  }

  get signal(): AbortSignal {
    return this.#signal ?? this.#exchange.signal;
  }

  /** The client's address; `undefined` on a unix socket. The platform has no such property; srvx has. */
  get ip(): string | undefined {
    return this.#exchange.connection.remoteAddress || undefined;
  }

  /** Names work that goes on after the response: a closing server waits for it. The platform has no such method; srvx has. */
  waitUntil(work: Promise<unknown>): void {
    this.#exchange.waitUntil(work);
  }

  get body(): ByteStream | null {
    return this.#open().stream;
  }

  get bodyUsed(): boolean {
    return this.#open().used;
  }

  clone(): ServerRequest {
    const copy = new ServerRequest(this.#exchange);
    copy.#signal = AbortSignal.any([this.signal]);
    copy.#body = this.#open().clone();
    copy.#headers = this.#headers && cloneHeaders(this.#headers);
    return copy;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.#open().bytes()).buffer;
  }

  async blob(): Promise<Blob> {
    return (await this.#open().asResponse(this.headers.get("content-type"))).blob();
  }

  async bytes(): Promise<Bytes> {
    return this.#open().bytes();
  }

  async formData(): Promise<FormData> {
    return (await this.#open().asResponse(this.headers.get("content-type"))).formData();
  }

  // biome-ignore lint/suspicious/noExplicitAny: the platform's own type
  async json(): Promise<any> {
    return JSON.parse(await this.#open().text());
  }

  async text(): Promise<string> {
    return this.#open().text();
  }

  textStream(): ReadableStream<string> {
    return this.#open().textStream();
  }

  /** GET and HEAD have no body here whatever was sent: the Fetch standard knows none. */
  #open(): Body {
    if (this.#body === null) {
      const { head, body } = this.#exchange;
      const none = body.length === 0 || head.method === "GET" || head.method === "HEAD";
      this.#body = new Body(none ? null : body);
    }
    return this.#body;
  }

  static {
    for (const [name, value] of Object.entries(DEFAULTS)) {
      Object.defineProperty(ServerRequest.prototype, name, { get: () => value, enumerable: true, configurable: true });
    }
    isServerRequest = (value): value is ServerRequest => isObject(value) && #exchange in value;
  }
}

/** The platform's Request, but that it can be made from a server's as well: what it makes are the platform's own. */
export const LightRequest = function (this: Request, ...args: ConstructorParameters<typeof Request>): Request {
  if (new.target === undefined) throw new TypeError("a Request is made with new");
  const [input, init] = args;
  if (isServerRequest(input)) args[0] = nativeRequest(input, init);
  return Reflect.construct(NativeRequest, args, new.target);
} as unknown as typeof Request;
export type LightRequest = Request;
Object.defineProperties(LightRequest, {
  name: { value: "Request" },
  length: { value: 1 },
  prototype: { value: NativeRequest.prototype, writable: false },
});

/** The platform's own request in the place of a server's, whose body it takes over unless it is to get another. */
export function nativeRequest(request: ServerRequest, init?: RequestInit): Request {
  const { url, method, headers, duplex, signal } = request;
  const body = (init?.body ?? null) === null ? request.body : null;
  return new NativeRequest(url, { method, headers, body, duplex, signal } as RequestInit);
}

standInFor(ServerRequest, NativeRequest, "Request");
Object.defineProperties(ServerRequest.prototype, {
  constructor: { value: LightRequest, writable: true, configurable: true },
  [Symbol.for("nodejs.util.inspect.custom")]: { value: inspectRequest, writable: true, configurable: true },
});

function inspectRequest(this: ServerRequest, _depth: number, options: InspectOptions): string {
  const { method, url, headers, bodyUsed, ip } = this;
  return `Request ${inspect({ method, url, headers, bodyUsed, ip }, options)}`;
}
