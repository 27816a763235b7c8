/**
 * Wire cases as data: Markdown files in `wire/`, a heading a case. A `request` block holds the bytes: line breaks in the
 * block mean nothing, `\r` `\n` `\t` `\0` `\xNN` and `\\` mean what they mean in TypeScript, `…*N` behind a quoted
 * letter repeats it (`"a"*9000`), and `<eof>` is the peer's end. A `steps` block holds what the parser has to say. A
 * `limits` block, if any, changes limits.
 */
import { readdirSync, readFileSync } from "node:fs";
import { DEFAULT_LIMITS, type Limits } from "../../src/core/options.ts";
import { RequestParser, STEP, type Step } from "../../src/http1/request-parser.ts";

export interface WireCase {
  readonly name: string;
  readonly bytes: Buffer;
  readonly eof: boolean;
  readonly limits: Limits;
  readonly steps: readonly string[];
}

export function wireCases(): WireCase[] {
  const directory = new URL("wire/", import.meta.url);
  return readdirSync(directory)
    .filter((file) => file.endsWith(".md"))
    .flatMap((file) => readCases(file, readFileSync(new URL(file, directory), "utf8")));
}

function readCases(file: string, markdown: string): WireCase[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const name = `${file.slice(0, -3)}: ${section.slice(0, section.indexOf("\n")).trim()}`;
      const request = block(section, "request");
      const steps = block(section, "steps");
      if (request === null || steps === null)
        throw new Error(`${name}: a case needs a request block and a steps block`);
      const eof = /<eof>\s*$/.test(request);
      const limits = Object.fromEntries(
        (block(section, "limits") ?? "")
          .split("\n")
          .filter(Boolean)
          .map((line) => line.split("=").map((word) => word.trim()))
          .map(([key, value]) => [key, Number(value)]),
      );
      return {
        name,
        bytes: bytesOf(eof ? request.replace(/<eof>\s*$/, "") : request),
        eof,
        limits: { ...DEFAULT_LIMITS, ...limits },
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
  const run = () => {
    for (;;) {
      const step = parser.next();
      inspect?.(parser, step);
      switch (step) {
        case STEP.HEAD:
          say(describeHead(parser));
          for (const [name, value] of parser.head!.fields) say(`  ${name}: ${visible(value)}`);
          break;
        case STEP.BODY:
          body = (body ?? "") + Buffer.from(parser.bytes.subarray(parser.start, parser.stop)).toString("latin1");
          break;
        case STEP.END:
          say("end");
          for (const [name, value] of parser.trailers) say(`  ${name}: ${visible(value)}`);
          break;
        case STEP.PAUSED:
          parser.startNextCycle();
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
    const over = run();
    shared.fill(0x21);
    if (over) return steps;
  }
  if (eof) {
    parser.pushEof();
    if (run()) return steps;
  }
  if (body !== null) steps.push(`body ${JSON.stringify(body)}`);
  return steps;
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
