/** What is said about a file: its validators, and the field lines of each answer that it can give. */
import type { BigIntStats } from "node:fs";
import type { FieldList } from "../gateway/contract.ts";
import type { Validators } from "../http/conditional.ts";
import { httpDate } from "../http/date.ts";
import { contentType } from "./content-type.ts";

export class Representation implements Validators {
  /**
   * Weak, because only the content could make it strong: the time of the last change in nanoseconds, so that an edit
   * within the same second shows, and the size.
   */
  readonly etag: string;
  readonly lastModified: number;
  /** In bytes. */
  readonly size: number;
  /** Of 200. Field lists are frozen: the server encodes such a list once. */
  readonly fields: FieldList;
  /** Of 304: what would update what the client has (RFC 9110 §15.4.5). */
  readonly notModifiedFields: FieldList;
  readonly #type: string;
  #errorFields: FieldList | null = null;

  constructor(path: string, stats: BigIntStats, cacheControl: string) {
    this.etag = `W/"${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}"`;
    // A time in the future would be a lie by the Date beside it (RFC 9110 §8.8.2.1).
    this.lastModified = Math.min(Number(stats.mtimeMs), Date.now());
    this.size = Number(stats.size);
    this.#type = contentType(path);
    this.notModifiedFields = Object.freeze(["Cache-Control", cacheControl, "ETag", this.etag]);
    this.fields = Object.freeze([
      ...this.#contentFields(),
      ...this.notModifiedFields,
      "Last-Modified",
      httpDate(this.lastModified),
    ]);
  }

  /** For a file that is an error's page: its validators would be taken for those of what is missing. */
  get errorFields(): FieldList {
    this.#errorFields ??= Object.freeze([...this.#contentFields(), "Cache-Control", "no-cache"]);
    return this.#errorFields;
  }

  #contentFields(): string[] {
    const { size } = this;
    return ["Content-Type", this.#type, "Content-Length", `${size}`, "X-Content-Type-Options", "nosniff"];
  }
}
