/** The client: connections by origin, redirects, and a Response for each request. */
import { setMaxListeners } from "node:events";
import type { BodySource } from "../gateway/contract.ts";
import { Deadlines } from "../net/deadlines.ts";
import type { Host } from "./connection.ts";
import { Bounded, decoded } from "./decode.ts";
import { ClientError } from "./errors.ts";
import type { Answer } from "./exchange.ts";
import {
  type ClientLimits,
  type ClientOptions,
  DEFAULT_CLIENT_LIMITS,
  DEFAULT_CLIENT_TIMEOUTS,
  type RequestOptions,
} from "./options.ts";
import { Origin } from "./origin.ts";
import { type Defaults, defaultFields, type Outgoing, outgoing } from "./outgoing.ts";
import { redirected } from "./redirect.ts";
import { ClientResponse } from "./response.ts";

/** The clock of all clients. */
const CLOCK = new Deadlines();

export class Client {
  readonly #options: ClientOptions;
  readonly #limits: ClientLimits;
  readonly #defaults: Defaults;
  readonly #host: Host;
  readonly #origins = new Map<string, Origin>();
  /** Once the client closes: when nothing is left of it. */
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;

  constructor(options: ClientOptions = {}) {
    const { timeouts, limits, unix, headers, decode = true, keepAlive = true, observe } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...limits };
    this.#defaults = {
      unix,
      decode,
      timeouts: { ...DEFAULT_CLIENT_TIMEOUTS, ...timeouts },
      fields: defaultFields(headers),
    };
    this.#host = { limits: this.#limits, deadlines: CLOCK, keepAlive, observe };
  }

  /**
   * Sends a request, and gives its response once its head has come; the body follows as it is read. A response of any
   * status is one: `ok` says whether it is a 2xx. A body that is neither read nor cancelled holds its connection.
   * @throws {ClientError} (rejects) when there is no response, with a code and, as `cause`, what it came from.
   * @throws {TypeError} (rejects) when there is no request: a URL, method, field or body that cannot be sent.
   * With the signal's reason when it is aborted.
   */
  async request(input: string | URL | Request, init: RequestOptions = {}): Promise<ClientResponse> {
    let request = outgoing(input, init, this.#defaults);
    const { signal } = request;
    signal?.throwIfAborted();
    // Many requests may share a signal: that is what it is for, and no leak. Node's fetch does the same.
    if (signal !== null) setMaxListeners(0, signal);
    for (let redirects = 0; ; redirects++) {
      if (this.#closed !== null) {
        throw new ClientError("CLIENT_CLOSED", `${request.peer.name}: the client was closed`, request.peer);
      }
      const answer = await this.#origin(request).exchange(request);
      const next = this.#redirected(request, answer, redirects);
      if (next === null) return this.#response(request, answer, redirects > 0);
      request = next;
    }
  }

  #redirected(request: Outgoing, { head, body }: Answer, redirects: number): Outgoing | null {
    if (head.status < 300 || head.status > 399) return null;
    try {
      const next = redirected(request, head);
      if (next === null) return null;
      if (redirects >= this.#limits.maxRedirects) {
        const message = `${request.peer.name}: ${redirects} redirects, and another to ${next.url.href}`;
        throw new ClientError("TOO_MANY_REDIRECTS", message, request.peer);
      }
      body?.discard();
      return next;
    } catch (error) {
      body?.discard();
      throw error;
    }
  }

  #response(request: Outgoing, { head, body }: Answer, wasRedirected: boolean): ClientResponse {
    const { maxBodySize, maxDecodedSize } = this.#limits;
    const { url, peer, decode } = request;
    let content: BodySource | null = body;
    if (body !== null && maxBodySize < Number.POSITIVE_INFINITY) content = new Bounded(body, maxBodySize, peer);
    if (content !== null && decode) {
      content = decoded(content, head.fields.get("content-encoding"), Math.min(maxBodySize, maxDecodedSize), peer);
    }
    return new ClientResponse(head, url, wasRedirected, content);
  }

  #origin({ url, peer }: Outgoing): Origin {
    const key = peer.unix === undefined ? url.origin : `${url.origin} ${peer.unix}`;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      const tls = url.protocol === "https:" ? (this.#options.tls ?? {}) : null;
      origin = new Origin(peer, tls, this.#host, () => {
        this.#origins.delete(key);
        if (this.#origins.size === 0) this.#closed?.resolve();
      });
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** Takes no more requests, and resolves when those under way have their responses, read to the end. */
  close(): Promise<void> {
    if (this.#closed === null) {
      this.#closed = deferred();
      for (const origin of [...this.#origins.values()]) origin.close();
      if (this.#origins.size === 0) this.#closed.resolve();
    }
    return this.#closed.promise;
  }

  /** Ends everything at once: requests under way reject with `CLIENT_CLOSED`. */
  async destroy(): Promise<void> {
    const closed = this.close();
    for (const origin of [...this.#origins.values()]) origin.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

let shared: Client | null = null;

/** `Client.request` of a client that all such calls share. Its connections keep no process alive. */
export function request(input: string | URL | Request, init?: RequestOptions): Promise<ClientResponse> {
  shared ??= new Client();
  return shared.request(input, init);
}
