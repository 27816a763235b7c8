/** All there is to tell of a failed request or a failed load, before it becomes a page, JSON, or text. */
import type { RequestHead } from "../http/request-head.ts";
import type { ErrorReport } from "./error-report.ts";
import { type Frame, framesOf, shown, withoutServer } from "./frames.ts";
import { maskedField, maskedText } from "./masking.ts";

export interface Details {
  /** What has happened, in a few words. */
  readonly title: string;
  /** The error, then its causes, from the outside to the inside. */
  readonly errors: readonly Described[];
  readonly request: RequestDetails;
}

export interface Described {
  readonly name: string;
  readonly message: string;
  readonly properties: ErrorReport["properties"];
  readonly frames: readonly Frame[];
  /** How it comes to stand here: empty for the first, `caused by`, `one of several`. */
  readonly relation: string;
}

export interface RequestDetails {
  readonly line: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** What the application has read of the body, or what there is of it. */
  readonly body: string;
}

/** @param body the first bytes of the request's body */
export function detailsOf(title: string, error: ErrorReport, head: RequestHead, body: Uint8Array): Details {
  const { method, target, minor, fields } = head;
  return {
    title,
    errors: described(error, ""),
    request: {
      line: `${method} ${maskedText(target)} HTTP/1.${minor}`,
      fields: [...fields].map(([name, value]) => [name, maskedField(name, value)] as const),
      body: maskedText(printable(body)),
    },
  };
}

function described(error: ErrorReport, relation: string): Described[] {
  const { name, properties, cause, errors = [] } = error;
  return [
    {
      name,
      message: messageOf(error),
      properties,
      frames: framesOf({ ...error, stack: withoutServer(error) }),
      relation,
    },
    ...(cause === undefined ? [] : described(cause, "caused by")),
    ...errors.flatMap((each) => described(each, "one of several")),
  ];
}

/** Of our compiler's, without the place and the line, which are shown by themselves. */
function messageOf({ name, message }: ErrorReport): string {
  if (name !== "SyntaxError") return message;
  return message.replace(/^(?:[A-Za-z]:)?[\\/][^\n]*?:[0-9]+:[0-9]+: /, "").replace(/\n[0-9]+ \| [\s\S]*$/, "");
}

/** Text as it is; of anything else, that it is bytes. */
function printable(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    if (!text.includes("\0")) return text;
  } catch {
    // Not UTF-8.
  }
  return `(${bytes.length} bytes or more that are no text)`;
}

/** For a terminal, a program without a wish, and the clipboard. */
export function asText({ title, errors, request }: Details): string {
  const parts = errors.map(({ relation, name, message, properties, frames }) => {
    const heading = `${relation === "" ? "" : `${relation}: `}${name === "" ? "" : `${name}: `}${message}`;
    const given = Object.entries(properties).map(([key, value]) => `    ${key}: ${value}`);
    return [heading, ...given, ...frames.map(frameText)].join("\n");
  });
  const fields = request.fields.map(([name, value]) => `${name}: ${value}`);
  const lines = [request.line, ...fields, ...(request.body === "" ? [] : ["", request.body])];
  return `${title}\n\n${parts.join("\n\n")}\n\n${lines.join("\n")}\n`;
}

function frameText({ name, file, line, column }: Frame): string {
  const where = `${shown(file)}:${line}:${column}`;
  return name === "" ? `    at ${where}` : `    at ${name} (${where})`;
}

export function asJson({ title, errors, request }: Details): string {
  return JSON.stringify({ title, errors, request }, null, 2) + "\n";
}
