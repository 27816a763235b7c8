/**
 * Makes lines of what an observer of the client is told: the heads as they are on the wire, `>` what was sent and `<` what
 * came, how many bytes the bodies had, and after `*` what became of each connection.
 */
import type { WireEvent } from "../../client/wire.ts";

const HEAD_END = "\r\n\r\n";

/** One direction of a connection: heads, and the bytes between them. */
class Direction {
  #head = "";
  #inHead = true;
  #body = 0;

  /** Gives each head that is complete now, with its end. */
  *take(bytes: Uint8Array): Generator<string> {
    if (!this.#inHead) {
      this.#body += bytes.length;
      return;
    }
    this.#head += Buffer.prototype.latin1Slice.call(bytes, 0, bytes.length);
    for (let end = this.#head.indexOf(HEAD_END); end >= 0; end = this.#head.indexOf(HEAD_END)) {
      const head = this.#head.slice(0, end + HEAD_END.length);
      this.#head = this.#head.slice(head.length);
      // Behind an interim response comes another head.
      if (!/^HTTP\/1\.[0-9] 1(?!01)/.test(head)) {
        this.#inHead = false;
        this.#body = this.#head.length;
        this.#head = "";
      }
      yield head;
      if (!this.#inHead) return;
    }
  }

  /** How many bytes of a body have gone by since this was last asked. */
  body(): number {
    const body = this.#body;
    this.#body = 0;
    return body;
  }

  /** What was no whole head. The next byte begins one. */
  finish(): string {
    const rest = this.#head;
    this.#head = "";
    this.#inHead = true;
    return rest;
  }
}

interface Watched {
  readonly sent: Direction;
  readonly received: Direction;
}

export class WireLog {
  readonly #say: (line: string) => void;
  readonly #connections = new Map<number, Watched>();
  /** The heads of the responses since it was last emptied, as they came. */
  readonly heads: string[] = [];

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  observe(event: WireEvent): void {
    if (event.type === "open") {
      const { to, address } = event;
      this.#connections.set(event.connection, { sent: new Direction(), received: new Direction() });
      const where = address === "" || address === to ? to : `${to} (${address})`;
      return this.#say(`* connection ${event.connection} to ${where} is open`);
    }
    const connection = this.#connections.get(event.connection)!;
    switch (event.type) {
      case "request":
        if (event.count > 1) this.#say(`* connection ${event.connection} is used again`);
        break;
      case "sent":
        for (const head of connection.sent.take(event.bytes)) this.#show(">", head);
        break;
      case "received":
        for (const head of connection.received.take(event.bytes)) {
          this.#count(">", connection.sent);
          this.heads.push(head);
          this.#show("<", head);
        }
        break;
      case "kept":
        this.#over(connection);
        this.#say(`* connection ${event.connection} is kept`);
        break;
      case "retry":
        this.#say(`* ${event.why}; it is sent again on another`);
        break;
      case "closed":
        this.#over(connection);
        this.#connections.delete(event.connection);
        this.#say(
          `* connection ${event.connection} was closed by ${event.by === "client" ? "us" : "the server"}: ${event.why}`,
        );
        break;
    }
  }

  #over({ sent, received }: Watched): void {
    for (const [mark, direction] of [[">", sent] as const, ["<", received] as const]) {
      const rest = direction.finish();
      if (rest !== "") this.#show(mark, rest);
      this.#count(mark, direction);
    }
  }

  #count(mark: string, direction: Direction): void {
    const bytes = direction.body();
    if (bytes > 0) this.#say(`${mark} [${bytes} bytes of body]`);
  }

  #show(mark: string, text: string): void {
    for (const line of text.replace(/\r\n$/, "").split("\r\n")) this.#say(`${mark} ${visible(line)}`.trimEnd());
  }
}

/** Bytes that a terminal would obey, or could not show, as escapes. */
function visible(line: string): string {
  return line.replace(/[^\t\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
