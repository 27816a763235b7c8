/**
 * One client's connection: the only place that holds both a socket and a parser. Bytes go in at `bytes`, steps come out
 * of the parser in `#advance`, each request becomes an exchange, and what an exchange sends leaves by `send`.
 * How responses are framed is the exchange's; who may connect, and when to stop, is the server's.
 */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type Fault, type FaultCode, FaultError, fault } from "../core/faults.ts";
import type { ConnectionInfo } from "../gateway/contract.ts";
import { encodeFields } from "../http1/field-encoder.ts";
import { FRAMING } from "../http1/framing.ts";
import { latin1 } from "../http1/memory.ts";
import { RequestParser } from "../http1/request-parser.ts";
import { encodeHead, statusLine } from "../http1/response-encoder.ts";
import { STEP } from "../http1/step.ts";
import { Expiring } from "../net/deadlines.ts";
import { type Reader, type ReadSocket, readerOf, release } from "../net/reading.ts";
import { SendWatch } from "../net/sending.ts";
import type { ConnectionState, ObservedConnection, Outcome, PendingRequest } from "./events.ts";
import { ServerExchange } from "./exchange.ts";
import type { Host } from "./host.ts";
import { type BodyFlow, RequestBody } from "./request-body.ts";
import { SocketInfo } from "./socket-info.ts";
import { isObserved, tellEnd, tellFailure, tellRefusal } from "./telling.ts";
import { REQUEST_START, traced } from "./tracing.ts";

const REFUSAL_FIELDS = encodeFields(["Content-Type", "text/plain;charset=UTF-8"]);

/** Where a connection stands. What it waits for decides its deadline. */
const PHASE = {
  /** Accepted; nothing has come. */
  FRESH: 0,
  /** Between two requests. */
  IDLE: 1,
  /** A head has begun to come. */
  HEAD: 2,
  /** A body is coming. */
  BODY: 3,
  /** The application has the whole request. */
  ANSWER: 4,
  /** We have sent our last byte, and wait for the client's. */
  LINGER: 5,
  /** The application has taken the socket over. */
  TAKEN: 6,
  CLOSED: 7,
} as const;

/** The phases, as observers know them. */
const STATES: readonly ConnectionState[] = ["fresh", "idle", "head", "body", "answer", "linger", "taken", "closed"];

type Phase = (typeof PHASE)[keyof typeof PHASE];

/** Bytes that may wait behind the current request before the socket is paused; one read may come on top. */
const MAX_PIPELINED = 64 * 1024;
/** Bytes of an unread body that are thrown away to keep a connection; beyond it, closing is cheaper. Go: 256 KiB. */
const MAX_DRAIN = 256 * 1024;
/** Bytes that are copied into the string of a write, so that head and body leave together; beyond it, one writev of both. */
const MAX_JOINED = 16 * 1024;
/** Milliseconds after which the system asks whether a client that is kept waiting is still there. */
const KEEP_ALIVE_DELAY = 30_000;
/** Parsers kept at hand for connections that wake up. */
const MAX_SPARE_PARSERS = 256;

export class Connection extends Expiring implements Reader, BodyFlow, ObservedConnection {
  /** The client it counts for; `undefined` when it was turned away and counts for nobody. */
  readonly client: string | null | undefined;
  readonly #host: Host;
  readonly #socket: Socket;
  /** None while nothing is read or answered: most connections are idle most of the time, and a parser takes 700 bytes. */
  #parser: RequestParser | null = null;

  #phase: Phase = PHASE.FRESH;
  #exchange: ServerExchange | null = null;
  /** Whether the current request is complete, and whether its response is. */
  #requestDone = false;
  #responseDone = false;
  /** Whether the connection ends with the current exchange. */
  #last = false;
  /** Whether the server ended the connection before its time. */
  #isCut = false;
  /** Whether nothing after what was read can be understood, or will come. */
  #inputOver = false;
  /** Whether the next request waits until the client has taken what was sent. */
  #clogged = false;
  #continueWanted = false;

