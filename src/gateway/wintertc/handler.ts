/**
 * WinterTC's draft Fetch Server API: a handler object with `fetch(context)`, `connect(context)`, `error(context, error)`.
 * docs/gateway-wintertc.md says which draft, and what of it is here.
 */
import type { Exchange, Handler } from "../contract.ts";
import { answer } from "../fetch/handler.ts";
import { isObject } from "../fetch/platform.ts";
import { ConnectContext, ServerContext } from "./context.ts";
import { codeOf, original, type ProtocolError, protocolError } from "./errors.ts";
import { ContextExchange, STATE } from "./exchange.ts";
import { PROTOCOL, VERSION, type WintertcApplication } from "./interface.ts";

/**
 * The handler of an application. A server that has it for CONNECT, too (`connect` of its options), lets it open tunnels.
 * @throws {TypeError} when the application is written for another version of the interface
 */
export function wintertc(application: WintertcApplication): Handler {
  const version = application[PROTOCOL];
  if (version !== VERSION) {
    throw new TypeError(
      `its wintertc.server.protocol is ${String(version)}, and the version spoken here is ${VERSION}`,
    );
  }
  return (exchange) => {
    const protocol = tunnelProtocol(exchange);
    if (protocol !== undefined && application.connect !== undefined) {
      return callConnect(application, new ContextExchange(exchange), protocol);
    }
    if (protocol !== null) return callFetch(application, new ContextExchange(exchange));
    exchange.start(501);
    exchange.end();
  };
}

/** What a connection shall be upgraded to, `null` for CONNECT; `undefined` for a request that is nothing but a request. */
function tunnelProtocol({ head, body }: Exchange): string | null | undefined {
  if (head.method === "CONNECT") return null;
  const upgrade = head.fields.get("upgrade");
  // Only without a body can a connection be handed over. To HTTP/1.0 an upgrade means nothing (RFC 9110 §7.8).
  if (upgrade === null || head.minor === 0 || body.length !== 0) return undefined;
  const options = head.fields
    .get("connection")
    ?.toLowerCase()
    .split(/[\t ,]+/);
  if (!options?.includes("upgrade")) return undefined;
  const [protocol = ""] = upgrade.split(/[\t ,]+/);
  // HTTP/2 is the server's to speak, and it does not: curl offers it with every request.
  return protocol === "" || protocol === "h2c" ? undefined : protocol;
}

function callFetch(application: WintertcApplication, exchange: ContextExchange): void | Promise<void> {
  const context = new ServerContext(exchange);
  const fail = (error: unknown) => recover(application, context, exchange, error, 500);
  try {
    const result: unknown = application.fetch(context);
    if (isObject(result) && "then" in result) {
      return Promise.resolve(result)
        .then((settled) => conclude(exchange, settled, "fetch"))
        .catch(fail);
    }
    return conclude(exchange, result, "fetch")?.catch(fail);
  } catch (error) {
    return fail(error);
  }
}

async function callConnect(
  application: WintertcApplication,
  exchange: ContextExchange,
  protocol: string | null,
): Promise<void> {
  const context = new ConnectContext(exchange, protocol);
  try {
    const result: unknown = await application.connect!(context);
    if (result !== undefined && (exchange.fallenThrough || exchange.tunnel !== null)) {
      throw new TypeError("connect() returned a value, though it had declined or accepted the request");
    }
    if (exchange.tunnel === null && !exchange.fallenThrough) await conclude(exchange, result, "connect");
  } catch (error) {
    if (exchange.tunnel === null) return recover(application, context, exchange, error, 502);
    exchange.report(error);
    exchange.tunnel.destroy(protocolError("ERR_HTTP_CONNECT_ERROR", "connect() failed", error));
  }
  if (exchange.fallenThrough) return callFetch(application, exchange);
}

/** Sends what a method returned, if anything is left to be sent. */
function conclude(exchange: ContextExchange, result: unknown, method: string): void | Promise<void> {
  if (exchange.state === STATE.DENIED) {
    if (result !== undefined) exchange.report(new TypeError(`${method}() returned a value after deny()`));
  } else if (result === undefined && exchange.aborted !== null) exchange.abort();
  else {
    const sending = answer(exchange, result, method);
    // A stream may have to be looked at before the response starts.
    if (!exchange.decided) exchange.state = STATE.COMMITTED;
    return sending;
  }
}

/**
 * Answers for what a method has thrown: by the application's `error()`, or by leaving it to the server, which has a status
 * for what was the client's fault.
 */
async function recover(
  application: WintertcApplication,
  context: ServerContext,
  exchange: ContextExchange,
  error: unknown,
  status: 500 | 502,
): Promise<void> {
  if (exchange.state === STATE.DENIED) return exchange.report(error);
  if (exchange.aborted !== null || exchange.decided || isTimeout(error)) throw leftToServer(exchange, error);
  let unanswered = error;
  if (application.error !== undefined) {
    try {
      const response = await application.error(context, error);
      if (exchange.decided) return;
      if (response !== undefined) return await conclude(exchange, response, "error");
    } catch (worse) {
      if (exchange.decided) throw leftToServer(exchange, worse);
      unanswered = worse;
    }
  }
  if (status === 500 || original(unanswered) !== unanswered) throw leftToServer(exchange, unanswered);
  exchange.report(unanswered);
  exchange.start(502, ["Content-Type", "text/plain;charset=UTF-8"]);
  exchange.end("Bad Gateway\n");
}

/** The error to throw to the server: it answers for it, or, when the response has started, cuts the connection. */
function leftToServer(exchange: ContextExchange, error: unknown): unknown {
  if (isTimeout(error)) exchange.fail(error);
  else if (exchange.started) exchange.fail(protocolError("ERR_HTTP_INTERNAL_ERROR", "The response broke off", error));
  else if (exchange.aborted === null) exchange.conclude();
  return original(error);
}

function isTimeout(error: unknown): error is ProtocolError {
  return codeOf(error) === "ERR_HTTP_TIMEOUT";
}
