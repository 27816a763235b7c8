/**
 * One connection to a server: the only place of this room that holds both a socket and a parser. It carries one exchange
 * at a time: requests are not pipelined, because whoever waits behind a slow response would have to wait with it, and a
 * connection that breaks would take all of them along.
 */
import type { Socket } from "node:net";
import type { Fault } from "../core/faults.ts";
import type { ResponseHead } from "../http/response-head.ts";
import { chunkLine } from "../http1/field-encoder.ts";
import { FRAMING } from "../http1/framing.ts";
import { ResponseParser } from "../http1/response-parser.ts";
import { STEP } from "../http1/step.ts";
import { type Deadlines, Expiring } from "../net/deadlines.ts";
import { systemError } from "../net/errors.ts";
import type { Reader } from "../net/reading.ts";
import { badResponse, ClientError, type Peer } from "./errors.ts";
import { type Answer, type Exchange, isRepeatable, lateError, lossError, nameOf, stopWaiting } from "./exchange.ts";
import type { ClientLimits } from "./options.ts";
import type { Outgoing, WireHead } from "./outgoing.ts";
import { type BodyFlow, ResponseBody } from "./response-body.ts";
import type { WireEvent } from "./wire.ts";

/** What a connection needs of the client that it belongs to. */
export interface Host {
  readonly limits: ClientLimits;
  readonly deadlines: Deadlines;
  readonly keepAlive: boolean;
  readonly observe: ((event: WireEvent) => void) | undefined;
}

/** Who keeps connections between exchanges. */
export interface Keeper {
  /** The connection is free; `false` when it is not wanted any more. */
  released(connection: Connection): boolean;
  closed(connection: Connection): void;
}

/** The request was not answered with a single byte, on a connection that had served before: it may go another way. */
export class LostOnKept extends Error {
  readonly why: ClientError;

  constructor(why: ClientError) {
    super(why.message);
    this.why = why;
  }
}

/** Bytes that are copied into the string of a write, so that head and body leave together; beyond it, one writev of both. */
const MAX_JOINED = 16 * 1024;
/** Bytes of a body that are written at a time: an early answer stops it there, and a slow server is seen to take them. */
const MAX_WRITE = 256 * 1024;
/** Bytes of an unwanted body that are thrown away to keep a connection; beyond it, closing is cheaper. undici: 128 KiB. */
const MAX_DRAIN = 128 * 1024;
/** Milliseconds in which that has to come. */
const MAX_DRAIN_TIME = 1000;
/** What a server's hint at its own idle timeout is undercut by: the way there and back takes time, too. As undici. */
const HINT_MARGIN = 1000;

/** Milliseconds that are waited for a server's answer when it has stopped reading. */
const LAST_WORDS = 1000;

let opened = 0;

export class Connection extends Expiring implements Reader, BodyFlow {
  readonly number: number = ++opened;
  readonly #peer: Peer;
  readonly #host: Host;
  readonly #keeper: Keeper;
  readonly #socket: Socket;
  readonly #parser: ResponseParser;

  #exchange: Exchange | null = null;
  #requests = 0;
  /** Milliseconds for which it is kept between two requests. */
  #keepFor = 0;
  #peerEnded = false;
  #gone = false;
  /** The system's error that ended it. */
  #error: Error | null = null;
  #drained: (() => void) | null = null;

