/**
 * The application's end of the channel: requests that come as messages become exchanges, and what a handler does to an
 * exchange goes back as messages. What the server in front refuses, such as a field that cannot be sent, is refused here
 * already, where the application's stack is.
 */
import { type AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { FAULTS, type FaultCode, FaultError, fault } from "../core/faults.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList, Handler } from "../gateway/contract.ts";
import { FieldLines, NO_FIELDS } from "../http/field-lines.ts";
import { RequestHead } from "../http/request-head.ts";
import { type ErrorReport, errorOf, reportOf } from "./error-report.ts";
import type { Channel, FromApplication, Reason, RequestData, ToApplication } from "./messages.ts";

type Way = Channel<FromApplication, ToApplication>;

/** Bytes that may be on their way to the client before an application is asked to wait. */
const HIGH_WATER = 64 * 1024;

/** @throws {TypeError} when a response cannot begin like that. */
export type CheckStart = (status: number, fields: FieldList, reason: string | undefined) => void;

export interface Answering {
  /** The requests under way. */
  readonly requests: () => RequestHead[];
  /** Ends the connections that were taken over. Resolves when what was written to them has been sent. */
  readonly endTaken: () => Promise<unknown>;
}

/** Answers every request that comes through the channel by way of the handler. */
export function answerThrough(way: Way, handler: Handler, check: CheckStart): Answering {
  const exchanges = new Map<number, RemoteExchange>();
  way.receive((message) => {
    if (message.kind === "load" || message.kind === "stop") return;
    const { id } = message;
    if (message.kind !== "request") return exchanges.get(id)?.told(message);
    const exchange = new RemoteExchange(way, id, message.request, check, () => exchanges.delete(id));
    exchanges.set(id, exchange);
    void answer(exchange, handler);
  });
  return {
    requests: () => [...exchanges.values()].map(({ head }) => head),
    endTaken: () => Promise.all([...exchanges.values()].map((exchange) => exchange.endTaken())),
  };
}

async function answer(exchange: RemoteExchange, handler: Handler): Promise<void> {
  try {
    await handler(exchange);
  } catch (error) {
    exchange.fail(error);
  }
}

const OPEN = 0;
const STARTED = 1;
const ENDED = 2;

class RemoteExchange implements Exchange {
  readonly head: RequestHead;
  readonly body: RemoteBody;
  readonly connection: ConnectionInfo;

  readonly #way: Way;
  readonly #id: number;
  readonly #check: CheckStart;
  readonly #over: () => void;
  readonly #abort = new AbortController();
  #state = OPEN;
  /** Why nothing can be sent any more, though the response is not complete. */
  #gone: unknown;
  /** Bytes written that the client has not taken. */
  #underWay = 0;
  #waiting: { resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #works = 0;
  #worksBegun = 0;
  #taken: TakenSocket | null = null;

  constructor(way: Way, id: number, request: RequestData, check: CheckStart, over: () => void) {
    const { method, target, minor, fields, length, connection } = request;
    this.#way = way;
    this.#id = id;
    this.#check = check;
    this.#over = over;
    this.head = new RequestHead(method, target, minor, new FieldLines(...fields));
    this.body = new RemoteBody(way, id, length);
    this.connection = connection;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get started(): boolean {
    return this.#state !== OPEN;
  }

  inform(status: number, fields: FieldList = []): void {
    if (status < 100 || status > 199 || status === 101) throw new TypeError(`inform: ${status} is not informational`);
    if (this.started) throw new TypeError("inform: the response has started");
    this.#check(status, fields, undefined);
    this.#way.send({ kind: "inform", id: this.#id, status, fields });
  }

  start(status: number, fields?: FieldList, reason?: string): void {
    if (this.started) throw new TypeError("start: the response has started already");
    if (status < 200) throw new TypeError(`start: ${status} is not a final status`);
    this.#check(status, fields ?? [], reason);
    this.#state = STARTED;
    this.#way.send({ kind: "start", id: this.#id, start: { status, fields, reason } });
  }

  write(chunk: Chunk): boolean {
    this.#refuseUnlessStarted("write");
    if (this.#gone !== undefined) return false;
    const size = typeof chunk === "string" ? Buffer.byteLength(chunk) : chunk.byteLength;
    this.#underWay += size;
    this.#way.send({ kind: "write", id: this.#id, chunk, size });
    return this.#underWay < HIGH_WATER;
  }

  drained(): Promise<void> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#underWay < HIGH_WATER) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.#refuseUnlessStarted("end");
    if (this.#gone !== undefined) return;
    if (trailers !== undefined) this.#check(200, trailers, undefined);
    this.#way.send({
      kind: "end",
      id: this.#id,
      ...(chunk !== undefined && { chunk }),
      ...(trailers !== undefined && { trailers }),
    });
    this.#end();
  }

  takeOver(): Duplex {
    if (this.started) throw new TypeError("takeOver: the response has started");
    if (this.#gone !== undefined) throw this.#gone;
    const { method, fields } = this.head;
    const asks = method === "CONNECT" || fields.has("upgrade");
    if (!asks || this.body.length !== 0) {
      throw new TypeError("takeOver: the request asks for no upgrade, is no CONNECT, or has a body");
    }
    this.#state = ENDED;
    this.#way.send({ kind: "takeOver", id: this.#id });
    this.#taken = new TakenSocket(this.#way, this.#id, this.connection, () => {
      this.#taken = null;
      this.#release();
    });
    return this.#taken;
  }

  waitUntil(work: Promise<unknown>): void {
    const id = this.#id;
    const number = this.#worksBegun++;
    this.#works++;
    this.#way.send({ kind: "work", id, work: number });
    const over = (error?: { error: ReturnType<typeof reportOf> }) => {
      this.#works--;
      this.#way.send({ kind: "worked", id, work: number, ...error });
      this.#release();
    };
    Promise.resolve(work).then(
      () => over(),
      (error) => over({ error: reportOf(error) }),
    );
  }

  abort(cause?: unknown): void {
    if (this.#state === ENDED) return;
    this.#way.send({ kind: "abort", id: this.#id, ...(cause !== undefined && { reason: reasonOf(cause) }) });
    this.#leave(cause ?? new DOMException("The exchange was aborted", "AbortError"));
  }

  async endTaken(): Promise<void> {
    const taken = this.#taken;
    if (taken !== null) await new Promise<void>((resolve) => taken.once("close", () => resolve()).end(resolve));
  }

  /** The handler threw. Behind the response, the server knows nothing of the exchange any more: it goes on to be logged here. */
  fail(error: unknown): void {
    if (this.#gone !== undefined) return;
    if (this.#state === ENDED) throw error;
    this.#way.send({ kind: "failed", id: this.#id, reason: reasonOf(error) });
    this.#end();
  }

  #leave(reason: unknown): void {
    this.body.fail(reason);
    if (this.#state === ENDED) return;
    this.#gone = reason;
    this.#abort.abort(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    this.#end();
  }

  told(message: Exclude<ToApplication, { kind: "load" | "stop" | "request" }>): void {
    switch (message.kind) {
      case "piece":
        return this.body.give(message.piece, message.trailers);
      case "unreadable":
        return this.body.fail(thrownBy(message.reason));
      case "sent":
        if (this.#taken !== null) return this.#taken.sent();
        this.#underWay -= message.size;
        if (this.#underWay < HIGH_WATER) for (const { resolve } of this.#waiting.splice(0)) resolve();
        return;
      case "left":
        this.body.fail(thrownBy(message.reason));
        return this.#abort.abort(thrownBy(message.reason));
      case "gone":
        return this.#leave(thrownBy(message.reason));
      case "received":
        this.#taken?.received(message.bytes);
    }
  }

  #refuseUnlessStarted(call: string): void {
    if (this.#state === OPEN) throw new TypeError(`${call}: the response has not started`);
    if (this.#state === ENDED && this.#gone === undefined) throw new TypeError(`${call}: the response has ended`);
  }

  #end(): void {
    this.#state = ENDED;
    this.#release();
  }

  /** Nothing more will be said of this exchange. */
  #release(): void {
    if (this.#state === ENDED && this.#works === 0 && this.#taken === null) this.#over();
  }
}

class RemoteBody implements BodySource {
  readonly length: number | null;
  trailers: FieldLines = NO_FIELDS;

  readonly #way: Way;
  readonly #id: number;
  #isOver: boolean;
  #failure: unknown;
  #resolve: ((piece: Uint8Array | null) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  constructor(way: Way, id: number, length: number | null) {
    this.#way = way;
    this.#id = id;
    this.length = length;
    this.#isOver = length === 0;
  }

  read(): Promise<Uint8Array | null> {
    if (this.#resolve !== null) return Promise.reject(new TypeError("body.read: another read is waiting"));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isOver) return Promise.resolve(null);
    this.#way.send({ kind: "read", id: this.#id });
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  discard(): void {
    if (this.#isOver) return;
    this.#way.send({ kind: "discard", id: this.#id });
    this.give(null);
  }

  give(piece: Uint8Array | null, trailers?: readonly [string, readonly number[]]): void {
    if (piece === null) this.#isOver = true;
    if (trailers !== undefined) this.trailers = new FieldLines(...trailers);
    const resolve = this.#resolve;
    this.#resolve = this.#reject = null;
    resolve?.(piece);
  }

  fail(reason: unknown): void {
    if (this.#isOver || this.#failure !== undefined) return;
    this.#failure = reason;
    const reject = this.#reject;
    this.#resolve = this.#reject = null;
    reject?.(reason);
  }
}

/**
 * A connection that the application has taken over, a piece at a time in each direction. A socket of Node's, as it is without
 * a process between: http-proxy sets its timeout and its options, and others ask who is there.
 */
class TakenSocket extends Socket {
  readonly #way: Way;
  readonly #id: number;
  readonly #info: ConnectionInfo;
  readonly #closed: () => void;
  #written: (() => void) | null = null;

  constructor(way: Way, id: number, info: ConnectionInfo, closed: () => void) {
    super({ allowHalfOpen: true });
    this.#way = way;
    this.#id = id;
    this.#info = info;
    this.#closed = closed;
  }

  /** What `remoteAddress` and its like look up, by the name that Node has for it. */
  _getpeername(): Partial<AddressInfo> {
    return addressInfo(this.#info.remoteAddress, this.#info.remotePort);
  }

  /** The same of our side. */
  _getsockname(): Partial<AddressInfo> {
    return addressInfo(this.#info.localAddress, this.#info.localPort);
  }

  override _read(): void {
    this.#way.send({ kind: "read", id: this.#id });
  }

  override _write(chunk: Chunk, encoding: BufferEncoding, done: () => void): void {
    this._writev([{ chunk, encoding }], done);
  }

  override _writev(pieces: { chunk: Chunk; encoding: BufferEncoding }[], done: () => void): void {
    this.#written = done;
    // Node's sockets take text as it is.
    const all = pieces.map(({ chunk, encoding }) => (typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk));
    this.#way.send({ kind: "sending", id: this.#id, bytes: Buffer.concat(all) });
  }

  override _final(done: () => void): void {
    this.#way.send({ kind: "sending", id: this.#id, bytes: null });
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#way.send({ kind: "destroy", id: this.#id });
    this.#closed();
    done(error);
    // Node's sockets leave that to their handle.
    process.nextTick(() => this.emit("close", error !== null));
  }

  sent(): void {
    const written = this.#written;
    this.#written = null;
    written?.();
  }

  received(bytes: Uint8Array | null): void {
    this.push(bytes);
  }
}

function addressInfo(address: string, port: number): Partial<AddressInfo> {
  return address === "" ? {} : { address, port, family: address.includes(":") ? "IPv6" : "IPv4" };
}

/** What a reason says, as something to throw. */
export function thrownBy(reason: Reason): unknown {
  switch (reason.kind) {
    case "fault":
      return new FaultError(fault(reason.code as FaultCode, reason.offset));
    case "left":
      return abortOf(reason.error);
    case "error":
      return errorOf(reason.error);
  }
}

export function reasonOf(thrown: unknown): Reason {
  if (thrown instanceof FaultError && thrown.code in FAULTS) {
    return { kind: "fault", code: thrown.code, offset: thrown.offset };
  }
  const isLeaving = thrown instanceof DOMException && thrown.name === "AbortError";
  return { kind: isLeaving ? "left" : "error", error: reportOf(thrown) };
}

/** An abort again, with the stack of the one that was thrown. */
function abortOf(report: ErrorReport): DOMException {
  const { stack } = errorOf(report);
  return Object.defineProperty(new DOMException(report.message, "AbortError"), "stack", { value: stack });
}
