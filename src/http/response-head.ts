import type { FieldLines } from "./field-lines.ts";

/** A response's head: plain data, whoever read it. */
export class ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  /** The reason phrase as sent, which means nothing (RFC 9112 §4); empty in most of today's responses. */
  readonly reason: string;
  /** The minor version: 0 or 1. */
  readonly minor: 0 | 1;
  readonly fields: FieldLines;

  constructor(status: number, reason: string, minor: 0 | 1, fields: FieldLines) {
    this.status = status;
    this.reason = reason;
    this.minor = minor;
    this.fields = fields;
  }
}
