/**
 * From a file to its response: out of memory or from the descriptor, in a coding that the client wants. Which file
 * answers a request is decided before, and what of it the request gets, in answer.ts.
 */
import { isAscii } from "node:buffer";
import { closeSync, fstatSync } from "node:fs";
import { basename } from "node:path";
import type { Exchange } from "../gateway/contract.ts";
import { acceptedCodings, CODINGS, type Coding } from "../http/accept-encoding.ts";
import type { FieldChanges } from "../http/field-changes.ts";
import { answer, answerMissing, requestedRanges } from "./answer.ts";
import { type FileCache, KeptFile } from "./cache.ts";
import { cacheControlOf } from "./cache-control.ts";
import { canCompress, compress, MIN_SIZE } from "./compress.ts";
import { contentType, isCompressible } from "./content-type.ts";
import { type Content, isSettled, Representation, tagOfBytes, tagOfState } from "./representation.ts";
import { isUnchanged, type OpenFile, type PathState, type Root } from "./root.ts";
import { PIECE_SIZE, readWhole } from "./send.ts";
import { openSibling, siblingStates } from "./siblings.ts";

/** Files up to this size are answered from memory: one write, and no read. To read and hash one takes one to two milliseconds. */
const MAX_KEPT = 2 * 1024 * 1024;

/** Bodies of ASCII up to this size are kept as text, which leaves in one string with the head: 0.4 µs less at 4 KiB. */
const MAX_TEXT = 16 * 1024;

/** How a file is sent: as itself, or as the page of what is missing. */
export type Role = 200 | 404;

/** A file as the answer to a path. */
export interface Place {
  /** Under which it is kept. */
  readonly key: string;
  readonly role: Role;
  /** What the site says over what would be said of the file; its Content-Type too. */
  readonly changes: FieldChanges | null;
  /** Paths beside the file's own on whose state it depends that it answers here. */
  readonly states: readonly PathState[];
  /** What all of the site has to be for that. */
  readonly edition: object;
  /** Whether it may be kept: not while the next request could have to be answered otherwise. */
  readonly isLasting: boolean;
}

export class Responder {
  readonly #root: Root;
  readonly #cache: FileCache;
  readonly #cacheControl: string | undefined;
  readonly #compresses: boolean;

  constructor(root: Root, cache: FileCache, cacheControl: string | undefined, compresses: boolean) {
    this.#root = root;
    this.#cache = cache;
    this.#cacheControl = cacheControl;
    this.#compresses = compresses;
  }

  /** Answers with a file that is in memory. */
  respond(exchange: Exchange, file: KeptFile, role: Role): void | Promise<void> {
    const { fields } = exchange.head;
    const ranges = role === 200 ? requestedRanges(exchange.head, file.identity) : null;
    if (ranges !== null) return this.#hold(file, answer(exchange, file.identity, ranges));
    const accept = file.identity.varies ? fields.get("accept-encoding") : null;
    if (accept === null) return this.#send(exchange, file, file.identity, role);
    const chosen = this.#choose(file, acceptedCodings(accept));
    if (chosen instanceof Representation) return this.#send(exchange, file, chosen, role);
    return chosen.then((coded) => this.#send(exchange, file, coded ?? file.identity, role));
  }

  /** Answers with a file that was just opened, which is closed with that; keeps it for later if it is small. */
  respondFromDisk(exchange: Exchange, opened: OpenFile, place: Place): void | Promise<void> {
    const { stats } = opened;
    let file: KeptFile | null = null;
    let etag: string | null = null;
    let done = true;
    try {
      // One that changes meanwhile is left to the stream, which sees how that ends.
      const bytes = stats.size <= MAX_KEPT ? readWhole(opened) : null;
      if (bytes !== null) {
        etag = tagOfBytes(bytes);
        const settled = place.isLasting && isSettled(stats);
        // What is not shared is held by each client that is slow: then a piece has to do.
        const isShared = settled && this.#cache.hasRoom(bytes.length);
        if (isShared || bytes.length <= PIECE_SIZE) file = this.#load(opened, bytes, etag, place);
        // Looked at again: what was replaced meanwhile would stand beside siblings of its successor.
        if (file !== null && settled && isUnchanged(opened)) this.#cache.set(place.key, file);
      }
      done = file !== null;
    } finally {
      if (done) closeSync(opened.descriptor);
    }
    return file === null ? this.#stream(exchange, opened, etag, place) : this.respond(exchange, file, place.role);
  }

  #send(exchange: Exchange, file: KeptFile, representation: Representation, role: Role): void | Promise<void> {
    const sent = role === 200 ? answer(exchange, representation, null) : answerMissing(exchange, representation);
    return this.#hold(file, sent);
  }

