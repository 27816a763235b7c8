/**
 * Node's ServerResponse over an exchange: its own class, but for the few methods that reach the socket. Those have had the
 * same names and callers in all versions of Node since 0.12. How a response is framed is the server's. The other way, a
 * socket of our own that takes what Node writes and reads the response back from it, took 1.7 µs a response against 0.75.
 */
import { ServerResponse, validateHeaderName, validateHeaderValue } from "node:http";
import { REASONS } from "../../http/status.ts";
import type { Chunk, Exchange, FieldList } from "../contract.ts";
import {
  aborted,
  destroyAlone,
  endUnread,
  FAIL,
  hasMore,
  isBeingRead,
  leaveUnread,
  type NodeRequest,
  onceStalled,
} from "./request.ts";
import type { ExchangeSocket } from "./socket.ts";

/** Told when the response is over, one way or the other. */
export const SETTLE = Symbol("settle");
export const EXCHANGE = Symbol("exchange");
/** Whether nothing of the response can be sent any more: the client has left, or the server has answered in its place. */
export const GONE = Symbol("gone");
/** What ends a response that is complete but for that; its request is not. */
export const HELD = Symbol("held");
const BEGINNING = Symbol("beginning");
const ENDING = Symbol("ending");
const PIECES = Symbol("pieces");
const SIZE = Symbol("size");
const LAST = Symbol("last");
const FINISHED = Symbol("finished");
const DRAINING = Symbol("draining");

/** Looked up at each call: it is where instrumentation puts its own. */
const prototype = ServerResponse.prototype as unknown as {
  end: (this: NodeResponse, ...args: unknown[]) => NodeResponse;
  _finish: (this: NodeResponse) => void;
};

/** Bytes that are joined. Node corks its socket for that; ten pieces cost a third of what they do one by one (Node 20). */
const MAX_JOINED = 16 * 1024;
/** Most responses have no pieces that wait. */
const NO_PIECES: Chunk[] = [];

type Callback = (error?: Error | null) => void;

/** As of requests, what it does in its own way is a property of each instance. */
export class NodeResponse extends ServerResponse<NodeRequest> {
  declare readonly [EXCHANGE]: Exchange;
  declare [SETTLE]: (() => void) | null;
  declare [GONE]: boolean;
  declare [HELD]: (() => void) | null;
  /** Starts the response, where that waits for its first piece or its end. */
  declare [BEGINNING]: ((last?: Chunk) => void) | null;
  /** Whether `end` runs: what is sent meanwhile is the last piece. */
  declare [ENDING]: boolean;
  /** Small pieces that wait for others of the same tick, and how long they are together. */
  declare [PIECES]: Chunk[];
  declare [SIZE]: number;
  declare [LAST]: Chunk | undefined;
  /** Emits `finish`. */
  declare [FINISHED]: Callback | undefined;
  /** Whether somebody waits for the exchange to drain. */
  declare [DRAINING]: boolean;

  // By the names that Node has for them.
  declare socket: ExchangeSocket | null;
  declare _header: string | null;
  declare _trailer: string;
  declare _closed: boolean;
  declare _hasBody: boolean;
  declare _eventsCount: number;
  declare _storeHeader: typeof storeHeader;
  declare _send: typeof send;
  declare _writeRaw: typeof writeRaw;
  declare _finish: typeof finish;
  declare _flush: () => void;
  declare _flushOutput: () => boolean;

  constructor(request: NodeRequest, exchange: Exchange) {
    super(request);
    this[EXCHANGE] = exchange;
    this[SETTLE] = null;
    this[GONE] = false;
    this[HELD] = null;
    this[BEGINNING] = null;
    this[ENDING] = false;
    this[PIECES] = NO_PIECES;
    this[SIZE] = 0;
    this[LAST] = undefined;
    this[FINISHED] = undefined;
    this[DRAINING] = false;
    this._storeHeader = storeHeader;
    this._send = send;
    this._writeRaw = writeRaw;
    this._finish = finish;
    this._flushOutput = flushOutput;
    this.end = end as typeof this.end;
    // Of HTTP/1.0, too: the server knows what its client can do.
    this.shouldKeepAlive = true;
    // In place of assignSocket(), which listens for the socket's end.
    this.socket = request.socket;
    request.socket._httpMessage = this;
  }
}

