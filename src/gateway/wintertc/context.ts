/** What an application is given: a request, and the exchange around it ("ServerContext", "ConnectContext"). */
import { currentHttpDate } from "../../http/date.ts";
import { LightHeaders, listOf } from "../fetch/headers.ts";
import type { HeadersInit } from "../fetch/platform.ts";
import type { ServerRequest } from "../fetch/request.ts";
import { codeOf, invalidState, notSupported } from "./errors.ts";
import { type ContextExchange, STATE } from "./exchange.ts";
import { FALL_THROUGH, type RequestPriority, type SocketAddress } from "./interface.ts";
import { Tunnel } from "./tunnel.ts";

const DEFAULT_PRIORITY: RequestPriority = { urgency: 3, incremental: false };

/** The codes that `deny()` answers by cutting the connection, as nearest to the reset of a stream. */
const RESETS: readonly unknown[] = ["ERR_HTTP_REQUEST_CANCELLED", "ERR_HTTP_INTERNAL_ERROR", "ERR_HTTP_CONNECT_ERROR"];

export class ServerContext {
  /** Accepted and ignored: HTTP/1.1 sends one response at a time. */
  serverPriority: RequestPriority | null = null;
  /** Never called: there is no PRIORITY_UPDATE in HTTP/1.1. */
  onpriority: ((priority: RequestPriority) => void) | null = null;

  readonly #exchange: ContextExchange;

  constructor(exchange: ContextExchange) {
    this.#exchange = exchange;
  }

  /** Made when it is first asked for. */
  get request(): ServerRequest {
    return this.#exchange.request;
  }

  get remoteAddress(): SocketAddress {
    const { remoteAddress, remotePort } = this.#exchange.connection;
    return socketAddress(remoteAddress, remotePort);
  }

  get localAddress(): SocketAddress {
    const { localAddress, localPort } = this.#exchange.connection;
    return socketAddress(localAddress, localPort);
  }

  get alpnProtocol(): string {
    return "http/1.1";
  }

  get encrypted(): boolean {
    return this.#exchange.connection.encrypted;
  }

  /** Always `null`: nothing here is told of a connection's TLS but that there is some. */
  get serverName(): string | null {
    return null;
  }

  /** Always the default: priorities have no effect. */
  get clientPriority(): RequestPriority {
    return { ...DEFAULT_PRIORITY };
  }

  /** Always: 100 (Continue) is sent when the body is first read. */
  get autoContinue(): boolean {
    return true;
  }

  /**
   * Sends an informational response before the final one; an HTTP/1.0 client gets none.
   * @throws {RangeError} for 101, and what is not from 100 to 199
   * @throws {TypeError} for headers that cannot be sent
   * @throws {DOMException} `InvalidStateError` when the response was decided, or for a 100 that nobody waits for
   */
  sendInformational(status: number, headers?: HeadersInit): void {
    // Web IDL's "unsigned short".
    const code = +status & 0xffff;
    if (code < 100 || code > 199 || code === 101)
      throw new RangeError(`${code} is not the status of an interim response`);
    const exchange = this.#exchange;
    if (exchange.aborted === null && exchange.decided) {
      throw invalidState("the response was decided, and nothing can be sent before it any more");
    }
    if (exchange.aborted !== null) return;
    if (code === 100 && !exchange.expectsContinue) throw invalidState("the client does not wait for 100 (Continue)");
    const fields = listOf(new LightHeaders(headers));
    if (code !== 100 && exchange.expectsContinue) exchange.inform(100);
    exchange.inform(code, fields);
  }

  /**
   * Declines the request before anything was sent: by 503 and the connection's end, or, for an error whose `code` says
   * that the request was cancelled or has failed, by cutting the connection.
   * @throws {DOMException} `InvalidStateError` when something was sent, or the request was denied before
   */
  deny(error?: unknown): void {
    const exchange = this.#exchange;
    if (exchange.aborted !== null) return;
    if (exchange.state !== STATE.OPEN)
      throw invalidState("the request was answered or denied, and cannot be denied now");
    if (error === FALL_THROUGH) throw invalidState("only an upgrade can fall through to fetch()");
    exchange.state = STATE.DENIED;
    if (RESETS.includes(codeOf(error))) return exchange.cut();
    exchange.start(503, ["Connection", "close"]);
    exchange.end();
  }