  /** Whether `#advance` runs: what is sent meanwhile is collected in `#out`, to leave in one write. */
  #advancing = false;
  #out = "";
  #paused = false;
  /** Body bytes that came; of these, how many when the rate was last looked at, and how many after the response. */
  #received = 0;
  #checked = 0;
  #drained = 0;
  #requests = 0;
  /** When the current request's head was whole, as `performance.now()` has it. */
  #since = 0;
  #info: SocketInfo | null = null;
  /** There once a write was not taken at once. */
  #sending: SendWatch | null = null;

  constructor(host: Host, socket: Socket, client: string | null | undefined) {
    super();
    this.client = client;
    this.#host = host;
    this.#socket = socket;
    socket.on("end", onEnd);
    socket.on("close", onClose);
    socket.on("drain", onDrain);
    socket.on("error", onError);
    host.deadlines.set(this, host.timeouts.headers);
  }

  get request(): PendingRequest | null {
    if (this.#exchange === null) return null;
    const { method, target } = this.#exchange.head;
    return { method, target, since: this.#since === 0 ? 0 : performance.timeOrigin + this.#since };
  }

  get requests(): number {
    return this.#requests;
  }

  get state(): ConnectionState {
    return STATES[this.#phase]!;
  }

  get bytesReceived(): number {
    return this.#socket.bytesRead;
  }

  get bytesSent(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get info(): ConnectionInfo {
    this.#info ??= new SocketInfo(this.#socket);
    return this.#info;
  }

  // In: from the socket through the parser to the exchange.

  bytes(buffer: Uint8Array, length: number): boolean {
    if (this.#phase === PHASE.TAKEN) return this.#socket.push(new Uint8Array(buffer.subarray(0, length)));
    if (this.#phase >= PHASE.LINGER || this.#inputOver) return true;
    this.#host.spectators?.bytes(this, "in", buffer.subarray(0, length));
    this.#parser ??= this.#host.spareParsers.pop() ?? new RequestParser(this.#host.limits);
    this.#parser.push(buffer, length);
    this.#advance();
    return true;
  }

  /** Takes the parser's steps until it wants more bytes, or the next request has to wait for this one's response. */
  #advance(): void {
    const parser = this.#parser;
    if (parser === null || this.#advancing) return;
    this.#advancing = true;
    loop: while (!this.#inputOver) {
      switch (parser.next()) {
        case STEP.HEAD:
          this.#begin();
          break;
        case STEP.BODY:
          this.#bodyPiece(parser.bytes, parser.start, parser.stop);
          break;
        case STEP.END:
          this.#requestDone = true;
          this.#exchange!.received?.finish(parser.trailers);
          if (this.#responseDone) this.#cycle();
          break;
        case STEP.FAULT:
          this.#refuse(parser.fault!);
          break;
        case STEP.EOF:
          this.#inputOver = true;
          this.#hangUp();
          break;
        default:
          break loop;
      }
    }
    if (this.#continueWanted && this.#exchange?.received?.awaited) this.#continue();
    this.#advancing = false;
    this.#flush();
    if (parser.pending > MAX_PIPELINED && (this.#exchange !== null || this.#clogged)) this.pauseReading();
    this.#settle();
  }

  #begin(): void {
    const parser = this.#parser!;
    const { connect, context, counters, handler, limits, clock } = this.#host;
    const { method } = parser.head!;
    if (method === "TRACE" || (method === "CONNECT" && connect === undefined)) {
      return this.#refuse(fault("METHOD_NOT_SUPPORTED"));
    }
    counters.requests++;
    this.#requests++;
    if (clock !== null) this.#since = clock.now;
    const body =
      parser.framing === FRAMING.NONE ? null : new RequestBody(this, parser.length < 0 ? null : parser.length);
    const exchange = new ServerExchange(this, parser.head!, body);
    this.#exchange = exchange;
    this.#requestDone = false;
    this.#responseDone = false;
    this.#last = !parser.keepAlive || this.#requests === limits.maxRequestsPerConnection;
    this.#continueWanted = parser.expectsContinue;
    this.#received = 0;
    this.#drained = 0;
    const takesIt = method === "CONNECT" ? connect! : handler;
    try {
      const result = context.run(REQUEST_START.hasSubscribers ? traced(takesIt) : takesIt, exchange);
      // A handler that returns nothing must not pay for a promise: awaiting always costs 116 ns a request.
      if (result !== undefined) result.then(undefined, (error: unknown) => exchange.fail(error));
    } catch (error) {
      exchange.fail(error);
    }
  }

  #bodyPiece(bytes: Uint8Array, start: number, stop: number): void {
    this.#received += stop - start;
    this.#continueWanted = false;
    if (!this.#responseDone) {
      this.#exchange!.received!.receive(bytes, start, stop);
      return;
    }
    this.#drained += stop - start;
    if (this.#drained > MAX_DRAIN) this.#endInput();
  }

  /** The client broke the protocol: it is told so if no response is under way, and is not read any further. */
  #refuse(reason: Fault): void {
    this.#inputOver = true;
    this.#last = true;
    this.#host.counters.faults[reason.code]++;
    const exchange = this.#exchange;
    if (exchange !== null) {
      this.#requestDone = true;
      exchange.received?.fail(new FaultError(reason));
      if (this.#responseDone) this.#cycle();
      return;
    }
    const text = `${reason.code}: ${reason.message}\n`;
    const head = encodeHead(statusLine(reason.status), REFUSAL_FIELDS, text.length, "close");
    this.send(head + text, null);
    tellRefusal(this.#host, this, this.#parser, reason, REFUSAL_FIELDS.text, text.length);
    this.#hangUp();
  }

  /** Refuses the connection itself, before anything was read. */
  turnAway(code: FaultCode): void {
    this.#refuse(fault(code));
  }

  /** The client has sent its last byte. */
  peerEnded(): void {
    if (this.#phase >= PHASE.LINGER || this.#inputOver) return;
    if (this.#parser === null) return this.#hangUp();
    this.#parser.pushEof();
    this.#exchange?.peerEnded(clientLeft());
    this.#advance();
    if (this.#phase === PHASE.ANSWER) this.#probe();
  }

  // Out: from the exchange to the socket.

  /** Sends text, one byte a character, and bytes behind it. */
  send(text: string, bytes: Uint8Array | null): void {
    if (this.#phase >= PHASE.LINGER) return;
    this.#out += text;
    if (bytes !== null && bytes.length > 0) {
      if (bytes.length <= MAX_JOINED) this.#out += latin1(bytes, 0, bytes.length);
      else this.#flushWith(bytes);
    }
    if (!this.#advancing || this.#out.length > MAX_JOINED) this.#flush();
  }

  #flush(): void {
    if (this.#out === "") return;
    const out = this.#out;
    this.#out = "";
    this.#host.spectators?.bytes(this, "out", out);
    this.#socket.write(out, "latin1");
    if (this.#socket.writableLength > 0) this.#watchSending();
  }

  #flushWith(bytes: Uint8Array): void {
    const socket = this.#socket;
    socket.cork();
    this.#flush();
    this.#host.spectators?.bytes(this, "out", bytes);
    socket.write(bytes);
    socket.uncork();
    if (socket.writableLength > 0) this.#watchSending();
  }

  /** A client that takes nothing of what waits for it is cut. */
  #watchSending(): void {
    const { counters, deadlines, timeouts } = this.#host;
    this.#sending ??= new SendWatch(this.#socket, deadlines, timeouts.send, () => {
      counters.stalled++;
      this.cut();
    });
    this.#sending.start();
  }

  /** Whether the application may write on without waiting. */
  get writable(): boolean {
    return !this.#socket.writableNeedDrain && this.#phase < PHASE.LINGER;
  }

  /** Sends an interim response. */
  inform(status: number, head: string): void {
    if (status === 100) this.#continueWanted = false;
    this.send(head, null);
  }

  /** Whether the response that starts now has to be the connection's last. */
  mustClose(): boolean {
    const host = this.#host;
    if (this.#last || host.draining) return true;
    if (host.shedding > 0) {
      host.shedding--;
      return true;
    }
    const parser = this.#parser!;
    if (this.#requestDone || parser.framing === FRAMING.NONE) return false;
    // The client holds its body back, or has more left to send than is worth throwing away.
    return this.#continueWanted || parser.length - this.#received > MAX_DRAIN;
  }

  /** The response is complete. */
  responseDone(close: boolean): void {
    this.#responseDone = true;
    if (close) this.#last = true;
    if (this.#requestDone) this.#cycle();
    else if (this.#parser!.framing !== FRAMING.NONE) {
      this.#exchange!.received!.abandon();
      if (this.#last) this.#endInput();
      else this.resumeReading();
    }
    if (!this.#advancing) this.#advance();
  }

  // From one exchange to the next, and to the end.

  /** Request and response are complete. */
  #cycle(): void {
    this.#exchange = null;
    if (this.#last || this.#host.draining) return this.#hangUp();
    // A client that sends requests and takes no responses would have them pile up here.
    if (this.#socket.writableNeedDrain) this.#clogged = true;
    else this.#nextCycle();
  }

  #nextCycle(): void {
    this.#clogged = false;
    this.#phase = PHASE.IDLE;
    this.#parser!.startNextCycle();
    this.resumeReading();
  }

  /** The client has taken all that was sent. */
  drained(): void {
    this.#exchange?.drain();
    if (!this.#clogged || this.#phase >= PHASE.LINGER) return;
    this.#nextCycle();
    this.#advance();
  }

  /** The rest of the request will not be read. */
  #endInput(): void {
    this.#inputOver = true;
    this.#requestDone = true;
    this.#last = true;
    this.#cycle();
  }

  /** Sends the end, then waits for the client's: closing with bytes unread would reset the connection under the response. */
  #hangUp(): void {
    if (this.#phase >= PHASE.LINGER) return;
    this.#flush();
    this.#phase = PHASE.LINGER;
    this.#inputOver = true;
    const { deadlines, timeouts } = this.#host;
    // Until the last byte is taken, it is timeouts.send that counts.
    deadlines.clear(this);
    this.#socket.end(() => {
      if (this.#phase === PHASE.LINGER) deadlines.set(this, timeouts.linger);
    });
    this.resumeReading();
  }

  /** Ends the connection at once, in a way that the client cannot take for the regular end of a response. */
  cut(): void {
    if (this.#phase === PHASE.CLOSED) return;
    this.#inputOver = true;
    this.#isCut = true;
    const socket = this.#socket;
    const endSent = this.#phase === PHASE.LINGER && socket.writableLength === 0;
    // A pipe cannot be reset; what is left unsent there says as much. Nor can a socket that has sent its end.
    if (endSent || socket.remoteFamily === undefined) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** Whether the request may be answered by another protocol than HTTP, or by a tunnel. */
  get mayBeTakenOver(): boolean {
    const { upgrade, head, framing } = this.#parser!;
    return framing === FRAMING.NONE && (upgrade || head!.method === "CONNECT");
  }

  /** Gives the socket away, with what the client has sent behind the request. */
  takeOver(): Duplex {
    this.#flush();
    this.#phase = PHASE.TAKEN;
    this.#inputOver = true;
    this.#host.deadlines.clear(this);
    this.#sending?.stop();
    const socket = this.#socket;
    release(socket, this.#parser!.rest);
    this.#parser = null;
    this.#host.taken();
    return socket;
  }

  /** Ends the connection as soon as that loses nothing. Of another protocol only the application knows when that is. */
  retire(): void {
    if (this.#phase === PHASE.TAKEN) this.#socket.end();
    else if (this.#exchange === null && this.#phase !== PHASE.HEAD) this.#hangUp();
  }

  /** The socket is gone. */
  closed(): void {
    if (this.#phase === PHASE.TAKEN) this.tellEnd(this.#exchange!, "taken");
    this.#phase = PHASE.CLOSED;
    this.#inputOver = true;
    this.#host.deadlines.clear(this);
    this.#sending?.stop();
    const exchange = this.#exchange;
    this.#exchange = null;
    if (exchange !== null && !exchange.ended) {
      this.#host.counters.departed++;
      exchange.leave(clientLeft(), this.#isCut ? "cut" : "left");
    }
    this.#host.closed(this);
  }

  // Time.

  /** Sets the deadline that belongs to what the connection waits for now. */
  #settle(): void {
    if (this.#phase >= PHASE.LINGER) return;
    const { deadlines, timeouts } = this.#host;
    const was = this.#phase;
    if (this.#clogged) {
      this.#phase = PHASE.ANSWER;
      if (was !== PHASE.ANSWER) deadlines.clear(this);
    } else if (this.#exchange === null) {
      if (this.#parser === null || this.#parser.pending === 0) {
        this.#spareParser();
        if (was === PHASE.FRESH) return;
        this.#phase = PHASE.IDLE;
        deadlines.set(this, timeouts.idle);
      } else {
        this.#phase = PHASE.HEAD;
        if (was !== PHASE.HEAD) deadlines.set(this, timeouts.headers);
      }
    } else if (this.#requestDone || this.#paused || this.#continueWanted) {
      this.#phase = PHASE.ANSWER;
      if (this.#paused) deadlines.set(this, timeouts.receive);
      else if (was !== PHASE.ANSWER) deadlines.clear(this);
    } else {
      this.#phase = PHASE.BODY;
      if (was !== PHASE.BODY) {
        this.#checked = this.#received;
        deadlines.set(this, timeouts.receive);
      }
    }
  }

  /** Leaves the parser to whoever needs one, unless it has begun to read. */
  #spareParser(): void {
    const parser = this.#parser;
    if (parser === null || !parser.idle) return;
    const { spareParsers } = this.#host;
    if (spareParsers.length < MAX_SPARE_PARSERS) spareParsers.push(parser);
    this.#parser = null;
  }

  expire(): void {
    const { counters, limits, timeouts, deadlines } = this.#host;
    switch (this.#phase) {
      case PHASE.FRESH:
        counters.silent++;
        this.#hangUp();
        break;
      case PHASE.IDLE:
        counters.idle++;
        this.#hangUp();
        break;
      case PHASE.HEAD:
        this.#refuse(fault("HEAD_TIMEOUT"));
        break;
      case PHASE.BODY:
        if ((this.#received - this.#checked) * 1000 < limits.minReceiveRate * timeouts.receive) {
          this.#refuse(fault("BODY_TIMEOUT"));
        } else deadlines.set(this, timeouts.receive);
        this.#checked = this.#received;
        break;
      case PHASE.ANSWER:
        if (this.#paused || this.#socket.readableEnded) this.#probe();
        break;
      case PHASE.LINGER:
        this.#socket.destroy();
    }
  }

  /** A socket that is not read, or was read to its end, does not hear of a reset: but writing nothing then fails. */
  #probe(): void {
    const { deadlines, timeouts } = this.#host;
    const socket = this.#socket;
    // Whoever is gone without a reset answers this with one.
    socket.setKeepAlive(true, KEEP_ALIVE_DELAY);
    if (socket.writableLength === 0) socket.write("");
    deadlines.set(this, timeouts.receive);
  }

  // What a body asks for.

  pauseReading(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resumeReading(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    if (!this.#advancing) this.#settle();
  }

  bodyWanted(): void {
    // In the middle of a pass, the body may be about to come by itself.
    if (this.#advancing) return;
    if (this.#continueWanted) this.#continue();
    this.#settle();
  }

  /** Tells the client to send its body, unless it has a response to read already. */
  #continue(): void {
    this.#continueWanted = false;
    if (!this.#exchange!.begun) this.inform(100, "HTTP/1.1 100 Continue\r\n\r\n");
  }

  background(work: Promise<unknown>, exchange: ServerExchange): void {
    this.#host.background(Promise.resolve(work).then(undefined, (error) => this.report(error, exchange)));
  }

  // What others are told.

  report(error: unknown, exchange: ServerExchange): void {
    tellFailure(this.#host, exchange, error);
  }

  /** Whether anybody wants to know how requests end. */
  get observed(): boolean {
    return isObserved(this.#host);
  }

  tellEnd(exchange: ServerExchange, outcome: Outcome): void {
    tellEnd(this.#host, this, exchange, outcome, this.#since, this.#received);
  }
}

// The socket's listeners: made anew for each socket, they would take 300 bytes a connection.

function onEnd(this: ReadSocket<Connection>): void {
  readerOf(this).peerEnded();
}

function onClose(this: ReadSocket<Connection>): void {
  readerOf(this).closed();
}

function onDrain(this: ReadSocket<Connection>): void {
  readerOf(this).drained();
}

/** What went wrong with a socket shows in its `close`, which follows. */
function onError(): void {}

function clientLeft(): DOMException {
  return new DOMException("The client closed the connection", "AbortError");
}
