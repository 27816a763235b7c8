/** What an application is told: the variables of CGI (RFC 3875) as PEP 3333 takes them, and the `wsgi.` ones. */
import { rawPath, rawQuery } from "../../http/path.ts";
import { addressVariables } from "../cgi/environment.ts";
import type { Exchange } from "../contract.ts";
import { Input } from "./input.ts";
import type { Environ, WsgiErrors } from "./interface.ts";

/** What is the same for all requests. */
export interface Surroundings {
  readonly errors: WsgiErrors;
  readonly multithread: boolean;
  readonly multiprocess: boolean;
}

export function environOf(exchange: Exchange, { errors, multithread, multiprocess }: Surroundings): Environ {
  const { head, body, connection } = exchange;
  const { fields, method, minor, target } = head;
  const environ: Environ = {
    REQUEST_METHOD: method,
    SCRIPT_NAME: "",
    PATH_INFO: decodePath(rawPath(target)),
    QUERY_STRING: rawQuery(target).slice(1),
    REQUEST_URI: target,
    SERVER_PROTOCOL: `HTTP/1.${minor}`,
    SERVER_SOFTWARE: "Portico",
    ...addressVariables(exchange),
    REMOTE_PORT: String(connection.remotePort),
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": connection.encrypted ? "https" : "http",
    "wsgi.input": new Input(body),
    "wsgi.input_terminated": true,
    "wsgi.errors": errors,
    "wsgi.multithread": multithread,
    "wsgi.multiprocess": multiprocess,
    "wsgi.run_once": false,
  };
  if (body.length !== null && body.length > 0) environ.CONTENT_LENGTH = String(body.length);
  const type = fields.get("content-type");
  if (type !== null) environ.CONTENT_TYPE = type;
  addFields(environ, exchange);
  return environ;
}

/** Fields that have a variable of their own, and Proxy: HTTP_PROXY is what programs take for theirs (CVE-2016-5385). */
const WITHHELD = new Set(["content-length", "content-type", "proxy"]);

/**
 * A name with an underscore is left out, as gunicorn does: `X_User` would become the variable that `X-User`, which a proxy
 * may have vouched for, becomes.
 */
function addFields(environ: Environ, { head: { fields } }: Exchange): void {
  for (const [spelled] of fields) {
    const name = spelled.toLowerCase();
    if (WITHHELD.has(name) || name.includes("_")) continue;
    environ[`HTTP_${name.toUpperCase().replaceAll("-", "_")}`] ??= fields.get(name)!;
  }
}

/**
 * Undoes the escapes, those of slashes too, as CGI has it. What is not UTF-8 stays one character a byte, and what is no
 * escape stays as it is: no path is refused here.
 */
function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  const bytes = path.replace(/%([0-9A-Fa-f]{2})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return text.includes("\ufffd") ? bytes : text;
}