  #hold(file: KeptFile, sent: void | Promise<void>): void | Promise<void> {
    return sent === undefined ? undefined : this.#cache.hold(file, sent);
  }

  /** The best of the codings that there is or that can be made; a promise while it is being made. */
  #choose(file: KeptFile, accepted: readonly Coding[]): Representation | Promise<Representation | null> {
    for (const coding of accepted) {
      const sibling = file.siblings.get(coding);
      if (sibling !== undefined) return sibling;
    }
    for (const coding of accepted) {
      const made = file.compressed.get(coding) ?? this.#compress(file, coding);
      if (made !== null) return made;
    }
    return file.identity;
  }

  /** Compresses a file that is kept; for any other it would be work for one response. */
  #compress(file: KeptFile, coding: Coding): Promise<Representation | null> | null {
    const { content, size, type } = file.identity;
    if (file.compressed.has(coding) || !file.kept || !this.#compresses) return null;
    if (!isCompressible(type) || !canCompress(coding, size)) return null;
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : (content as Uint8Array);
    const making = compress(coding, bytes).then((result) => {
      const made = result === null ? null : this.#describeBytes(file.identity, result, coding);
      file.compressed.set(coding, made);
      if (made !== null) this.#cache.grow(file, made.size);
      return made;
    });
    file.compressed.set(coding, making);
    return making;
  }

  /** A file that was read, and its siblings. */
  #load(opened: OpenFile, bytes: Buffer, etag: string, place: Place): KeptFile {
    const siblings = siblingStates(opened.path);
    const subject = this.#subject(opened, siblings, place);
    const content = bytes.length <= MAX_TEXT && isAscii(bytes) ? bytes.toString("latin1") : bytes;
    const identity = this.#describe(subject, content, bytes.length, etag, null);
    const file = new KeptFile(identity, [opened, ...siblings, ...place.states], place.edition);
    for (const coding of CODINGS) this.#loadSibling(file, subject, opened, coding);
    return file;
  }

  #loadSibling(file: KeptFile, subject: Subject, source: OpenFile, coding: Coding): void {
    const opened = openSibling(this.#root, source, coding);
    if (opened === null) return;
    try {
      const bytes = readWhole(opened);
      if (bytes !== null) file.addSibling(coding, this.#describeBytes(subject, bytes, coding));
    } finally {
      closeSync(opened.descriptor);
    }
  }

  async #stream(exchange: Exchange, opened: OpenFile, etag: string | null, place: Place): Promise<void> {
    let sibling: OpenFile | null = null;
    try {
      // Taken anew: a file that changed since the open would only be sent to be cut.
      const file = { ...opened, stats: fstatSync(opened.descriptor, { bigint: true }) };
      const isSame = file.stats.mtimeNs === opened.stats.mtimeNs && file.stats.size === opened.stats.size;
      const subject = this.#subject(file, siblingStates(file.path), place);
      const identity = this.#describeOpen(subject, file, isSame ? etag : null, null);
      if (place.role === 404) return await answerMissing(exchange, identity);
      const ranges = requestedRanges(exchange.head, identity);
      const accept = subject.varies && ranges === null ? exchange.head.fields.get("accept-encoding") : null;
      for (const coding of accept === null ? [] : acceptedCodings(accept)) {
        sibling = openSibling(this.#root, file, coding);
        if (sibling !== null) return await answer(exchange, this.#describeOpen(subject, sibling, null, coding), null);
      }
      await answer(exchange, identity, ranges);
    } finally {
      closeSync(opened.descriptor);
      if (sibling !== null) closeSync(sibling.descriptor);
    }
  }

  #subject({ path, stats }: OpenFile, siblings: readonly PathState[], { changes: said }: Place): Subject {
    const { type: given, changes } = said === null ? NOTHING_SAID : withoutType(said);
    const type = given ?? contentType(path);
    const hasSiblings = siblings.some((state) => state.stats !== undefined);
    const isCompressed = this.#compresses && isCompressible(type) && stats.size >= MIN_SIZE && stats.size <= MAX_KEPT;
    const cacheControl = this.#cacheControl ?? cacheControlOf(basename(path), type);
    return { type, lastModified: Number(stats.mtimeMs), varies: hasSiblings || isCompressed, cacheControl, changes };
  }

  #describeBytes(subject: Subject, bytes: Uint8Array, coding: Coding): Representation {
    return this.#describe(subject, bytes, bytes.length, tagOfBytes(bytes), coding);
  }

  #describeOpen(subject: Subject, file: OpenFile, etag: string | null, coding: Coding | null): Representation {
    return this.#describe(subject, file, Number(file.stats.size), etag ?? tagOfState(file.stats), coding);
  }

  #describe(subject: Subject, content: Content, size: number, etag: string, coding: Coding | null): Representation {
    const { type, lastModified, varies, cacheControl, changes } = subject;
    return new Representation({ content, size, type, etag, lastModified, coding, varies, cacheControl, changes });
  }
}

/** What is common to the codings of a file. */
type Subject = Pick<Representation, "type" | "lastModified" | "varies" | "cacheControl" | "changes">;

interface Said {
  readonly type: string | null;
  readonly changes: FieldChanges | null;
}

const NOTHING_SAID: Said = { type: null, changes: null };

/** The type apart: it decides how a file is kept, and is not that of an answer in several parts. */
export function withoutType({ set, remove }: FieldChanges): Said {
  let type: string | null = null;
  const others: string[] = [];
  for (let at = 0; at < set.length; at += 2) {
    if (set[at]!.toLowerCase() === "content-type") type = set[at + 1]!;
    else others.push(set[at]!, set[at + 1]!);
  }
  return { type, changes: { set: others, remove } };
}
