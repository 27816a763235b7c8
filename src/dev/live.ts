/**
 * Pages that follow their sources: a script, put behind the HTML that a browser navigates to, listens to server-sent
 * events, and loads the page again, or only its stylesheets, when something was saved.
 */

import type { Chunk, Exchange, FieldList, Handler } from "../gateway/contract.ts";
import { DelegatingExchange } from "../gateway/delegate.ts";
import { FieldLines } from "../http/field-lines.ts";
import { RequestHead } from "../http/request-head.ts";
import { followSources } from "./live-script.ts";
import { wantsPage } from "./page-request.ts";

/** A path that no file has: names that begin with a dot are not served. */
const OURS = "/.portico/";
const EVENTS = `${OURS}events`;
const SCRIPT = `${OURS}live.js`;

/** Whether a request is one that a page makes to follow its sources. */
export function isFollowing(target: string): boolean {
  return target.startsWith(OURS);
}

/** Milliseconds without a change after which a save counts as done. */
const QUIET = 25;

export class Live {
  readonly #listeners = new Set<Exchange>();
  /** Of another run of the server, no version is the same. */
  readonly #run = Date.now().toString(36);
  #count = 0;
  /** Whether more than stylesheets has changed since the pages were told. */
  #isStale = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** The sources have changed: pages that are open load again. */
  reload(): void {
    this.#count++;
    this.#isStale = true;
    this.#tellSoon();
  }

  /** Stylesheets have changed: pages that are open take the new ones. */
  swapStyles(): void {
    this.#tellSoon();
  }

  /** Once a save is done, which may tell of several changes: a page would be loaded in the middle of it. */
  #tellSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const event = this.#isStale ? this.#versionEvent() : "event: styles\ndata:\n\n";
      this.#isStale = false;
      for (const listener of this.#listeners) listener.write(event);
    }, QUIET);
  }

  /** Ends the streams of events, those as well that are asked for while the server closes. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }

  /** Answers the requests for the script and for its events, and passes on all others. */
  behind(next: Handler): Handler {
    return (exchange) => {
      const { target } = exchange.head;
      if (target === EVENTS) return this.#listen(exchange);
      return target === SCRIPT ? sendScript(exchange) : next(exchange);
    };
  }

  /** Puts the script behind the pages that an application sends. */
  application(next: Handler): Handler {
    return (exchange) => next(wantsPage(exchange.head) ? new LivePage(exchange, this.#element) : exchange);
  }

  /**
   * The same for pages from files.
   * @param files makes their handler, of the one to ask for everything else
   */
  files(files: (next: Handler | undefined) => Handler, next: Handler | undefined): Handler {
    const rest: Handler | undefined =
      next && ((exchange) => next(exchange instanceof WholePage ? exchange.whole : exchange));
    const handler = files(rest);
    return (exchange) => handler(wantsPage(exchange.head) ? new WholePage(exchange, this.#element) : exchange);
  }

  /** What is put behind a page that is sent now. */
  get #element(): string {
    return `
<script src="${SCRIPT}" data-version="${this.#version}"></script>
`;
  }

  get #version(): string {
    return `${this.#run}.${this.#count}`;
  }

  #versionEvent(): string {
    return `event: version\ndata: ${this.#version}\n\n`;
  }

  #listen(exchange: Exchange): void {
    exchange.start(200, ["Content-Type", "text/event-stream", "Cache-Control", "no-store"]);
    // The browser asks again after so many milliseconds when the server was started anew.
    exchange.write(`retry: 200\n${this.#versionEvent()}`);
    if (this.#isClosed) return exchange.end();
    this.#listeners.add(exchange);
    exchange.signal.addEventListener("abort", () => {
      this.#listeners.delete(exchange);
      // A client that has only ended its side would be kept waiting for ours.
      exchange.end();
    });
  }
}

function sendScript(exchange: Exchange): void {
  exchange.start(200, ["Content-Type", "text/javascript", "Cache-Control", "no-cache"]);
  exchange.end(`(${followSources})(${JSON.stringify(EVENTS)});\n`);
}

/** Fields that hold for the bytes of a page as its author wrote them. */
const OF_THE_BYTES = [
  "content-length",
  "etag",
  "last-modified",
  "cache-control",
  "accept-ranges",
  "content-md5",
  "digest",
];

/** Sends a page with the script behind it, unless it is none, is to be saved, is coded, or allows only scripts that it names. */
class LivePage extends DelegatingExchange {
  readonly #script: string;
  #isLive = false;

  constructor(inner: Exchange, script: string) {
    super(inner);
    this.#script = script;
  }

  override start(status: number, fields: FieldList = [], reason?: string): void {
    this.#isLive = status !== 304 && status !== 206 && canTakeScript(fields);
    super.start(
      status,
      this.#isLive ? [...linesWithout(fields, OF_THE_BYTES), "Cache-Control", "no-store"] : fields,
      reason,
    );
  }

  override end(chunk?: Chunk, trailers?: FieldList): void {
    if (!this.#isLive) return super.end(chunk, trailers);
    const script = this.#script;
    if (chunk === undefined || typeof chunk === "string") return super.end((chunk ?? "") + script, trailers);
    super.end(Buffer.concat([chunk, Buffer.from(script)]), trailers);
  }
}

/** Asks for a page as if nothing of it were there already: what a browser has kept has no script, or an old one. */
class WholePage extends LivePage {
  readonly #head: RequestHead;

  constructor(inner: Exchange, script: string) {
    super(inner, script);
    this.#head = headWithout(inner.head, CONDITIONS);
  }

  override get head(): RequestHead {
    return this.#head;
  }

  /** The request as it came. */
  get whole(): Exchange {
    return this.inner;
  }
}

const CONDITIONS = ["accept-encoding", "if-none-match", "if-modified-since", "if-range", "range"];

function headWithout({ method, target, minor, fields }: RequestHead, names: readonly string[]): RequestHead {
  const spans: number[] = [];
  for (let at = 0; at < fields.spans.length; at += 4) {
    const line = fields.spans.slice(at, at + 4);
    if (!names.includes(fields.text.slice(line[0], line[1]).toLowerCase())) spans.push(...line);
  }
  return new RequestHead(method, target, minor, new FieldLines(fields.text, spans));
}

function linesWithout(fields: FieldList, names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (!names.includes(fields[at]!.toLowerCase())) kept.push(fields[at]!, fields[at + 1]!);
  }
  return kept;
}

function canTakeScript(fields: FieldList): boolean {
  const value = (name: string) => {
    const at = fields.findIndex((each, at) => at % 2 === 0 && each.toLowerCase() === name);
    return at < 0 ? undefined : fields[at + 1];
  };
  const isPage = /^text\/html\b/i.test(value("content-type") ?? "");
  // What a browser saves is the author's, byte for byte.
  const isShown = !/^\s*attachment\b/i.test(value("content-disposition") ?? "");
  const takesAny = value("content-encoding") === undefined && value("content-security-policy") === undefined;
  return isPage && isShown && takesAny;
}
