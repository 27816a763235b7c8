/** The pages that a site gets without writing any. */
import type { Exchange, FieldList } from "../gateway/contract.ts";
import type { FieldChanges } from "../http/field-changes.ts";
import { REASONS } from "../http/status.ts";
import { changeFieldsOfError } from "./representation.ts";

/** What a file can be asked for: the value of Allow. */
export const ALLOWED: FieldList = ["Allow", "GET, HEAD, OPTIONS"];

interface Page {
  readonly fields: FieldList;
  readonly body: Uint8Array;
}

const PAGES = { 400: page(400), 404: page(404), 405: page(405, ALLOWED), 412: page(412), 416: page(416) } as const;

/** Answers with an error status and its page; with what the site says over it, and further fields if given. */
export function refuse(
  exchange: Exchange,
  status: keyof typeof PAGES,
  changes: FieldChanges | null,
  more: FieldList = [],
): void {
  const { fields, body } = PAGES[status];
  start(exchange, status, more.length === 0 ? fields : [...fields, ...more], changes);
  exchange.end(body);
}

/** Starts a response that has no file behind it. */
export function start(exchange: Exchange, status: number, fields: FieldList, changes: FieldChanges | null): void {
  exchange.start(status, changes === null ? fields : changeFieldsOfError(fields, changes));
}

function page(status: number, fields: FieldList = []): Page {
  const title = `${status} ${REASONS[status]}`;
  const body = Buffer.from(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>
`);
  return {
    fields: Object.freeze([
      "Content-Type",
      "text/html; charset=utf-8",
      "Content-Length",
      `${body.length}`,
      "X-Content-Type-Options",
      "nosniff",
      // 404 and 405 would be cacheable by default (RFC 9110 §15.1), and tomorrow there may be a file.
      "Cache-Control",
      "no-cache",
      ...fields,
    ]),
    body,
  };
}
