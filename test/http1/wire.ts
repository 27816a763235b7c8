/**
 * Wire cases as data: Markdown files in `wire/` and `wire/responses/`, a heading a case. A `request` or `response` block
 * holds the bytes: line breaks in the block mean nothing, `\r` `\n` `\t` `\0` `\xNN` and `\\` mean what they mean in
 * TypeScript, `…*N` behind a quoted letter repeats it (`"a"*9000`), and `<eof>` is the peer's end. A `steps` block holds
 * what the parser has to say. A `limits` block, if any, changes limits; a `methods` block says which requests the
 * responses answer, one GET unless it is there.
 */
import { readdirSync, readFileSync } from "node:fs";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/options.ts";
import { FRAMING } from "../../src/http1/framing.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { DEFAULT_RESPONSE_LIMITS, type ResponseLimits, ResponseParser } from "../../src/http1/response-parser.ts";
import { STEP, type Step } from "../../src/http1/step.ts";

export interface WireCase<L = Limits> {
  readonly name: string;
  readonly bytes: Buffer;
  readonly eof: boolean;
  readonly limits: L;
  /** The methods of the requests that are answered. */
  readonly methods: readonly string[];
  readonly steps: readonly string[];
}

export function wireCases(): WireCase[] {
  return casesIn("wire/", "request", DEFAULT_LIMITS);
}

export function responseCases(): WireCase<ResponseLimits>[] {
  return casesIn("wire/responses/", "response", DEFAULT_RESPONSE_LIMITS);
}

function casesIn<L>(folder: string, kind: string, defaults: L): WireCase<L>[] {
  const directory = new URL(folder, import.meta.url);
  return readdirSync(directory)
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => readCases(file, readFileSync(new URL(file, directory), "utf8"), kind, defaults));
}

function readCases<L>(file: string, markdown: string, kind: string, defaults: L): WireCase<L>[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const name = `${file.slice(0, -3)}: ${section.slice(0, section.indexOf("\n")).trim()}`;
      const message = block(section, kind);
      const steps = block(section, "steps");
      if (message === null || steps === null)
        throw new Error(`${name}: a case needs a ${kind} block and a steps block`);
      const eof = /<eof>\s*$/.test(message);
      const limits = Object.fromEntries(
        (block(section, "limits") ?? "")
          .split("\n")
          .filter(Boolean)
          .map((line) => line.split("=").map((word) => word.trim()))
          .map(([key, value]) => [key, Number(value)]),
      );
      return {
        name,
        bytes: bytesOf(eof ? message.replace(/<eof>\s*$/, "") : message),
        eof,
        limits: { ...defaults, ...limits },
        methods: (block(section, "methods") ?? "GET").trim().split(/\s+/),
        steps: steps.split("\n").filter(Boolean),
      };
    });
}

function block(section: string, kind: string): string | null {
  return new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, "m").exec(section)?.[1] ?? null;
}

/** Bytes as the files write them. */
export function bytesOf(text: string): Buffer {
  const named: Record<string, string> = { r: "\r", n: "\n", t: "\t", "0": "\0", "\\": "\\", '"': '"' };
  const latin1 = text
    .replaceAll("\n", "")
    .replace(/"([^"\\])"\*(\d+)/g, (_, letter: string, count: string) => letter.repeat(Number(count)))
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex?: string, letter?: string) =>
      hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : named[letter!]!,
    );
  return Buffer.from(latin1, "latin1");
}

const STALE = Buffer.from("\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");

/**
 * Feeds the pieces to a parser, going on to the next request whenever it pauses, and writes down its steps.
 * @param inspect looks at the parser after each step
 */
export function replay(
  pieces: readonly Uint8Array[],
  eof: boolean,
  limits: Limits = DEFAULT_LIMITS,
  inspect?: (parser: RequestParser, step: Step) => void,
): string[] {
  const parser = new RequestParser(limits);
  return run(pieces, eof, {
    parser,
    next() {
      const step = parser.next();
      inspect?.(parser, step);
      return step;
    },
    head: () => describeHead(parser),
    cycle() {
      parser.startNextCycle();
      return true;
    },
  });
}

