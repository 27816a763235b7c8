/** The bytes of messages, for whoever develops: the beginnings of what came and left last, on the connections of late. */
import type { ObservedConnection, ServerObserver } from "../server/events.ts";
import type { LiveView } from "./live.ts";
import type { Piece } from "./look.ts";

/** Characters of a piece, pieces of a connection, and connections. */
const LONGEST = 2000;
const MOST_PIECES = 40;
const MOST_CONNECTIONS = 100;

export class Pieces implements Pick<ServerObserver, "bytes"> {
  readonly #live: LiveView;
  /** By the connection's name in the live page; the ones that were heard of last come last. */
  readonly #pieces = new Map<string, Piece[]>();

  constructor(live: LiveView) {
    this.#live = live;
  }

  bytes(connection: ObservedConnection, way: "in" | "out", data: Uint8Array | string): void {
    const id = this.#live.idOf(connection);
    const pieces = this.#pieces.get(id) ?? [];
    pieces.push({ way, text: beginning(data), length: data.length });
    if (pieces.length > MOST_PIECES) pieces.shift();
    this.#pieces.delete(id);
    this.#pieces.set(id, pieces);
    if (this.#pieces.size > MOST_CONNECTIONS) this.#pieces.delete(this.#pieces.keys().next().value!);
  }

  of(id: string): readonly Piece[] {
    return this.#pieces.get(id) ?? [];
  }
}

/** A copy: the part of a string keeps all of it in memory. */
function beginning(data: Uint8Array | string): string {
  const bytes = typeof data === "string" ? Buffer.from(data.slice(0, LONGEST), "latin1") : data;
  return Buffer.prototype.latin1Slice.call(bytes, 0, Math.min(bytes.length, LONGEST));
}