  /**
   * Resolves when the response was handed to the transport, or the denial was sent; rejects with a protocol error when
   * the client left before.
   */
  get completed(): Promise<undefined> | null {
    return this.#exchange.completed;
  }

  /** Names work that a closing server waits for, as long as `timeouts.grace`. */
  waitUntil(promise: Promise<unknown>): void {
    this.#exchange.waitUntil(Promise.resolve(promise));
  }
}

/** The context of a CONNECT request, or of one that asks for an upgrade. */
export class ConnectContext extends ServerContext {
  readonly connectProtocol: string | null;
  readonly #exchange: ContextExchange;

  /** @param protocol what the connection shall be upgraded to; `null` for CONNECT */
  constructor(exchange: ContextExchange, protocol: string | null) {
    super(exchange);
    this.#exchange = exchange;
    this.connectProtocol = protocol;
  }

  /** As `ServerContext.deny`; `Symbol.for("wintertc.server.fallthrough")` declines only the upgrade. */
  override deny(error?: unknown): void {
    const exchange = this.#exchange;
    if (exchange.aborted !== null) return;
    this.#refuseIfInert();
    if (error !== FALL_THROUGH || this.connectProtocol === null || exchange.state !== STATE.OPEN)
      return super.deny(error);
    exchange.fallenThrough = true;
  }

  /**
   * Opens the tunnel: answers CONNECT with 200, and an upgrade with 101.
   * @param init of which only the headers count
   * @throws {DOMException} (rejects) `InvalidStateError` when the request was answered or denied
   */
  async accept({ headers }: ResponseInit = {}): Promise<Tunnel> {
    this.#refuseIfDecided();
    const fields = listOf(new LightHeaders(headers));
    const exchange = this.#exchange;
    exchange.tunnel = new Tunnel(exchange, exchange.takeOver(), successHead(this.connectProtocol, fields));
    return exchange.tunnel;
  }

  /** @throws {DOMException} always: `accept()` gives the bytes, and a library the frames */
  upgradeWebSocket(_options?: { readonly protocol?: readonly string[] }): never {
    throw this.#unsupported("websocket");
  }

  /** @throws {DOMException} (rejects) always: HTTP/1.1 carries no WebTransport */
  async upgradeWebTransport(): Promise<never> {
    throw this.#unsupported("webtransport");
  }

  #unsupported(protocol: string): unknown {
    if (this.connectProtocol !== protocol) return invalidState(`the request does not ask for ${protocol}`);
    this.#refuseIfDecided();
    return notSupported(`${protocol} is not spoken here`);
  }

  #refuseIfInert(): void {
    if (this.#exchange.fallenThrough) throw invalidState("the upgrade was declined");
  }

  #refuseIfDecided(): void {
    this.#refuseIfInert();
    const { aborted, decided } = this.#exchange;
    if (aborted !== null) throw aborted;
    if (decided) throw invalidState("the request was answered or denied");
  }
}

/** Fields that frame a message, of which the response to an accepted tunnel has none (RFC 9110 §9.3.6), and our own. */
const NOT_IN_SUCCESS = ["connection", "content-length", "date", "transfer-encoding", "upgrade"];

function successHead(protocol: string | null, fields: readonly string[]): string {
  const date = `Date: ${currentHttpDate()}\r\n`;
  let head =
    protocol === null
      ? `HTTP/1.1 200 OK\r\n${date}`
      : `HTTP/1.1 101 Switching Protocols\r\n${date}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
  for (let at = 0; at < fields.length; at += 2) {
    if (!NOT_IN_SUCCESS.includes(fields[at]!)) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  }
  return `${head}\r\n`;
}

function socketAddress(address: string, port: number): SocketAddress {
  if (address === "") return { address, port };
  return { address, port, family: address.includes(":") ? "IPv6" : "IPv4" };
}
