/**
 * The body of a request or a response, once somebody looks into it. What is in memory, or still comes from the client, is
 * read directly; a stream stands in front of it from the moment one is asked for.
 */
import { Readable } from "node:stream";
import { toUSVString } from "node:util";
import type { BodySource } from "../contract.ts";
import { NativeResponse } from "./platform.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
export type ByteStream = ReadableStream<Bytes>;

/** Whether somebody has read from a stream or cancelled it; it takes web streams too, which its type does not say. */
const isDisturbed = Readable.isDisturbed as unknown as (stream: ReadableStream) => boolean;

/** @throws {TypeError} when a stream cannot become a body, because a reader holds it or has held it. */
export function refuseInUse(stream: ReadableStream): void {
  if (stream.locked || isDisturbed(stream)) throw new TypeError("the stream is locked, or was read from");
}

export class Body {
  #source: string | Bytes | BodySource | null;
  #stream: ByteStream | null;
  #taken = false;

  /** `null` stands for no body, which can be read any number of times and is never used. */
  constructor(source: string | Bytes | BodySource | ByteStream | null) {
    const isStream = source instanceof ReadableStream;
    this.#source = isStream ? null : source;
    this.#stream = isStream ? source : null;
  }

  /** Whether somebody has read from it. */
  get used(): boolean {
    return this.#stream === null ? this.#taken : isDisturbed(this.#stream);
  }

  get stream(): ByteStream | null {
    if (this.#stream === null && this.#source !== null) {
      this.#stream = this.#taken ? spentStream() : streamFrom(this.#source);
    }
    return this.#stream;
  }

  /** @throws {TypeError} at once, or as a rejection, when it has been used, or is locked. */
  text(): Promise<string> {
    const source = this.take();
    if (isSource(source) && source.text !== undefined) return source.text();
    return textOf(source);
  }

  /** All of it, in a buffer of its own. */
  async bytes(): Promise<Bytes> {
    return readAll(this.take());
  }

  /** The body as the platform's own response, for what is not done here: forms, blobs. */
  async asResponse(type: string | null): Promise<Response> {
    return new NativeResponse(await this.bytes(), type === null ? {} : { headers: { "content-type": type } });
  }

  /** @throws {TypeError} when the body has been used, or is locked. */
  textStream(): ReadableStream<string> {
    this.#refuseIfUnusable();
    const stream = this.stream ?? new ReadableStream<Bytes>({ start: (controller) => controller.close() });
    return stream.pipeThrough(new TextDecoderStream());
  }

  /** Hands over what the body is made of, which is its one use. @throws {TypeError} when it has been used, or is locked. */
  take(): string | Bytes | BodySource | ByteStream | null {
    this.#refuseIfUnusable();
    if (this.#stream !== null) return this.#stream;
    this.#taken = this.#source !== null;
    return this.#source;
  }

  /** A second body with the same content. @throws {TypeError} when this one has been used, or is locked. */
  clone(): Body {
    this.#refuseIfUnusable();
    if (this.#stream === null && (typeof this.#source === "string" || this.#source instanceof Uint8Array)) {
      return new Body(this.#source);
    }
    if (this.stream === null) return new Body(null);
    // The platform's way to divide a stream: since Node 26, each side has bytes of its own.
    const native = new NativeResponse(this.stream);
    const other = native.clone();
    this.#stream = native.body;
    return new Body(other.body as ByteStream);
  }

  #refuseIfUnusable(): void {
    if (this.used) throw new TypeError("the body has already been read");
    if (this.#stream?.locked) throw new TypeError("the body is locked by a reader of its stream");
  }
}

const UTF8 = new TextDecoder();

async function textOf(source: string | Bytes | BodySource | ByteStream | null): Promise<string> {
  if (typeof source === "string") return withoutMark(toUSVString(source));
  return UTF8.decode(isSource(source) ? await pullAll(source) : await readAll(source));
}

async function readAll(source: string | Bytes | BodySource | ByteStream | null): Promise<Bytes> {
  if (source === null) return new Uint8Array(0);
  if (typeof source === "string") return new TextEncoder().encode(source);
  if (source instanceof Uint8Array) return source.slice();
  if (source instanceof ReadableStream) return new Uint8Array(await new NativeResponse(source).arrayBuffer());
  return withOwnBuffer(await pullAll(source));
}

function isSource(source: unknown): source is BodySource {
  return typeof source === "object" && source !== null && "read" in source;
}

async function pullAll(source: BodySource): Promise<Uint8Array> {
  const first = await source.read();
  if (first === null) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let size = first.length;
  for (let piece = await source.read(); piece !== null; piece = await source.read()) {
    pieces.push(piece);
    size += piece.length;
  }
  if (pieces.length === 0) return first;
  const bytes = new Uint8Array(size);
  bytes.set(first);
  let at = first.length;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function streamFrom(source: string | Bytes | BodySource): ByteStream {
  if (typeof source === "object" && isSource(source)) return pullStream(source);
  const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source.slice();
  return new ReadableStream<Bytes>({
    type: "bytes",
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** A stream that asks the client for more only when its reader does: its own queue holds nothing. */
function pullStream(source: BodySource): ByteStream {
  return new ReadableStream<Bytes>(
    {
      type: "bytes",
      async pull(controller) {
        let piece = await source.read();
        while (piece?.length === 0) piece = await source.read();
        if (piece !== null) return controller.enqueue(withOwnBuffer(piece));
        controller.close();
        (controller as ReadableByteStreamController).byobRequest?.respond(0);
      },
      cancel() {
        source.discard();
      },
    },
    { highWaterMark: 0 },
  );
}

/** What the stream of a body looks like that was read without one: read and locked. */
function spentStream(): ByteStream {
  const stream = new ReadableStream<Bytes>();
  stream.cancel();
  stream.getReader();
  return stream;
}

/** The bytes with a buffer that holds nothing else, as a byte stream takes the whole buffer with them. */
export function withOwnBuffer(bytes: Uint8Array): Bytes {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return new Uint8Array(bytes);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function withoutMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
