/** What a client is told, in development, of an error that nobody has caught: everything, in the form that it asks for. */
import { FaultError } from "../core/faults.ts";
import type { BodySource, Exchange, Handler } from "../gateway/contract.ts";
import { DelegatingExchange } from "../gateway/delegate.ts";
import { asJson, asText, type Details, detailsOf } from "./error-details.ts";
import { errorPage } from "./error-page.ts";
import { type ErrorReport, reportOf } from "./error-report.ts";
import { framesOf, importingFrame } from "./frames.ts";
import type { LoadFailure } from "./generation.ts";
import { wantsPage } from "./page-request.ts";

/** Passes requests on, and answers with what the handler throws. @param report is told of it as well */
export function showErrors(next: Handler, report: (error: unknown, exchange: Exchange) => void): Handler {
  return async (exchange) => {
    const recorded = new RecordedExchange(exchange);
    try {
      await next(recorded);
    } catch (error) {
      // The client's fault has a status of its own, and nobody reads what comes too late.
      if (exchange.started || exchange.signal.aborted || error instanceof FaultError) throw error;
      report(error, exchange);
      await recorded.show(500, `${exchange.head.method} failed`, reportOf(error));
    }
  };
}

/** Answers with why the application cannot be loaded. */
export async function showLoadFailure(exchange: Exchange, { line, error }: LoadFailure): Promise<void> {
  const hasPlace = framesOf(error).some(({ owner }) => owner === "application");
  const message = line.replace(/^the application cannot be loaded: /, "");
  const shown = hasPlace
    ? { ...error, message: error.message + adviceIn(line, error) }
    : { name: "", message, stack: importingFrame(error), properties: {} };
  await new RecordedExchange(exchange).show(500, "The application cannot be loaded", shown);
}

/** What the line says behind the message: `; if it is a type: import type`. */
function adviceIn(line: string, { message }: ErrorReport): string {
  const [first] = line.split("\n", 1);
  const at = first!.indexOf(message);
  return at < 0 ? "" : first!.slice(at + message.length);
}

/** Bytes of a request's body that are shown. */
const SHOWN = 2048;
/** Milliseconds that may pass until a body which the application has not begun to read begins. */
const PATIENCE = 100;

/** Keeps the beginning of the request's body, for whoever asks what the request was. */
class RecordedExchange extends DelegatingExchange {
  readonly #body: RecordedBody;

  constructor(inner: Exchange) {
    super(inner);
    this.#body = new RecordedBody(inner.body);
  }

  override get body(): BodySource {
    return this.#body;
  }

  async show(status: number, title: string, error: ErrorReport): Promise<void> {
    const beginning = await this.#body.beginning();
    const exchange = this.inner;
    const { head } = exchange;
    if (exchange.started) return;
    if (!isOurs(head.fields.get("host"))) {
      return answer(
        exchange,
        status,
        "text/plain",
        `${title}. What went wrong is told at localhost, or at an IP address.\n`,
      );
    }
    const details = detailsOf(title, error, head, beginning);
    const [type, text] = rendered(exchange, details);
    answer(exchange, status, type, text);
  }
}

function rendered(exchange: Exchange, details: Details): [type: string, text: string] {
  const { head } = exchange;
  if (wantsPage(head)) return ["text/html", errorPage(details)];
  const wantsJson = /\bapplication\/(?:[\w.-]+\+)?json\b/.test(head.fields.get("accept") ?? "");
  return wantsJson ? ["application/json", asJson(details)] : ["text/plain", asText(details)];
}

function answer(exchange: Exchange, status: number, type: string, text: string): void {
  exchange.start(status, ["Content-Type", `${type};charset=utf-8`, "Cache-Control", "no-store"]);
  exchange.end(text);
}

/**
 * A page of somebody else's can have a name of its own lead to this address (DNS rebinding), and then read what is answered
 * under that name: sources are shown under names only that it cannot have.
 */
function isOurs(host: string | null): boolean {
  return host === null || /^(?:\[|[0-9.]+(?::|$)|(?:[^:]*\.)?localhost(?::|$))/i.test(host);
}

class RecordedBody implements BodySource {
  readonly #inner: BodySource;
  readonly #pieces: Uint8Array[] = [];
  #size = 0;
  #isRead = false;

  constructor(inner: BodySource) {
    this.#inner = inner;
  }

  get length(): number | null {
    return this.#inner.length;
  }

  get trailers() {
    return this.#inner.trailers;
  }

  async read(): Promise<Uint8Array | null> {
    this.#isRead = true;
    const piece = await this.#inner.read();
    if (piece !== null && this.#size < SHOWN) {
      // The application may do with its piece what it likes.
      this.#pieces.push(Buffer.from(piece.subarray(0, SHOWN - this.#size)));
      this.#size += piece.length;
    }
    return piece;
  }

  discard(): void {
    this.#isRead = true;
    this.#inner.discard();
  }

  async beginning(): Promise<Uint8Array> {
    if (!this.#isRead && this.length !== 0) {
      const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
      await Promise.race([this.read(), late]).catch(() => {});
    }
    return Buffer.concat(this.#pieces);
  }
}