/**
 * The head is decided. Node would write it out here, with the framing. Before all of the request has come, the response begins
 * no sooner than with its first piece: if that is its last, its length shows its end to a client whose body is read on.
 */
function storeHeader(this: NodeResponse, statusLine: string, headers: unknown): void {
  const { statusCode, statusMessage } = this;
  const reason = statusMessage === REASONS[statusCode] ? undefined : statusMessage;
  // What was set before `writeHead` is merged with what that was given, and kept in a form of its own.
  const wasSet = this.getHeaderNames().length > 0;
  const fields = wasSet ? setFields(headers as SetHeaders) : givenFields(headers);
  if (!this.shouldKeepAlive) fields.push("Connection", "close");
  if (hasMore(this.req)) {
    validate(fields);
    this[BEGINNING] = (last) => {
      if (last !== undefined) declareLength(this, fields, last);
      this[EXCHANGE].start(statusCode, fields, reason);
    };
  }
  this._header = statusLine;
  if (this[GONE] || this[BEGINNING] !== null) return;
  try {
    this[EXCHANGE].start(statusCode, fields, reason);
  } catch (error) {
    if (hasLeft(this)) return;
    this._header = null;
    validate(fields);
    throw error;
  }
}

/** Node has errors of its own for what is wrong with a field. */
function validate(fields: FieldList): void {
  for (let at = 0; at < fields.length; at += 2) {
    validateHeaderName(fields[at]!);
    validateHeaderValue(fields[at]!, fields[at + 1]!);
  }
}

/** Sends what begins the response. @param last its body, if that is all of it */
function begin(response: NodeResponse, last?: Chunk): void {
  const beginning = response[BEGINNING];
  if (beginning === null) return;
  response[BEGINNING] = null;
  try {
    beginning(last);
  } catch (error) {
    if (!hasLeft(response)) throw error;
  }
}

function declareLength({ _hasBody: hasBody }: NodeResponse, fields: string[], body: Chunk): void {
  const isDeclared = fields.some((text, at) => at % 2 === 0 && text.toLowerCase() === "content-length");
  if (hasBody && !isDeclared) fields.push("Content-Length", String(Buffer.byteLength(body)));
}

/** Headers as they are kept once they were set, and checked: by name in lower case. */
type SetHeaders = Readonly<Record<string, readonly [name: string, value: unknown]>>;

function setFields(headers: SetHeaders): string[] {
  const fields: string[] = [];
  for (const key in headers) {
    const [name, value] = headers[key]!;
    addField(fields, name, value);
  }
  return fields;
}

/** Headers as `writeHead` takes them: an object, a flat list, or a list of pairs. */
function givenFields(headers: unknown): string[] {
  const fields: string[] = [];
  if (!Array.isArray(headers)) {
    for (const name of Object.keys(headers ?? {})) addField(fields, name, (headers as Headers)[name]);
  } else if (Array.isArray(headers[0])) {
    for (const [name, value] of headers) addField(fields, name, value);
  } else {
    if (headers.length % 2 === 1) throw new TypeError("writeHead: a name without a value at the end of the headers");
    for (let at = 0; at < headers.length; at += 2) addField(fields, headers[at], headers[at + 1]);
  }
  return fields;
}

type Headers = Readonly<Record<string, unknown>>;

function addField(fields: string[], name: string, value: unknown): void {
  if (isServersOwn(name)) return;
  if (!Array.isArray(value)) fields.push(name, textOf(name, value));
  else for (const each of value) fields.push(name, textOf(name, each));
}

