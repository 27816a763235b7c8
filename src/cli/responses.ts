/** What a command line says of all responses, of files and applications alike: fields, and who gets one at all. */
import { basicAuth, isCredentials } from "../gateway/basic-auth.ts";
import type { FieldList, Handler } from "../gateway/contract.ts";
import { withPreflights } from "../gateway/preflight.ts";
import { withFields } from "../gateway/with-fields.ts";
import { CORS_FIELDS, ISOLATION_FIELDS } from "../http/cors.ts";
import { type FieldChanges, objectionToField, parseFieldLine } from "../http/field-changes.ts";
import type { Given } from "./arguments.ts";
import { usageError } from "./command-error.ts";
import type { Settings } from "./settings.ts";

type Asked = Pick<Given, "headers" | "cors" | "isolate" | "auth" | "cacheControl">;

/** @throws {CommandError} on a field that is none or may not be set, and on credentials that are none. */
export function refuseResponses({ headers = [], auth, cacheControl }: Asked): void {
  for (const line of headers) {
    const field = parseFieldLine(line);
    if (field === null) throw usageError(`--header takes 'Name: value', not "${line}"`);
    const objection = objectionToField(...field);
    if (objection !== null) throw usageError(`--header: ${objection}`);
  }
  const objection = objectionToField("Cache-Control", cacheControl);
  if (objection !== null) throw usageError(`--cache-control: ${objection}`);
  // What was given is not repeated: it may be a password.
  if (auth !== undefined && !isCredentials(auth)) throw usageError("--auth (or PORTICO_AUTH) takes USER:PASSWORD");
}

/** Fields of every response; `null` if there are none. */
export function fieldsOf({ headers = [], cors = false, isolate = false }: Asked): FieldList | null {
  const given = headers.flatMap((line) => parseFieldLine(line)!);
  const fields = [...given, ...(cors ? CORS_FIELDS : []), ...(isolate ? ISOLATION_FIELDS : [])];
  return fields.length === 0 ? null : fields;
}

/** Adds the fields to what an application says. Files say them by themselves, which costs nothing. */
export function withGivenFields(handler: Handler, asked: Asked): Handler {
  const changes = changesOf(asked);
  return changes === null ? handler : withFields(handler, changes);
}

/** Lets in whom the command line lets in: around everything that is served. */
export function guarded(handler: Handler, asked: Asked): Handler {
  const inner = asked.auth === undefined ? handler : basicAuth(handler, asked.auth, changesOf(asked));
  // Outside: a browser asks without credentials whether it may send them.
  return asked.cors ? withPreflights(inner) : inner;
}

/** What to say when the password is for everybody on the way to read; `undefined` if it is not. */
export function exposure({ auth, hostname, unix }: Settings): string | undefined {
  const isLocal = unix !== undefined || /^(?:127\.[0-9.]+|::1|localhost)$/.test(hostname);
  if (auth === undefined || isLocal) return undefined;
  return "portico: the password of --auth crosses the network in the clear; better listen on 127.0.0.1, behind a proxy with TLS";
}

function changesOf(asked: Asked): FieldChanges | null {
  const set = fieldsOf(asked);
  return set === null ? null : { set, remove: new Set() };
}
