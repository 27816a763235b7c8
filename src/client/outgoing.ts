/** What a call asks for, checked and complete: all that an exchange, a retry or a redirect needs to know. */
import { listFromInit } from "../gateway/fetch/headers.ts";
import type { HeadersInit } from "../gateway/fetch/platform.ts";
import { isAuthority } from "../http/authority.ts";
import { type EncodedFields, encodeFields, LENGTH } from "../http1/field-encoder.ts";
import { FRAMING, type Framing, sentRequestFraming } from "../http1/framing.ts";
import { encodeRequestHead } from "../http1/request-encoder.ts";
import { hostAndPort } from "../net/errors.ts";
import type { Peer } from "./errors.ts";
import type { ClientTimeouts, RequestOptions } from "./options.ts";
import { type Upload, uploadOf } from "./upload.ts";

export interface Outgoing {
  readonly url: URL;
  readonly peer: Peer;
  readonly method: string;
  /** Flat, names in lower case. */
  readonly fields: readonly string[];
  readonly upload: Upload | null;
  readonly signal: AbortSignal | null;
  readonly redirect: NonNullable<RequestInit["redirect"]>;
  readonly expectContinue: boolean;
  readonly decode: boolean;
  readonly timeouts: ClientTimeouts;
}

/** What the client's options leave to the request. */
export interface Defaults {
  readonly unix: string | undefined;
  readonly decode: boolean;
  readonly timeouts: ClientTimeouts;
  readonly fields: { readonly plain: readonly string[]; readonly decoded: readonly string[] };
}

/** Fields of one connection are that connection's to send, not a caller's (RFC 9110 §7.6.1). `close` is heard. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(["proxy-connection", "te", "upgrade"]);
/** What a Request that a server got says of that server and its client: no server's name, no codings of ours. */
const OF_THE_RECEIVED: ReadonlySet<string> = new Set(["host", "accept-encoding"]);
/** The methods that the Fetch standard knows in any case. */
const NORMALIZED: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** @throws {TypeError} on what is no request: a URL, method, field or body that cannot be sent. */
export function outgoing(input: string | URL | Request, init: RequestOptions, defaults: Defaults): Outgoing {
  const base: RequestOptions & { readonly url?: string } = isRequest(input) ? input : {};
  const url = new URL(isRequest(input) ? input.url : input);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`${url.protocol} is not spoken here: http: and https: are`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("a URL with a user's name or password is not sent: put them into an Authorization header");
  }
  const unix = init.unix ?? defaults.unix;
  const body = init.body === undefined ? (base.body ?? null) : init.body;
  const upload = body === null ? null : uploadOf(body);
  const decode = init.decode ?? defaults.decode;
  const given = init.headers === undefined ? received(base.headers, decode) : listFromInit(init.headers);
  const fields = fieldsFor(given, upload?.type ?? null, decode ? defaults.fields.decoded : defaults.fields.plain);
  return {
    url,
    peer: peerOf(url, unix),
    method: methodName(init.method ?? base.method ?? "GET"),
    fields,
    upload,
    signal: init.signal ?? base.signal ?? null,
    redirect: init.redirect ?? base.redirect ?? "follow",
    expectContinue: init.expectContinue ?? fieldIn(fields, "expect")?.toLowerCase() === "100-continue",
    decode,
    timeouts: init.timeouts === undefined ? defaults.timeouts : { ...defaults.timeouts, ...init.timeouts },
  };
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === "object" && "headers" in input && "url" in input;
}

function methodName(method: string): string {
  const upper = method.toUpperCase();
  if (upper === "CONNECT") throw new TypeError("CONNECT asks for a tunnel, which is no response");
  return NORMALIZED.has(upper) ? upper : method;
}

export function peerOf(url: URL, unix: string | undefined): Peer {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host, port, unix, name: unix ?? hostAndPort(host, port) };
}

const PLAIN_FIELDS = { Accept: "*/*", "User-Agent": "portico" };

/** The fields of requests that name none, by whether codings are undone. They never change, so they are encoded once. */
export function defaultFields(headers: HeadersInit = PLAIN_FIELDS): Defaults["fields"] {
  const plain = Object.freeze(listFromInit(headers));
  const asks = fieldIn(plain, "accept-encoding") !== null;
  return { plain, decoded: asks ? plain : Object.freeze([...plain, "accept-encoding", "gzip, deflate, br"]) };
}

/** The fields of a Request that go to another server with it. */
function received(headers: HeadersInit | undefined, decode: boolean): string[] | null {
  if (headers === undefined) return null;
  return without(listFromInit(headers), (name) => OF_THE_RECEIVED.has(name) && (decode || name === "host"));
}

function fieldsFor(given: string[] | null, type: string | null, defaults: readonly string[]): readonly string[] {
  if (given === null && type === null) return defaults;
  const fields = without(given ?? [], (name) => HOP_BY_HOP.has(name));
  for (let at = 0; at < defaults.length; at += 2) {
    if (fieldIn(fields, defaults[at]!) === null) fields.push(defaults[at]!, defaults[at + 1]!);
  }
  if (type !== null && fieldIn(fields, "content-type") === null) fields.push("content-type", type);
  return fields;
}

/** A field list without the fields whose name is dropped. */
export function without(fields: readonly string[], drops: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) if (!drops(fields[at]!)) kept.push(fields[at]!, fields[at + 1]!);
  return kept;
}

export function fieldIn(fields: readonly string[], name: string): string | null {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1]!;
  return null;
}

/** A request as it goes on the wire, but for its body. */
export interface WireHead {
  readonly text: string;
  readonly framing: Framing;
  /** Bytes of the body; -1 when only its end will tell. */
  readonly length: number;
  /** Whether the request says that the connection ends with it. */
  readonly close: boolean;
}

/** @throws {TypeError} on a field, method or host that cannot be sent, and on a length that is not the body's. */
export function wireHead(request: Outgoing, keepAlive: boolean): WireHead {
  const { url, method, fields, upload } = request;
  const given = fieldIn(fields, "host");
  if (given !== null && !isAuthority(given)) throw new TypeError(`Host ${JSON.stringify(given)}: not a host`);
  const expecting = request.expectContinue && upload !== null && fieldIn(fields, "expect") === null;
  const encoded = encodeFields(expecting ? [...fields, "expect", "100-continue"] : fields);
  const length = bodyLength(encoded, upload);
  const framing = sentRequestFraming(method, upload === null ? null : length);
  const said =
    framing === FRAMING.NONE ? LENGTH.UNSAID : framing === FRAMING.LENGTH ? Math.max(length, 0) : LENGTH.CHUNKED;
  const close = encoded.close || !keepAlive;
  const host = given === null ? url.host : null;
  const text = encodeRequestHead(method, url.pathname + url.search, host, encoded, said, close ? "close" : "");
  return { text, framing, length, close };
}

/** A Content-Length that was given holds for a stream; of anything else, the length is known. */
function bodyLength({ length: given }: EncodedFields, upload: Upload | null): number {
  const known = upload === null ? 0 : upload.length;
  if (given < 0) return known;
  if (known >= 0 && given !== known) throw new TypeError(`Content-Length ${given}: the body has ${known} bytes`);
  return given;
}