/** What says how the message travels: the server decides that, and says so itself. */
function isServersOwn(name: string): boolean {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === "te";
    case 10:
      return name.toLowerCase() === "keep-alive";
    case 16:
      return name.toLowerCase() === "proxy-connection";
    case 17:
      return name.toLowerCase() === "transfer-encoding";
    default:
      return false;
  }
}

function textOf(name: string, value: unknown): string {
  if (value === undefined) validateHeaderValue(name, value as never);
  return String(value);
}

/** A piece of the body; an empty one sends the head alone. */
function send(this: NodeResponse, data: Chunk, encoding?: BufferEncoding | null, callback?: Callback | null): boolean {
  const isText = typeof data === "string" && (!encoding || encoding === "utf8" || encoding === "utf-8");
  const piece = isText || typeof data !== "string" ? data : Buffer.from(data, encoding!);
  if (this[ENDING]) {
    if (piece.length > 0) this[LAST] = piece;
    this[FINISHED] = callback ?? undefined;
    return true;
  }
  if (this[GONE]) return false;
  this.req.socket.touch();
  const hasRoom = collect(this, piece) || flush(this, piece);
  if (typeof callback === "function") {
    if (hasRoom) process.nextTick(callback);
    else this[EXCHANGE].drained().then(() => callback(), callback);
  }
  return hasRoom;
}

/** Lets a small piece wait for others, if it may. */
function collect(response: NodeResponse, piece: Chunk): boolean {
  const size = response[SIZE] + piece.length;
  if (piece.length === 0 || size > MAX_JOINED || response[DRAINING]) return false;
  if (response[PIECES] === NO_PIECES) {
    response[PIECES] = [];
    process.nextTick(flushPieces, response);
  }
  response[PIECES].push(piece);
  response[SIZE] = size;
  return true;
}

function flushPieces(response: NodeResponse): void {
  if (response[PIECES] !== NO_PIECES && !response[GONE]) flush(response, undefined);
}

/** Sends what waits, and a piece behind it. `false` asks to wait. */
function flush(response: NodeResponse, piece: Chunk | undefined): boolean {
  const exchange = response[EXCHANGE];
  begin(response);
  const pieces = takePieces(response);
  let hasRoom = pieces === undefined || exchange.write(pieces);
  if (piece !== undefined) hasRoom = exchange.write(piece);
  if (!hasRoom) awaitDrain(response);
  return hasRoom;
}

/** What waits, as one. */
function takePieces(response: NodeResponse): Chunk | undefined {
  const pieces = response[PIECES];
  if (pieces === NO_PIECES) return undefined;
  response[PIECES] = NO_PIECES;
  response[SIZE] = 0;
  return joined(pieces);
}

function joined(pieces: readonly Chunk[]): Chunk {
  if (pieces.length === 1) return pieces[0]!;
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  return Buffer.concat(pieces.map((piece) => (typeof piece === "string" ? Buffer.from(piece) : piece)));
}

function awaitDrain(response: NodeResponse): void {
  if (response[DRAINING]) return;
  response[DRAINING] = true;
  const drained = () => {
    response[DRAINING] = false;
    if (!response.finished) response._flush();
  };
  // That the client has left is told by other means.
  response[EXCHANGE]
    .drained()
    .then(drained, () => {})
    .catch((error) => response.req[FAIL]?.(error));
}

/** Nothing waits here: what can be sent is with the exchange. `_flush` then tells who waits for `drain`. */
function flushOutput(): boolean {
  return true;
}

/** An interim response, written out. */
function writeRaw(this: NodeResponse, data: string, _encoding?: unknown, callback?: Callback): boolean {
  if (this[GONE]) return false;
  const [statusLine, ...lines] = data.trimEnd().split("\r\n");
  try {
    this[EXCHANGE].inform(Number(statusLine!.split(" ")[1]), fieldsOf(lines));
  } catch (error) {
    if (hasLeft(this)) return false;
    throw error;
  }
  if (typeof callback === "function") process.nextTick(callback);
  return true;
}

