/**
 * The server's end of the channel: a handler that passes each exchange on to an application in another process, and does
 * to the exchange what that asks for.
 */
import type { Duplex } from "node:stream";
import type { Exchange, Handler } from "../gateway/contract.ts";
import { reasonOf, thrownBy } from "./application.ts";
import { errorOf } from "./error-report.ts";
import type { Channel, FromApplication, Reason, Start, ToApplication } from "./messages.ts";

type Way = Channel<ToApplication, FromApplication>;

export class Relay {
  readonly handler: Handler = (exchange) => this.#pass(exchange);

  readonly #way: Way;
  readonly #exchanges = new Map<number, RelayedExchange>();
  #next = 0;
  #emptied: (() => void) | null = null;
  /** Why nothing comes through any more. */
  #broken: Error | null = null;

  constructor(way: Way) {
    this.#way = way;
    way.receive((message) => {
      if ("id" in message) this.#exchanges.get(message.id)?.told(message);
    });
  }

  /** How many exchanges the application has not done with. */
  get active(): number {
    return this.#exchanges.size;
  }

  /** Resolves when there is none but of connections that were taken over: these are the application's to end. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      this.#emptied = resolve;
      this.#settle();
    });
  }

  /** The application is gone: what it had not done with fails. */
  break(error: Error): void {
    this.#broken = error;
    for (const exchange of this.#exchanges.values()) exchange.break(error);
  }

  #pass(exchange: Exchange): Promise<void> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const id = this.#next++;
    const taken = () => this.#settle();
    const over = () => {
      this.#exchanges.delete(id);
      this.#settle();
    };
    return new Promise((resolve, reject) => {
      const relayed = new RelayedExchange(this.#way, id, exchange, { resolve, reject, taken, over });
      this.#exchanges.set(id, relayed);
      relayed.begin();
    });
  }

  #settle(): void {
    if ([...this.#exchanges.values()].every(({ isTaken }) => isTaken)) this.#emptied?.();
  }
}

interface Ending {
  /** The response is complete, or nobody takes it any more. */
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** Its connection was taken over. */
  readonly taken: () => void;
  /** The application will say no more. */
  readonly over: () => void;
}

type Told = Extract<FromApplication, { id: number }>;

class RelayedExchange {
  readonly #way: Way;
  readonly #id: number;
  readonly #exchange: Exchange;
  readonly #ending: Ending;
  /** A response that is decided, and not begun: until it is, an error's page may take its place. */
  #start: Start | null = null;
  #isOver = false;
  readonly #works = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>();
  #taken: Duplex | null = null;

  constructor(way: Way, id: number, exchange: Exchange, ending: Ending) {
    this.#way = way;
    this.#id = id;
    this.#exchange = exchange;
    this.#ending = ending;
  }

  get isTaken(): boolean {
    return this.#taken !== null;
  }

  begin(): void {
    const { head, body, connection, signal } = this.#exchange;
    const { method, target, minor, fields } = head;
    const { remoteAddress, remotePort, localAddress, localPort, encrypted } = connection;
    this.#way.send({
      kind: "request",
      id: this.#id,
      request: {
        ...{ method, target, minor, length: body.length },
        fields: [fields.text, fields.spans],
        connection: { remoteAddress, remotePort, localAddress, localPort, encrypted },
      },
    });
    if (signal.aborted) this.#left();
    else signal.addEventListener("abort", () => this.#left(), { once: true });
  }

  break(error: Error): void {
    for (const { reject } of this.#works.values()) reject(error);
    this.#works.clear();
    this.#taken?.destroy();
    this.#taken = null;
    this.#finish(error);
  }

  told(message: Told): void {
    try {
      this.#do(message);
    } catch (error) {
      // The server refuses what the application's end has let pass.
      this.#finish(error);
    }
  }

  #do(message: Told): void {
    const exchange = this.#exchange;
    switch (message.kind) {
      case "read":
        return void (this.#taken === null ? this.#read() : this.#receive(this.#taken));
      case "discard":
        return exchange.body.discard();
      case "inform":
        return exchange.inform(message.status, message.fields);
      case "start":
        this.#start = message.start;
        return;
      case "write":
        return this.#write(message.chunk, message.size);
      case "end":
        this.#begin();
        exchange.end(message.chunk, message.trailers);
        return this.#finish();
      case "abort":
        exchange.abort(message.reason === undefined ? undefined : this.#thrown(message.reason));
        return this.#finish();
      case "failed":
        return this.#finish(this.#thrown(message.reason));
      case "work":
        return exchange.waitUntil(
          new Promise<void>((resolve, reject) => this.#works.set(message.work, { resolve, reject })),
        );
      case "worked": {
        const work = this.#works.get(message.work);
        this.#works.delete(message.work);
        if (message.error === undefined) work?.resolve();
        else work?.reject(errorOf(message.error));
        return this.#release();
      }
      case "takeOver":
        return this.#takeOver();
      case "sending":
        return this.#send(message.bytes);
      case "destroy":
        // What has been written and ended is still to be sent.
        if (this.#taken?.writableEnded === false) this.#taken.destroy();
        this.#taken = null;
        return this.#release();
    }
  }

  /** What was thrown there, with the identity that the server knows the client's leaving by. */
  #thrown(reason: Reason): unknown {
    const { signal } = this.#exchange;
    return reason.kind === "left" && signal.aborted ? signal.reason : thrownBy(reason);
  }

  #begin(): void {
    if (this.#start === null) return;
    const { status, fields, reason } = this.#start;
    this.#start = null;
    this.#exchange.start(status, fields, reason);
  }

  #write(chunk: string | Uint8Array, size: number): void {
    this.#begin();
    const sent = () => this.#way.send({ kind: "sent", id: this.#id, size });
    if (this.#exchange.write(chunk)) sent();
    else this.#exchange.drained().then(sent, () => this.#gone());
  }

  async #read(): Promise<void> {
    const { body } = this.#exchange;
    const id = this.#id;
    try {
      const piece = await body.read();
      const { text, spans } = body.trailers;
      this.#way.send({ kind: "piece", id, piece, ...(piece === null && { trailers: [text, spans] as const }) });
    } catch (error) {
      this.#way.send({ kind: "unreadable", id, reason: reasonOf(error) });
    }
  }

  #takeOver(): void {
    const socket = this.#exchange.takeOver();
    this.#taken = socket;
    socket.pause();
    socket.on("data", (bytes: Uint8Array) => {
      socket.pause();
      this.#way.send({ kind: "received", id: this.#id, bytes });
    });
    socket.on("end", () => this.#way.send({ kind: "received", id: this.#id, bytes: null }));
    // What went wrong shows in the close.
    socket.on("error", () => {});
    socket.once("close", () => this.#way.send({ kind: "received", id: this.#id, bytes: null }));
    this.#finish();
    this.#ending.taken();
  }

  #receive(socket: Duplex): void {
    socket.resume();
  }

  #send(bytes: Uint8Array | null): void {
    if (bytes === null) this.#taken?.end();
    else this.#taken?.write(bytes, () => this.#way.send({ kind: "sent", id: this.#id, size: bytes.length }));
  }

  #left(): void {
    const { signal } = this.#exchange;
    this.#way.send({ kind: "left", id: this.#id, reason: reasonOf(signal.reason) });
    // Whether it still reads, the signal does not say.
    this.#exchange.drained().catch(() => this.#gone());
  }

  #gone(): void {
    if (this.#isOver) return;
    this.#way.send({ kind: "gone", id: this.#id, reason: reasonOf(this.#exchange.signal.reason) });
    this.#finish();
  }

  #finish(error?: unknown): void {
    if (!this.#isOver) {
      this.#isOver = true;
      if (error === undefined) this.#ending.resolve();
      else this.#ending.reject(error);
    }
    this.#release();
  }

  #release(): void {
    if (this.#isOver && this.#works.size === 0 && this.#taken === null) this.#ending.over();
  }
}
