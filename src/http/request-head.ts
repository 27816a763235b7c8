import type { FieldLines } from "./field-lines.ts";

/** A request's head: plain data, whoever read it. */
export class RequestHead {
  /** As sent; methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  /** The request target as sent, in one of the four forms of RFC 9112 §3.2. */
  readonly target: string;
  /** The minor version: 0 or 1. */
  readonly minor: 0 | 1;
  readonly fields: FieldLines;

  constructor(method: string, target: string, minor: 0 | 1, fields: FieldLines) {
    this.method = method;
    this.target = target;
    this.minor = minor;
    this.fields = fields;
  }
}
