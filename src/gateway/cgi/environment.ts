/**
 * What a script is told of its request: the meta-variables of RFC 3875 §4.1, the four that every server adds because
 * programs count on them, and nothing of the server's own environment but what a program needs to run at all.
 */
import type { FieldLines } from "../../http/field-lines.ts";
import { rawQuery } from "../../http/path.ts";
import type { Exchange } from "../contract.ts";
import type { Script } from "./script.ts";

export type Variables = Record<string, string>;

/** Where the scripts stand, on the outside and on the disk. */
export interface Place {
  /** The names of the path under which they are served. */
  readonly prefix: readonly string[];
  /** The directory that `/` stands for; `undefined` when no directory does. */
  readonly documentRoot: string | undefined;
}

/** What is passed on of our own environment. */
const INHERITED = ["LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ"];

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * Fields that do not become HTTP_ variables (RFC 3875 §4.1.18): those that have a variable of their own, those that
 * belong to the connection, credentials, which `ps` and a careless script would show to others, and Proxy, because every
 * HTTP client takes the variable HTTP_PROXY for its own (CVE-2016-5385, "httpoxy").
 */
const WITHHELD = new Set([
  "authorization",
  "connection",
  "content-length",
  "content-type",
  "expect",
  "keep-alive",
  "proxy",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @param length of the body, once transfer codings are undone */
export function environmentOf(exchange: Exchange, script: Script, place: Place, length: number): Variables {
  return {
    ...inherited(),
    ...fieldVariables(exchange.head.fields),
    ...requestVariables(exchange, length),
    ...scriptVariables(script, place),
    ...addressVariables(exchange),
  };
}

function inherited(): Variables {
  const variables: Variables = { PATH: process.env.PATH || DEFAULT_PATH };
  for (const name of INHERITED) if (process.env[name] !== undefined) variables[name] = process.env[name];
  return variables;
}

/**
 * A name of anything but letters, digits and hyphens is left out: `X_User` would become the variable that `X-User`, which
 * a proxy may have vouched for, becomes.
 */
function fieldVariables(fields: FieldLines): Variables {
  const variables: Variables = {};
  for (const [spelled] of fields) {
    const name = spelled.toLowerCase();
    if (WITHHELD.has(name) || !/^[a-z0-9-]+$/.test(name)) continue;
    variables[`HTTP_${name.toUpperCase().replaceAll("-", "_")}`] ??= textOf(fields.get(name)!);
  }
  return variables;
}

function requestVariables({ head, connection }: Exchange, length: number): Variables {
  const type = head.fields.get("content-type");
  return {
    GATEWAY_INTERFACE: "CGI/1.1",
    QUERY_STRING: rawQuery(head.target).slice(1),
    REQUEST_METHOD: head.method,
    REQUEST_URI: head.target,
    SERVER_PROTOCOL: `HTTP/1.${head.minor}`,
    SERVER_SOFTWARE: "Portico",
    ...(length > 0 && { CONTENT_LENGTH: String(length) }),
    ...(type !== null && { CONTENT_TYPE: textOf(type) }),
    ...(connection.encrypted && { HTTPS: "on" }),
  };
}

function scriptVariables({ file, names, pathInfo }: Script, { prefix, documentRoot }: Place): Variables {
  const hasTranslation = pathInfo !== "" && documentRoot !== undefined;
  return {
    SCRIPT_NAME: `/${[...prefix, ...names].join("/")}`,
    SCRIPT_FILENAME: file,
    ...(pathInfo !== "" && { PATH_INFO: pathInfo }),
    ...(hasTranslation && { PATH_TRANSLATED: documentRoot.replace(/\/$/, "") + pathInfo }),
    ...(documentRoot !== undefined && { DOCUMENT_ROOT: documentRoot }),
  };
}

/** REMOTE_ADDR, REMOTE_HOST, SERVER_NAME and SERVER_PORT. */
export function addressVariables({ head, connection }: Exchange) {
  const { remoteAddress, localAddress, localPort, encrypted } = connection;
  const [, host, port] = /^(.*?)(?::([0-9]*))?$/.exec(head.fields.get("host") ?? "")!;
  return {
    REMOTE_ADDR: remoteAddress,
    REMOTE_HOST: remoteAddress,
    SERVER_NAME: host || bracketed(localAddress) || "localhost",
    // A unix socket has no port: there, the one that the client meant.
    SERVER_PORT: String(localPort || port || (encrypted ? 443 : 80)),
  };
}

/** RFC 3875 §4.1.14 takes an IPv6 address in brackets. */
function bracketed(address: string): string {
  return address.includes(":") ? `[${address.replace(/%.*/, "")}]` : address;
}

/**
 * Text of one character a byte, as it was received, as the text it is. Node writes variables in UTF-8: what came in UTF-8
 * so reaches the script byte for byte, and what did not is taken for Latin-1.
 */
function textOf(received: string): string {
  if (!/[\x80-\xff]/.test(received)) return received;
  const text = Buffer.from(received, "latin1").toString("utf8");
  return text.includes("\ufffd") ? received : text;
}
