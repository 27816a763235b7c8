/** What a worker remembers for the live page: little, because nobody may ever look. */
import type { EndedRequest, ObservedConnection, ServerObserver } from "../server/events.ts";
import { loggedStatus } from "./access-format.ts";
import type { ConnectionRow, RequestRow, WorkerLook } from "./look.ts";
import type { Queues, Watched } from "./metrics.ts";

/** Connections that are shown at a time: a page is no place for more. */
const MOST_CONNECTIONS = 500;
/** Requests, and closed connections, that are remembered; and for how many milliseconds: Linux keeps TIME_WAIT for 60 s. */
const MOST_REQUESTS = 60;
const MOST_CLOSED = 60;
/** Milliseconds from which a request took long. */
const LONG = 1000;
const REMEMBERED = 70_000;
/** Milliseconds for which a look makes it likely that there is another. */
const ATTENTION = 5000;
/** Characters of a request line that are shown. */
const LONGEST_LINE = 300;

export class LiveView implements Pick<ServerObserver, "opened" | "closed" | "ended"> {
  readonly #worker: string;
  readonly #queues: Queues;
  readonly #known = new WeakMap<ObservedConnection, { readonly id: string; readonly since: number }>();
  #count = 0;
  readonly #requests = new Ring();
  readonly #notable = new Ring();
  #watchedUntil = 0;
  #closed: ConnectionRow[] = [];
  #received = 0;
  #sent = 0;

  /** @param worker what tells it from others @param queues by name */
  constructor(worker: string, queues: Queues = {}) {
    this.#worker = worker;
    this.#queues = queues;
  }

  opened(connection: ObservedConnection): void {
    this.#known.set(connection, { id: `${this.#worker} ${++this.#count}`, since: Date.now() });
  }

  /** What the page calls a connection. */
  idOf(connection: ObservedConnection): string {
    return this.#known.get(connection)!.id;
  }

  closed(connection: ObservedConnection): void {
    this.#received += connection.bytesReceived;
    this.#sent += connection.bytesSent;
    this.#closed.push(this.#row(connection, Date.now()));
    if (this.#closed.length > 2 * MOST_CLOSED) this.#closed = this.#closed.slice(-MOST_CLOSED);
  }

  /** To keep all of them takes 6 % of a greeting's CPU: that is for when somebody looks. */
  ended(request: EndedRequest): void {
    const { outcome, since, until } = request;
    if (until < this.#watchedUntil) this.#requests.add(request);
    if (outcome !== "complete" || until - since >= LONG) this.#notable.add(request);
  }

  look(watched: Watched): WorkerLook {
    this.#watchedUntil = performance.now() + ATTENTION;
    const { counters } = watched;
    const open = watched.openConnections();
    const states: Record<string, number> = {};
    let received = this.#received;
    let sent = this.#sent;
    for (const { state, bytesReceived, bytesSent } of open) {
      states[state] = (states[state] ?? 0) + 1;
      received += bytesReceived;
      sent += bytesSent;
    }
    const forgotten = Date.now() - REMEMBERED;
    return {
      open: open.length,
      states,
      connections: liveliest(open).map((connection) => this.#row(connection, 0)),
      closed: this.#closed.slice(-MOST_CLOSED).filter(({ until }) => until > forgotten),
      requests: this.#rows(this.#requests),
      notable: this.#rows(this.#notable),
      totals: { accepted: counters.connections, requests: counters.requests, failed: counters.errors, received, sent },
      waiting: Object.fromEntries(Object.entries(this.#queues).map(([name, { waiting }]) => [name, waiting])),
      limits: limitsHit(counters),
    };
  }

  #row(connection: ObservedConnection, until: number): ConnectionRow {
    const { info, state, requests, bytesReceived, bytesSent, unsent, request } = connection;
    const { id, since } = this.#known.get(connection)!;
    return {
      id,
      client: info.remoteAddress === "" ? "" : peerName(info.remoteAddress, info.remotePort),
      state,
      since,
      until,
      requests,
      received: bytesReceived,
      sent: bytesSent,
      unsent,
      request: request && { line: shortened(`${request.method} ${request.target}`), since: request.since },
    };
  }

  #rows(requests: Ring): RequestRow[] {
    return requests.latest().map((request) => {
      const { connection, head, line, outcome, fault, since, began, until, received, sent } = request;
      const id = this.idOf(connection);
      return {
        // Several may begin in one turn of the event loop, but they end one after the other.
        id: `${id} ${until}`,
        connection: id,
        client: connection.info.remoteAddress,
        line: shortened(head === null ? line : `${head.method} ${head.target}`),
        status: loggedStatus(request),
        outcome,
        fault,
        at: performance.timeOrigin + since,
        waiting: began - since,
        sending: until - began,
        received,
        sent,
      };
    });
  }
}

/** The last requests: remembering one more costs a store. */
class Ring {
  readonly #kept: EndedRequest[] = [];
  #count = 0;

  add(request: EndedRequest): void {
    this.#kept[this.#count++ % MOST_REQUESTS] = request;
  }

  /** The latest first. */
  latest(): EndedRequest[] {
    const next = this.#count % MOST_REQUESTS;
    return [...this.#kept.slice(next), ...this.#kept.slice(0, next)].reverse();
  }
}

/** Address and port, as the kernel's table is read as well: an IPv4 client of an IPv6 socket is one of IPv4. */
export function peerName(address: string, port: number): string {
  const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** Those with a request first, idle ones last; of each, the oldest. */
function liveliest(open: ObservedConnection[]): ObservedConnection[] {
  if (open.length <= MOST_CONNECTIONS) return open;
  const ranks: ObservedConnection[][] = [[], [], []];
  for (const connection of open) {
    const { request, unsent, state } = connection;
    ranks[request !== null || unsent > 0 ? 0 : state === "idle" ? 2 : 1]!.push(connection);
  }
  return ranks.flat().slice(0, MOST_CONNECTIONS);
}

function limitsHit({ faults, silent, idle, stalled }: Watched["counters"]): Record<string, number> {
  const timeouts = { "timeouts.headers": silent, "timeouts.send": stalled, "timeouts.idle": idle };
  return Object.fromEntries(Object.entries({ ...faults, ...timeouts }).filter(([, count]) => count > 0));
}

function shortened(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