/** The same for responses to requests of these methods; what is left over when the last is answered is `excess`. */
export function replayResponses(
  pieces: readonly Uint8Array[],
  eof: boolean,
  methods: readonly string[] = ["GET"],
  limits: ResponseLimits = DEFAULT_RESPONSE_LIMITS,
  inspect?: (parser: ResponseParser, step: Step) => void,
): string[] {
  const parser = new ResponseParser(limits);
  const waiting = [...methods];
  const steps = run(pieces, eof, {
    parser,
    next() {
      const step = parser.next();
      inspect?.(parser, step);
      return step;
    },
    head: () => describeResponse(parser),
    cycle() {
      const method = waiting.shift();
      if (method !== undefined) parser.startNextCycle(method);
      return method !== undefined;
    },
  });
  const isOver = /^(?:fault|eof)/.test(steps.at(-1) ?? "");
  const excess = isOver || waiting.length > 0 || parser.next() !== STEP.PAUSED ? "" : text(parser.rest);
  return excess === "" ? steps : [...steps, `excess ${JSON.stringify(excess)}`];
}

interface Run {
  readonly parser: RequestParser | ResponseParser;
  next(): Step;
  head(): string;
  /** Goes on to the next message; `false` when there is none to come. */
  cycle(): boolean;
}

function run(pieces: readonly Uint8Array[], eof: boolean, { parser, next, head, cycle }: Run): string[] {
  const steps: string[] = [];
  let body: string | null = null;
  const say = (step: string) => {
    if (body !== null) steps.push(`body ${JSON.stringify(body)}`);
    body = null;
    steps.push(step);
  };

  // As the connection does it: every read lands in the same memory, so that a parser that keeps a view is caught. Behind
  // it lies what a parser that reads too far would go on with.
  const shared = Buffer.alloc(Math.max(0, ...pieces.map((piece) => piece.length)) + STALE.length);
  const takeSteps = () => {
    for (;;) {
      switch (next()) {
        case STEP.HEAD:
          say(head());
          for (const [name, value] of parser.head!.fields) say(`  ${name}: ${visible(value)}`);
          break;
        case STEP.BODY:
          body = (body ?? "") + text(parser.bytes.subarray(parser.start, parser.stop));
          break;
        case STEP.END:
          say("end");
          for (const [name, value] of parser.trailers) say(`  ${name}: ${visible(value)}`);
          break;
        case STEP.PAUSED:
          if (!cycle()) return false;
          break;
        case STEP.FAULT:
          say(`fault ${parser.fault!.code} ${parser.fault!.status} at ${parser.fault!.offset}`);
          return true;
        case STEP.EOF:
          say("eof");
          return true;
        default:
          return false;
      }
    }
  };

  for (const piece of pieces) {
    shared.set(piece);
    shared.set(STALE, piece.length);
    parser.push(shared, piece.length);
    const over = takeSteps();
    shared.fill(0x21);
    if (over) return steps;
  }
  if (eof) {
    parser.pushEof();
    if (takeSteps()) return steps;
  }
  if (body !== null) steps.push(`body ${JSON.stringify(body)}`);
  return steps;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function visible(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function describeHead({ head, length, keepAlive, expectsContinue, upgrade }: RequestParser): string {
  const { method, target, minor } = head!;
  const flags = [
    length < 0 ? "chunked" : length > 0 ? `length=${length}` : "",
    keepAlive ? "" : "close",
    expectsContinue ? "expects-continue" : "",
    upgrade ? "upgrade" : "",
  ];
  return ["head", method, target, `1.${minor}`, ...flags].filter(Boolean).join(" ");
}

function describeResponse({ head, framing, length, keepAlive, upgraded }: ResponseParser): string {
  const { status, reason, minor } = head!;
  if (status < 200 && status !== 101) return `interim ${status}`;
  const flags = [
    framing === FRAMING.CLOSE ? "until-close" : length < 0 ? "chunked" : length > 0 ? `length=${length}` : "",
    keepAlive ? "" : "close",
    upgraded ? "upgraded" : "",
  ];
  return ["head", String(status), `1.${minor}`, ...flags, reason && JSON.stringify(reason)].filter(Boolean).join(" ");
}
