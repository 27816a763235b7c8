/** Node's IncomingMessage over an exchange: its own class, which pulls its body from ours. */
import { IncomingMessage } from "node:http";
import type { FieldLines } from "../../http/field-lines.ts";
import type { BodySource, Exchange } from "../contract.ts";
import { addHeaderLine } from "./add-header-line.ts";
import type { ExchangeSocket } from "./socket.ts";

/** Told when the body cannot be read on, or when what listens for its pieces throws. */
export const FAIL = Symbol("fail");
const BODY = Symbol("body");
const PULLING = Symbol("pulling");
const RECEIVED = Symbol("received");
const CUT = Symbol("cut");

type State = "resumeScheduled" | "ended" | "endEmitted" | "destroyed" | "closed" | "closeEmitted";

/**
 * What it does in its own way is a property of each instance, not of the class: Express and others put a prototype of their
 * own between a request and IncomingMessage's, in place of this one.
 */
export class NodeRequest extends IncomingMessage {
  declare readonly [BODY]: BodySource;
  declare [PULLING]: boolean;
  /** Bytes of the body that have come. */
  declare [RECEIVED]: number;
  /** Whether its end is not that of its body. */
  declare [CUT]: boolean;
  declare [FAIL]: ((error: unknown) => void) | null;

  // By the names that Node has for them.
  declare socket: ExchangeSocket;
  declare upgrade: boolean;
  /** Whether somebody has begun to read. */
  declare _consuming: boolean;
  declare _eventsCount: number;
  declare _readableState: { pipes: readonly unknown[] } & Record<State, boolean>;
  declare _addHeaderLine: typeof addHeaderLine;
  declare _addHeaderLines: (lines: string[], count: number) => void;
  declare _dump: () => void;

  constructor({ head, body }: Exchange, socket: ExchangeSocket) {
    super(socket);
    const { minor, fields } = head;
    this.method = head.method;
    this.url = head.target;
    this.httpVersionMajor = 1;
    this.httpVersionMinor = minor;
    this.httpVersion = minor === 1 ? "1.1" : "1.0";
    this.upgrade = false;
    this._addHeaderLine = addHeaderLine;
    this._addHeaderLines(rawLines(fields), fields.count * 2);
    this._read = read;
    this[BODY] = body;
    this[PULLING] = false;
    this[RECEIVED] = 0;
    this[CUT] = false;
    this[FAIL] = null;
  }
}

/** Whether some of its body may not have come yet. */
export function hasMore(request: NodeRequest): boolean {
  return request[BODY].length !== 0 && !request.complete;
}

/** Whether somebody reads it now, and has not stopped in the middle. */
export function isBeingRead(request: NodeRequest): boolean {
  const { pipes, resumeScheduled } = request._readableState;
  const hasBegun = request._consuming || resumeScheduled;
  if (!hasBegun || request.complete || request.destroyed) return false;
  return request.readableFlowing === true || pipes.length > 0 || request.listenerCount("readable") > 0;
}

/** Milliseconds for which a listener may take nothing of a body that has come, behind the end of its response. */
const PATIENCE = 5000;

/**
 * Calls back when somebody who reads has stopped for good, which nothing else tells: past a limit, what is built on busboy
 * leaves the request piped to a stream that takes no more.
 */
export function onceStalled(request: NodeRequest, callback: () => void): void {
  let received = request[RECEIVED];
  const timer = setInterval(() => {
    // While it waits for the client, the server watches that.
    if (request[PULLING] || request[RECEIVED] !== received) received = request[RECEIVED];
    else {
      clearInterval(timer);
      callback();
    }
  }, PATIENCE);
  timer.unref();
  request.once("close", () => clearInterval(timer));
}

/** Nothing more of the body will come. Who has begun to read it must not take what there was for all. */
export function leaveUnread(request: NodeRequest): void {
  request[CUT] = request._consuming && !request.complete;
}

/** What node:http says to a request whose client has left. */
export function aborted(): Error {
  return Object.assign(new Error("aborted"), { code: "ECONNRESET" });
}

/** Destroys a request whose response is over: the connection, which its socket stands for, may be at the next one. */
export function destroyAlone(request: NodeRequest, error: Error | undefined): void {
  request.socket = request.socket.copy();
  request.destroy(error);
}

/** Ends and closes a request that nobody has begun to read, once its response is over. */
export function endUnread(request: NodeRequest): void {
  const state = request._readableState;
  if (request._consuming || state.resumeScheduled || request.destroyed) return;
  if (request[BODY].length !== 0) return request._dump();
  if (request._eventsCount > 0) {
    finish(request);
    return request._dump();
  }
  // With nobody to tell, this is what the events would leave behind. They take 0.4 µs, of 1.1 in all (Node 20).
  request.complete = true;
  state.ended = state.endEmitted = state.destroyed = state.closed = state.closeEmitted = true;
}

/** Names and values in turn, as they came. */
function rawLines({ text, spans }: FieldLines): string[] {
  const lines: string[] = [];
  for (let at = 0; at < spans.length; at += 2) lines.push(text.slice(spans[at], spans[at + 1]));
  return lines;
}

function read(this: NodeRequest): void {
  this._consuming = true;
  if (this[PULLING]) return;
  this[PULLING] = true;
  if (this[BODY].length === 0) finish(this);
  else pull(this).catch((error) => this[FAIL]?.(error));
}

async function pull(request: NodeRequest): Promise<void> {
  for (;;) {
    const piece = await request[BODY].read();
    if (request.destroyed) return;
    if (piece === null) {
      if (request[CUT]) destroyAlone(request, aborted());
      else finish(request);
      return;
    }
    request.socket.touch();
    request[RECEIVED] += piece.length;
    const hasRoom = request.push(piece);
    if (request[RECEIVED] === request[BODY].length) return finish(request);
    if (!hasRoom) break;
  }
  request[PULLING] = false;
}

function finish(request: NodeRequest): void {
  const { trailers } = request[BODY];
  request.complete = true;
  if (trailers.count > 0) request._addHeaderLines(rawLines(trailers), trailers.count * 2);
  request.push(null);
}