  constructor(socket: Socket, peer: Peer, host: Host, keeper: Keeper) {
    super();
    this.#socket = socket;
    this.#peer = peer;
    this.#host = host;
    this.#keeper = keeper;
    this.#parser = new ResponseParser(host.limits);
    socket.on("end", () => this.#ended());
    socket.on("error", (error) => this.#failed(error));
    socket.on("close", () => this.#closed());
    socket.on("drain", () => this.#drain());
    const address = socket.remoteAddress === undefined ? "" : `${socket.remoteAddress}:${socket.remotePort}`;
    host.observe?.({ type: "open", connection: this.number, to: peer.name, address });
  }

  // Out: a request.

  /** Sends a request. @throws {LostOnKept} (rejects) when it may be sent again. */
  exchange(request: Outgoing, wire: WireHead): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { signal } = request;
      const aborted = signal === null ? null : () => this.#fail(signal.reason, "the request was aborted");
      const exchange: Exchange = {
        request,
        wire,
        resolve,
        reject,
        aborted,
        body: null,
        responded: false,
        sent: false,
        proceed: null,
        patience: undefined,
        received: 0,
        unwanted: false,
      };
      this.#exchange = exchange;
      if (signal?.aborted) return aborted!();
      signal?.addEventListener("abort", aborted!);
      this.#requests++;
      this.#host.observe?.({ type: "request", connection: this.number, count: this.#requests });
      if (this.#requests > 1) this.#socket.ref();
      this.#parser.startNextCycle(request.method);
      this.#send(exchange);
      if (exchange.sent) this.#await(request.timeouts.response);
    });
  }

  #send(exchange: Exchange): void {
    const { request, wire } = exchange;
    const { upload } = request;
    const bytes = upload?.bytes ?? null;
    if (upload === null || bytes?.length === 0) {
      this.#write(wire.text);
      exchange.sent = true;
    } else if (request.expectContinue) {
      this.#write(wire.text);
      exchange.proceed = () => {
        stopWaiting(exchange);
        void this.#upload(exchange);
      };
      if (request.timeouts.continue > 0) exchange.patience = setTimeout(exchange.proceed, request.timeouts.continue);
      else this.#await(request.timeouts.response);
    } else if (bytes !== null && bytes.length <= MAX_JOINED) {
      this.#write(wire.text + Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length));
      exchange.sent = true;
    } else {
      this.#socket.cork();
      this.#write(wire.text);
      void this.#upload(exchange);
      process.nextTick(() => this.#socket.uncork());
    }
  }

  /** Sends the body, waiting for the server to take it, until it is done or the exchange is. */
  async #upload(exchange: Exchange): Promise<void> {
    const { request, wire } = exchange;
    const chunked = wire.framing === FRAMING.CHUNKED;
    let sent = 0;
    this.#await(0);
    try {
      for await (const piece of request.upload!.pieces()) {
        const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
        if (!(bytes instanceof Uint8Array)) throw new TypeError("a body's piece is bytes or text");
        sent += bytes.length;
        if (!chunked && sent > wire.length) break;
        for (let at = 0; at < bytes.length; at += MAX_WRITE) {
          const part = bytes.length <= MAX_WRITE ? bytes : bytes.subarray(at, at + MAX_WRITE);
          await this.#writePiece(exchange, part, chunked);
          if (this.#exchange !== exchange) return;
        }
        if (this.#exchange !== exchange) return;
      }
      if (!chunked && sent !== wire.length) {
        const more = sent > wire.length ? "more" : `${sent}`;
        throw new TypeError(`Content-Length ${wire.length}: the body has ${more} bytes`);
      }
    } catch (error) {
      if (this.#exchange === exchange) this.#fail(error, "the request's body failed");
      return;
    }
    if (this.#exchange !== exchange) return;
    if (chunked) this.#write("0\r\n\r\n");
    exchange.sent = true;
    if (!exchange.responded) this.#await(request.timeouts.response);
  }

  async #writePiece({ request, responded }: Exchange, bytes: Uint8Array, chunked: boolean): Promise<void> {
    const socket = this.#socket;
    if (chunked) {
      socket.cork();
      this.#write(chunkLine(bytes.length));
      this.#write(bytes);
      this.#write("\r\n");
      socket.uncork();
    } else {
      this.#write(bytes);
    }
    if (!socket.writableNeedDrain) return;
    // Only a server that takes nothing is late; a body that comes slowly is its maker's affair.
    if (!responded) this.#await(request.timeouts.response);
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    if (this.#exchange !== null && !this.#exchange.responded) this.#await(0);
  }

  #write(data: string | Uint8Array): void {
    const { observe } = this.#host;
    if (typeof data === "string") {
      observe?.({ type: "sent", connection: this.number, bytes: Buffer.from(data, "latin1") });
      this.#socket.write(data, "latin1");
    } else {
      observe?.({ type: "sent", connection: this.number, bytes: data });
      this.#socket.write(data);
    }
  }

  /** The server has taken what was written. */
  #drain(): void {
    const drained = this.#drained;
    this.#drained = null;
    drained?.();
  }

  // In: its response.

  bytes(buffer: Uint8Array, length: number): boolean {
    if (this.#gone) return true;
    this.#host.observe?.({ type: "received", connection: this.number, bytes: buffer.subarray(0, length) });
    if (this.#exchange === null) {
      // Nobody asked. Taken for the next response, it would answer the wrong request.
      this.#destroy("client", "it sent what nobody had asked for");
      return true;
    }
    this.#parser.push(buffer, length);
    this.#advance();
    return true;
  }

  #advance(): void {
    const parser = this.#parser;
    while (this.#exchange !== null) {
      switch (parser.next()) {
        case STEP.HEAD:
          this.#head(this.#exchange, parser.head!);
          break;
        case STEP.BODY:
          this.#piece(this.#exchange, parser.bytes.subarray(parser.start, parser.stop));
          break;
        case STEP.END:
          this.#complete(this.#exchange);
          break;
        case STEP.FAULT:
          this.#refuse(parser.fault!);
          break;
        case STEP.EOF:
          this.#lost();
          break;
        default:
          return;
      }
    }
  }

  #refuse(fault: Fault): void {
    const error = badResponse(this.#peer, `the response to ${nameOf(this.#exchange!.request)}`, fault);
    if (this.#peerEnded) this.#fail(error, "it ended in the middle of a response", "server");
    else this.#fail(error, "its response is no HTTP");
  }

  #head(exchange: Exchange, head: ResponseHead): void {
    const { request } = exchange;
    if (head.status === 101) {
      const message = `${this.#peer.name} switches protocols where nobody asked it to`;
      return this.#fail(new ClientError("BAD_RESPONSE", message, this.#peer), "it switched protocols");
    }
    if (head.status < 200) {
      if (head.status === 100) exchange.proceed?.();
      if (exchange.sent) this.#await(request.timeouts.response);
      return;
    }
    const { framing, length } = this.#parser;
    if (framing !== FRAMING.NONE) exchange.body = new ResponseBody(this, length < 0 ? null : length);
    exchange.responded = true;
    stopWaiting(exchange);
    this.#keepFor = keepFor(request.timeouts.idle, head);
    this.#await(request.timeouts.body);
    exchange.resolve({ head, body: exchange.body });
  }

  #piece(exchange: Exchange, piece: Uint8Array): void {
    exchange.received += piece.length;
    if (!exchange.unwanted) this.#await(exchange.request.timeouts.body);
    exchange.body!.receive(piece);
  }

  #complete(exchange: Exchange): void {
    const parser = this.#parser;
    this.#over(exchange);
    exchange.body?.finish(parser.trailers);
    const obstacle = this.#obstacle(exchange);
    if (obstacle !== null) return this.#destroy(this.#peerEnded ? "server" : "client", obstacle);
    // Paused or not, it has to hear of its end.
    this.#socket.resume();
    this.#socket.unref();
    this.#await(this.#keepFor === Number.POSITIVE_INFINITY ? 0 : this.#keepFor);
    this.#host.observe?.({ type: "kept", connection: this.number });
    if (!this.#keeper.released(this)) this.#destroy("client", "the client was closed");
  }

  /** Why no other request can be sent on it; `null` if one can. */
  #obstacle({ sent, wire }: Exchange): string | null {
    if (!sent || this.#error !== null) return "the answer came before the request was sent";
    if (wire.close) return "the request said so";
    if (!this.#parser.keepAlive) return "the response said so";
    if (this.#parser.pending > 0) return "more came than the response";
    if (this.#peerEnded) return "the server ended it";
    return this.#keepFor > 0 ? null : "the server keeps it for too short a time";
  }

  #ended(): void {
    this.#peerEnded = true;
    if (this.#exchange === null) return this.#destroy("server", "it closed the idle connection");
    this.#parser.pushEof();
    this.#advance();
  }

  /** What the server said before it closed may still lie unread: if it comes, it comes at once. */
  #failed(error: Error): void {
    this.#error = error;
    if (this.#socket.destroyed) return;
    if (this.#exchange === null) this.#destroy("server", "it was reset");
    else this.#await(LAST_WORDS);
  }

  #closed(): void {
    const by = this.#error === null ? "it closed the connection" : systemError("it failed", this.#error).message;
    if (this.#exchange !== null) this.#lost();
    this.#destroy("server", by);
  }

  /** The connection ended under an exchange. */
  #lost(): void {
    const exchange = this.#exchange!;
    const { request, responded } = exchange;
    const untouched = !responded && this.#parser.untouched && this.#parser.pending === 0;
    const kept = this.#requests > 1;
    const error = lossError(this.#peer, exchange, this.#error, kept && untouched);
    const mayRetry = kept && untouched && isRepeatable(request);
    this.#fail(mayRetry ? new LostOnKept(error) : error, this.#error === null ? "it ended" : "it was reset", "server");
  }

  // The end of an exchange, or of the connection.

  /** Ends the exchange with an error, and the connection with it. */
  #fail(reason: unknown, why: string, by: "client" | "server" = "client"): void {
    const exchange = this.#exchange!;
    this.#over(exchange);
    if (exchange.responded) exchange.body?.fail(reason);
    else exchange.reject(reason);
    this.#destroy(by, why);
  }

  #over(exchange: Exchange): void {
    this.#exchange = null;
    stopWaiting(exchange);
    if (exchange.aborted !== null) exchange.request.signal!.removeEventListener("abort", exchange.aborted);
    this.#host.deadlines.clear(this);
    const drained = this.#drained;
    this.#drained = null;
    drained?.();
  }

  /** Closes it at once. */
  close(why: string): void {
    if (this.#exchange === null) return this.#destroy("client", why);
    const message = `${nameOf(this.#exchange.request)}: ${why}`;
    this.#fail(new ClientError("CLIENT_CLOSED", message, this.#peer), why);
  }

  #destroy(by: "client" | "server", why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#host.deadlines.clear(this);
    this.#socket.destroy();
    this.#host.observe?.({ type: "closed", connection: this.number, by, why });
    this.#keeper.closed(this);
  }

  // Time.

  #await(milliseconds: number): void {
    if (milliseconds > 0) this.#host.deadlines.set(this, milliseconds);
    else this.#host.deadlines.clear(this);
  }

  override expire(): void {
    const exchange = this.#exchange;
    if (exchange === null) return this.#destroy("client", "it was idle for too long");
    if (this.#error !== null) return this.#lost();
    if (exchange.unwanted) return this.#drop(exchange);
    this.#fail(lateError(this.#peer, exchange), "it was silent for too long");
  }

  // What the body asks for.

  pauseReading(): void {
    this.#socket.pause();
    this.#host.deadlines.clear(this);
  }

  resumeReading(): void {
    if (!this.#socket.isPaused()) return;
    this.#socket.resume();
    if (this.#exchange !== null) this.#await(this.#exchange.request.timeouts.body);
  }

  unwanted(): void {
    const exchange = this.#exchange!;
    exchange.unwanted = true;
    const left = this.#parser.length - exchange.received;
    if (this.#parser.length < 0 || left > MAX_DRAIN) return this.#drop(exchange);
    this.resumeReading();
    this.#await(MAX_DRAIN_TIME);
  }

  #drop(exchange: Exchange): void {
    this.#over(exchange);
    this.#destroy("client", "the rest of the body was not wanted");
  }
}

/** How long a connection is kept: what we want, and less than what the server says, if it does. */
function keepFor(wanted: number, { fields }: ResponseHead): number {
  const longest = wanted === 0 ? Number.POSITIVE_INFINITY : wanted;
  const hint = /(?:^|[\t ,])timeout[\t ]*=[\t ]*"?([0-9]{1,9})/i.exec(fields.get("keep-alive") ?? "");
  return hint === null ? longest : Math.min(longest, Number(hint[1]) * 1000 - HINT_MARGIN);
}
