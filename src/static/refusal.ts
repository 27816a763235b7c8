/** The pages that a site gets without writing any. */
import type { Exchange, FieldList } from "../gateway/contract.ts";
import { preferredType } from "../http/accept.ts";
import { changeFields, type FieldChanges } from "../http/field-changes.ts";
import { REASONS } from "../http/status.ts";
import { PALETTE, securityPolicy } from "./page.ts";
import { changeFieldsOfError } from "./representation.ts";

/** What a file can be asked for: the value of Allow. */
export const ALLOWED: FieldList = ["Allow", "GET, HEAD, OPTIONS"];

/** What there is to say to people, by status. */
const SENTENCES = {
  400: "This address cannot be read.",
  404: "There is nothing at this address.",
  405: "What is here can be read, and nothing else.",
  412: "What is here is not in the state that was asked for.",
  416: "What is here does not reach as far as was asked for.",
} as const;

type Status = keyof typeof SENTENCES;

const STYLE = `${PALETTE}body { display: grid; min-height: 100vh; margin: 0; padding: 1.5rem; place-content: center; background: var(--paper); color: var(--soft); font: 1rem/1.5 var(--sans); text-align: center; }
h1 { margin: 0 0 0.5rem; color: var(--ink); font: 400 clamp(1.75rem, 6vw, 2.75rem)/1.2 var(--serif); }
p { margin: 0; }
`;

const TYPES = ["text/html", "text/plain"] as const;

interface Page {
  readonly fields: FieldList;
  /** What no site can say otherwise: it is about this page. */
  readonly own: FieldChanges;
  readonly body: Uint8Array;
}

const HTML = pages((status) => {
  const title = `${status} ${REASONS[status]}`;
  const head = `<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>`;
  const body = `<!doctype html>
<html lang="en">
${head}
<main>
<h1>${title}</h1>
<p>${SENTENCES[status]}</p>
</main>
`;
  const own = ["Content-Type", "text/html; charset=utf-8", "Content-Security-Policy", securityPolicy(STYLE)];
  return page(status, own, body);
});

const TEXT = pages((status) =>
  page(status, ["Content-Type", "text/plain; charset=utf-8"], `${status} ${REASONS[status]}\n${SENTENCES[status]}\n`),
);

/**
 * Answers with an error status and its page, as text for who wants no HTML; with what the site says over it, and further
 * fields if given.
 */
export function refuse(exchange: Exchange, status: Status, changes: FieldChanges | null, more: FieldList = []): void {
  const type = preferredType(exchange.head.fields.get("accept"), TYPES);
  const { fields, own, body } = (type === "text/html" ? HTML : TEXT)[status];
  const all = more.length === 0 ? fields : [...fields, ...more];
  exchange.start(status, changes === null ? all : changeFields(changeFieldsOfError(all, changes), own));
  exchange.end(body);
}

/** Starts a response that has no file behind it. */
export function start(exchange: Exchange, status: number, fields: FieldList, changes: FieldChanges | null): void {
  exchange.start(status, changes === null ? fields : changeFieldsOfError(fields, changes));
}

function pages(make: (status: Status) => Page): Readonly<Record<Status, Page>> {
  return { 400: make(400), 404: make(404), 405: make(405), 412: make(412), 416: make(416) };
}

function page(status: Status, own: FieldList, text: string): Page {
  const body = Buffer.from(text);
  return {
    fields: Object.freeze([
      ...own,
      ...["Content-Length", `${body.length}`, "X-Content-Type-Options", "nosniff"],
      // 404 and 405 would be cacheable by default (RFC 9110 §15.1), and tomorrow there may be a file.
      ...["Cache-Control", "no-cache", "Vary", "Accept"],
      ...(status === 405 ? ALLOWED : []),
    ]),
    own: { set: own, remove: new Set() },
    body,
  };
}