function fieldsOf(lines: readonly string[]): FieldList {
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function end(this: NodeResponse, ...args: unknown[]): NodeResponse {
  this[ENDING] = !this.finished;
  try {
    return prototype.end.apply(this, args);
  } finally {
    this[ENDING] = false;
  }
}

/** Called by Node's `end` when all has been sent. */
function finish(this: NodeResponse): void {
  const trailers = this._trailer === "" ? undefined : fieldsOf(this._trailer.trimEnd().split("\r\n"));
  if (!this[GONE]) {
    const exchange = this[EXCHANGE];
    const last = takeLast(this);
    begin(this, trailers === undefined ? (last ?? "") : undefined);
    if (hasMore(this.req)) {
      exchange.write(last ?? "");
      this[HELD] = () => exchange.end(undefined, trailers);
    } else exchange.end(last, trailers);
    process.nextTick(complete, this);
  }
  prototype._finish.call(this);
}

/** All that was not sent yet, as one, unless too much would have to be copied for that. */
function takeLast(response: NodeResponse): Chunk | undefined {
  const last = response[LAST];
  response[LAST] = undefined;
  const pieces = response[PIECES];
  if (pieces === NO_PIECES) return last;
  if (last === undefined) return takePieces(response);
  if (response[SIZE] + last.length > MAX_JOINED) {
    flush(response, undefined);
    return last;
  }
  pieces.push(last);
  return takePieces(response);
}

/** The response is on its way. */
function complete(response: NodeResponse): void {
  const { req: request } = response;
  if (response._closed) return;
  // The server throws away what is left of a request when the response is complete; node:http goes on reading.
  if (response[HELD] !== null) {
    if (isBeingRead(request)) {
      request.once("close", () => release(response));
      onceStalled(request, () => release(response));
    } else release(response);
  }
  if (request._eventsCount > 0) endUnread(request);
  detach(response);
  response[FINISHED]?.();
  // Who listens expects it later.
  if (response._eventsCount === 0) close(response);
  else process.nextTick(close, response);
}

/** Ends a response that is held. */
export function release(response: NodeResponse): void {
  const end = response[HELD];
  if (end === null) return;
  response[HELD] = null;
  leaveUnread(response.req);
  // Also when the client has left: if it has only ended its side, the server waits for this end.
  end();
  if (response._closed) response[SETTLE]?.();
}

/** The client has left, or was cut off. */
export function leave(response: NodeResponse): void {
  const { req: request } = response;
  request.socket.destroy();
  request.destroy(aborted());
  close(response);
}

/** Whether the client has left, which is told a little later than it is known. */
function hasLeft(response: NodeResponse): boolean {
  if (!response[EXCHANGE].signal.aborted) return false;
  response[GONE] = true;
  setImmediate(leave, response);
  return true;
}

/** The server has answered in the listener's place, which has failed, or has cut the connection. */
export function giveUp(response: NodeResponse, error: unknown): void {
  if (response[EXCHANGE].signal.aborted) return leave(response);
  const { req: request } = response;
  detach(response);
  if (!request.complete && request._consuming) destroyAlone(request, error instanceof Error ? error : undefined);
  if (!response.finished) close(response);
}

function detach(response: NodeResponse): void {
  const { socket } = response.req;
  if (socket._httpMessage === response) {
    socket._httpMessage = null;
    if (socket.timeout) socket.setTimeout(0);
  }
  response.socket = null;
}

function close(response: NodeResponse): void {
  if (response._closed) return;
  response.destroyed = true;
  response._closed = true;
  response.emit("close");
  if (response[HELD] !== null) return;
  endUnread(response.req);
  response[SETTLE]?.();
}
