/** Node's interface: `(request, response)` listeners, and what is built on them, as handlers. */
import { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Exchange, Handler } from "../contract.ts";
import { FAIL, NodeRequest } from "./request.ts";
import { EXCHANGE, GONE, giveUp, HELD, leave, NodeResponse, release, SETTLE } from "./response.ts";
import { type ExchangeSocket, socketOf } from "./socket.ts";

/** What `http.createServer` takes: a function of its own, or an application of Express, connect, Koa, Fastify. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/** What a server's `upgrade` event calls. `head` is empty: all that the client has sent is read from the socket. */
export type NodeUpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

export interface NodeListenerOptions {
  /** Takes requests that ask for another protocol, such as WebSocket. Without it they are requests like others. */
  readonly upgrade?: NodeUpgradeListener | undefined;
}

/**
 * Calls a listener for each request. What it throws, or rejects with, before the response's head was sent becomes a 500,
 * and cuts the connection after that; node:http would end the process.
 */
export function fromNodeListener(listener: NodeListener, { upgrade }: NodeListenerOptions = {}): Handler {
  return (exchange) => {
    if (upgrade !== undefined && asksForUpgrade(exchange)) return handOver(exchange, upgrade);
    const request = new NodeRequest(exchange, socketOf(exchange));
    const response = new NodeResponse(request, exchange);
    let result: unknown;
    try {
      result = listener(request, response);
    } catch (error) {
      fail(response, error);
      throw error;
    }
    if (!isOver(response) || isThenable(result)) return conclusion(request, response, result);
  };
}

/**
 * Calls the listeners of a server that does not listen itself: `request`, `upgrade`, `checkContinue`, and `connect`, for
 * which Portico's server must have the handler as its option `connect`, too.
 */
export function fromNodeServer(server: Server): Handler {
  const listener: NodeListener = (request, response) => {
    const isExpecting = request.headers.expect !== undefined && server.listenerCount("checkContinue") > 0;
    return call(server, isExpecting ? "checkContinue" : "request", request, response);
  };
  const requests = fromNodeListener(listener);
  const upgrades = fromNodeListener(listener, {
    upgrade: (request, socket, head) => call(server, "upgrade", request, socket, head),
  });
  const connect: NodeUpgradeListener = (request, socket, head) => call(server, "connect", request, socket, head);
  return (exchange) => {
    if (exchange.head.method === "CONNECT") return handOver(exchange, connect);
    return (server.listenerCount("upgrade") > 0 ? upgrades : requests)(exchange);
  };
}

/** Tells a server's listeners that it is closed, as its own `close()` would. Gives what they promise. */
export function closeNodeServer(server: Server): unknown {
  return call(server, "close");
}

/** Emits an event, and gives what its listeners promise, where `emit` would let their rejections go astray. */
function call(server: Server, event: string, ...args: unknown[]): unknown {
  // Tracers put an emit() of their own there.
  if (server.emit !== EventEmitter.prototype.emit) return void server.emit(event, ...args);
  const promises = server
    .rawListeners(event)
    .map((listener) => Reflect.apply(listener, server, args))
    .filter(isThenable);
  return promises.length > 0 ? Promise.all(promises) : undefined;
}

/** Settles when the response is over and the listener's promise, if it gave one, has settled. */
function conclusion(request: NodeRequest, response: NodeResponse, result: unknown): Promise<void> {
  const over = new Promise<void>((resolve, reject) => {
    response[SETTLE] = resolve;
    request[FAIL] = (error) => {
      fail(response, error);
      reject(error);
    };
  });
  setImmediate(watch, response);
  if (!isThenable(result)) return over;
  result.then(undefined, request[FAIL]);
  return Promise.all([over, result]).then(() => {});
}

/** Tells a response when its client leaves. A signal takes 4 µs (Node 20): who answers within a turn of the loop needs none. */
function watch(response: NodeResponse): void {
  if (isOver(response)) return;
  const { signal } = response[EXCHANGE];
  const left = () => {
    response[GONE] = true;
    // As late as a socket tells that it is closed.
    setImmediate(leave, response);
  };
  if (signal.aborted) left();
  else signal.addEventListener("abort", left);
}

function isOver(response: NodeResponse): boolean {
  return response.finished && response[HELD] === null;
}

/** The server answers in the listener's place, once it has the error, unless there is an answer. */
function fail(response: NodeResponse, error: unknown): void {
  if (response.finished) release(response);
  else response[GONE] = true;
  setImmediate(giveUp, response, error);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

function asksForUpgrade({ head, body }: Exchange): boolean {
  if (head.minor === 0 || body.length !== 0 || !head.fields.has("upgrade")) return false;
  return /(?:^|,)[\t ]*upgrade[\t ]*(?:,|$)/i.test(head.fields.get("connection") ?? "");
}

function handOver(exchange: Exchange, upgrade: NodeUpgradeListener): void | Promise<void> {
  const socket = exchange.takeOver();
  const request = new NodeRequest(exchange, socket as ExchangeSocket);
  request.upgrade = true;
  const fail = (error: unknown): never => {
    socket.destroy();
    throw error;
  };
  try {
    const result = upgrade(request, socket, Buffer.alloc(0));
    if (isThenable(result)) return Promise.resolve(result).then(() => {}, fail);
  } catch (error) {
    fail(error);
  }
}
