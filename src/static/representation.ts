/** What is said about a file in one coding, and where its bytes are: validators, and the field lines of each answer. */
import { hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import type { FieldList } from "../gateway/contract.ts";
import type { Coding } from "../http/accept-encoding.ts";
import type { Validators } from "../http/conditional.ts";
import { httpDate } from "../http/date.ts";
import { changeFields, type FieldChanges } from "../http/field-changes.ts";
import { type ByteRange, contentRange } from "../http/ranges.ts";
import type { OpenFile } from "./root.ts";

/** Bytes in memory, which are text where that is as good and saves a copy, or an open file to read them from. */
export type Content = Uint8Array | string | OpenFile;

export interface Description {
  readonly content: Content;
  /** In bytes. */
  readonly size: number;
  readonly type: string;
  readonly etag: string;
  /** When the file was changed last, in milliseconds since the epoch; `null` for what has no such time. */
  readonly lastModified: number | null;
  readonly coding: Coding | null;
  /** Whether there is, or may be, another coding to choose. */
  readonly varies: boolean;
  readonly cacheControl: string;
  /** What the site says over all this; it leaves the type and what describes bytes and state alone. */
  readonly changes: FieldChanges | null;
}

export class Representation implements Validators {
  readonly content: Content;
  readonly size: number;
  readonly type: string;
  readonly etag: string;
  readonly lastModified: number | null;
  readonly varies: boolean;
  readonly cacheControl: string;
  readonly changes: FieldChanges | null;
  /** Of 200. Field lists are frozen: the server encodes such a list once. */
  readonly fields: FieldList;
  /** Of 304: what would update what the client has, and what a cache has to know (RFC 9110 §15.4.5). */
  readonly notModifiedFields: FieldList;
  readonly #coding: Coding | null;
  #errorFields: FieldList | null = null;

  constructor(description: Description) {
    const { content, size, type, etag, lastModified, coding, varies, cacheControl, changes } = description;
    this.content = content;
    this.size = size;
    this.type = type;
    this.etag = etag;
    // A time in the future would be a lie by the Date beside it (RFC 9110 §8.8.2.1).
    this.lastModified = lastModified === null ? null : Math.min(lastModified, Date.now());
    this.varies = varies;
    this.cacheControl = cacheControl;
    this.changes = changes;
    this.#coding = coding;
    const length = ["Content-Length", `${size}`];
    this.notModifiedFields = Object.freeze(this.#change(this.#cacheFields()));
    this.fields = Object.freeze(this.#change([...this.#contentFields(), ...length, ...this.#stateFields()]));
  }

  /** Of 206 with one range. */
  partialFields(range: ByteRange): FieldList {
    const length = `${range.stop - range.start}`;
    const place = ["Content-Range", contentRange(range, this.size), "Content-Length", length];
    return this.#change([...this.#contentFields(), ...place, ...this.#stateFields()]);
  }

  /** Of 206 with several ranges, each of which says its own place and type. */
  multipartFields(boundary: string, length: number): FieldList {
    const type = `multipart/byteranges; boundary=${boundary}`;
    return this.#change(["Content-Type", type, "Content-Length", `${length}`, ...NOSNIFF, ...this.#stateFields()]);
  }

  /** For a file that is an error's page: its validators would be taken for those of what is missing. */
  get errorFields(): FieldList {
    this.#errorFields ??= Object.freeze(this.#makeErrorFields());
    return this.#errorFields;
  }

  #makeErrorFields(): string[] {
    const fields = [...this.#contentFields(), "Content-Length", `${this.size}`, ...NO_CACHE, ...this.#varyField()];
    return this.changes === null ? fields : changeFieldsOfError(fields, this.changes);
  }

  #change(fields: string[]): string[] {
    return this.changes === null ? fields : changeFields(fields, this.changes);
  }

  #cacheFields(): string[] {
    return ["Cache-Control", this.cacheControl, ...this.#varyField(), "ETag", this.etag];
  }

  #contentFields(): string[] {
    const coding = this.#coding === null ? [] : ["Content-Encoding", this.#coding];
    return ["Content-Type", this.type, ...coding, ...NOSNIFF];
  }

  #varyField(): string[] {
    return this.varies ? ["Vary", "Accept-Encoding"] : [];
  }

  #stateFields(): string[] {
    // Ranges are of the plain bytes: of a coding's they would be useless to whoever has decoded what came before.
    const ranges = this.#coding === null ? ["Accept-Ranges", "bytes"] : [];
    const time = this.lastModified === null ? [] : ["Last-Modified", httpDate(this.lastModified)];
    return [...this.#cacheFields(), ...time, ...ranges];
  }
}

const NOSNIFF = ["X-Content-Type-Options", "nosniff"];
const NO_CACHE = ["Cache-Control", "no-cache"];

/**
 * Changes what is said of an error or a redirect. That it is not to be kept stays: tomorrow there may be a file, and how
 * long the site's files may be kept was not said of their absence.
 */
export function changeFieldsOfError(fields: FieldList, changes: FieldChanges): string[] {
  return changeFields(changeFields(fields, changes), { set: NO_CACHE, remove: new Set() });
}

/** The entity tag of bytes: strong, the same on every machine that has them, and a coding's own because its bytes are. */
export function tagOfBytes(bytes: Uint8Array): string {
  // 128 bits of SHA-256; 4 KiB take 4 µs, 1 MiB 670, once for each state of a file.
  return `"${hash("sha256", bytes, "base64url").slice(0, 22)}"`;
}

/**
 * The entity tag of a file that is too large to be read for it. The time of the last change of content or status cannot be
 * set by anybody and moves with every write, so once the file has settled no two states share a tag, and it is strong:
 * interrupted downloads can go on (If-Range takes no weak one).
 */
export function tagOfState(stats: BigIntStats): string {
  const parts = [stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].map((part) => part.toString(36));
  return `${isSettled(stats) ? "" : "W/"}"${parts.join("-")}"`;
}

/**
 * Whether a later change of the file would show in its times. They move in steps: up to 10 ms by Linux's clock tick, two
 * seconds on FAT. What was changed within the current step could change again unseen.
 */
export function isSettled(stats: BigIntStats): boolean {
  const wholeSeconds = stats.ctimeNs % 1_000_000_000n === 0n;
  return Date.now() - Number(stats.ctimeMs) > (wholeSeconds ? 2000 : 20);
}
