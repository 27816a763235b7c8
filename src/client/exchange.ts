/** One request and its response: what is known of it while it is under way, and how its failures are told. */
import type { ResponseHead } from "../http/response-head.ts";
import { systemError } from "../net/errors.ts";
import { ClientError, type Peer } from "./errors.ts";
import type { Outgoing, WireHead } from "./outgoing.ts";
import type { ResponseBody } from "./response-body.ts";

/** What came back: the final response's head, and its body if it has one. */
export interface Answer {
  readonly head: ResponseHead;
  readonly body: ResponseBody | null;
}

/** From the request's first byte to the last of the response. */
export interface Exchange {
  readonly request: Outgoing;
  readonly wire: WireHead;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
  readonly aborted: (() => void) | null;
  body: ResponseBody | null;
  responded: boolean;
  /** Whether the request has been written to its end. */
  sent: boolean;
  /** Starts the body that waits for 100 (Continue), at the latest when the patience is over. */
  proceed: (() => void) | null;
  patience: NodeJS.Timeout | undefined;
  /** Bytes of the response's body that came. */
  received: number;
  /** Whether nobody wants the rest of it. */
  unwanted: boolean;
}

/** The body does not wait for 100 (Continue) any longer. */
export function stopWaiting(exchange: Exchange): void {
  clearTimeout(exchange.patience);
  exchange.proceed = null;
}

/** Idempotent methods (RFC 9110 §9.2.2): sent twice, they mean what they mean once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether a request may be sent again when nobody knows what became of it. */
export function isRepeatable({ method, upload }: Outgoing): boolean {
  return IDEMPOTENT.has(method) && (upload === null || upload.replayable);
}

/** `GET /notes`, for people. */
export function nameOf({ method, url }: Outgoing): string {
  return `${method} ${url.pathname}`;
}

/**
 * The connection ended under an exchange.
 * @param broke the system's error, `null` for an end in order
 * @param kept whether the connection had served before, and nothing of an answer came
 */
export function lossError(peer: Peer, exchange: Exchange, broke: Error | null, kept: boolean): ClientError {
  const { request, sent, responded } = exchange;
  const connection = `the connection with ${peer.name}`;
  const cause = broke === null ? undefined : systemError(`${connection} broke`, broke);
  const code = cause?.code ?? "CONNECTION_CLOSED";
  const did = cause === undefined ? "closed" : `broke (${code})`;
  const what = nameOf(request);
  if (responded) {
    return new ClientError(code, `${connection} ${did} in the middle of its response to ${what}`, peer, cause);
  }
  if (!kept) {
    const end = sent ? "answered" : "sent: its answer, if it gave one, is lost";
    return new ClientError(code, `${connection} ${did} before ${what} was ${end}`, peer, cause);
  }
  const unsure = isRepeatable(request) ? "" : ": it may have been carried out, so it is not sent again";
  const message = `${connection} had been kept and ${did} while ${what} was on its way${unsure}`;
  return new ClientError(code, message, peer, cause);
}

/** The server was silent for longer than it may be. */
export function lateError(peer: Peer, { request, responded }: Exchange): ClientError {
  const { response, body } = request.timeouts;
  const what = nameOf(request);
  return responded
    ? new ClientError(
        "BODY_TIMEOUT",
        `${peer.name} sent nothing more of its response to ${what} for ${body / 1000} s`,
        peer,
      )
    : new ClientError("RESPONSE_TIMEOUT", `${peer.name} did not answer ${what} within ${response / 1000} s`, peer);
}
