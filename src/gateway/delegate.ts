/** An exchange that passes everything on to another, for those that change one thing of it. */
import type { Duplex } from "node:stream";
import type { RequestHead } from "../http/request-head.ts";
import type { BodySource, Chunk, ConnectionInfo, Exchange, FieldList } from "./contract.ts";

export abstract class DelegatingExchange implements Exchange {
  protected readonly inner: Exchange;

  constructor(inner: Exchange) {
    this.inner = inner;
  }

  get head(): RequestHead {
    return this.inner.head;
  }

  get body(): BodySource {
    return this.inner.body;
  }

  get signal(): AbortSignal {
    return this.inner.signal;
  }

  get connection(): ConnectionInfo {
    return this.inner.connection;
  }

  get started(): boolean {
    return this.inner.started;
  }

  inform(status: number, fields?: FieldList): void {
    this.inner.inform(status, fields);
  }

  start(status: number, fields?: FieldList, reason?: string): void {
    this.inner.start(status, fields, reason);
  }

  write(chunk: Chunk): boolean {
    return this.inner.write(chunk);
  }

  drained(): Promise<void> {
    return this.inner.drained();
  }

  end(chunk?: Chunk, trailers?: FieldList): void {
    this.inner.end(chunk, trailers);
  }

  takeOver(): Duplex {
    return this.inner.takeOver();
  }

  waitUntil(work: Promise<unknown>): void {
    this.inner.waitUntil(work);
  }

  abort(cause?: unknown): void {
    this.inner.abort(cause);
  }
}
