/** Puts the light classes in the place of the platform's, for a process that is ours. */
import { types } from "node:util";
import { LightHeaders } from "./headers.ts";
import { NativeRequest, nativeFetch } from "./platform.ts";
import { isServerRequest, LightRequest, nativeRequest } from "./request.ts";
import { LightResponse } from "./response.ts";

/** What belongs to the connection a request came on, or makes the platform's fetch refuse it (RFC 9110 §7.6.1, §10.1.1). */
const NOT_FOR_UPSTREAM = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

const fetch = {
  /** The platform's fetch, which takes a server's request as well. */
  fetch(input: RequestInfo | URL, init: RequestInit | undefined = undefined): Promise<Response> {
    const request = isServerRequest(input) ? nativeRequest(input) : copyIfReceived(input);
    if (request === null) return nativeFetch(input, init);
    for (const name of NOT_FOR_UPSTREAM) request.headers.delete(name);
    return nativeFetch(request, init);
  },
}.fetch;

/** A request that was made of a received one, `new Request(upstream, request)`, has the fields of its connection. */
function copyIfReceived(input: RequestInfo | URL): Request | null {
  if (!(input instanceof NativeRequest) || !NOT_FOR_UPSTREAM.some((name) => input.headers.has(name))) return null;
  return new NativeRequest(input);
}

const REPLACEMENTS = { Headers: LightHeaders, Request: LightRequest, Response: LightResponse, fetch } as const;

let undo: (() => void) | null = null;

/**
 * Replaces `Request`, `Response`, `Headers` and `fetch` in `globalThis`, and returns what takes that back. Calling it again
 * changes nothing. A global that somebody else has replaced, before or in between, is left to them.
 */
export function installFetchGlobals(): () => void {
  undo ??= replaceGlobals();
  return undo;
}

function replaceGlobals(): () => void {
  const names = (Object.keys(REPLACEMENTS) as (keyof typeof REPLACEMENTS)[]).filter((name) => !isReplaced(name));
  const before = names.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)!);
  for (const [at, name] of names.entries()) {
    const { enumerable = false } = before[at]!;
    Object.defineProperty(globalThis, name, {
      value: REPLACEMENTS[name],
      writable: true,
      enumerable,
      configurable: true,
    });
  }
  // The Request that stands in has the platform's own prototype.
  const isOurs = globalThis.Request === LightRequest;
  if (isOurs) NativeRequest.prototype.constructor = LightRequest;
  return () => {
    if (undo === null) return;
    undo = null;
    if (isOurs) NativeRequest.prototype.constructor = NativeRequest;
    for (const [at, name] of names.entries()) {
      if (globalThis[name] === REPLACEMENTS[name]) Object.defineProperty(globalThis, name, before[at]!);
    }
  };
}

/** Whether a class is not the platform's any more, but one made of it, or a proxy. (Ours calls whatever `fetch` was before.) */
function isReplaced(name: keyof typeof REPLACEMENTS): boolean {
  const value = globalThis[name];
  return name !== "fetch" && (types.isProxy(value) || Object.getPrototypeOf(value) !== Function.prototype);
}
