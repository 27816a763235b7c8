/** What is measured of a server, by whom it is observed: counts as requests end, the rest when somebody asks. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";
import type { Counters, EndedRequest, ObservedConnection, ServerObserver } from "../server/events.ts";
import { loggedStatus } from "./access-format.ts";
import { type Families, type Labels, type Samples, sampleName } from "./samples.ts";

/** Every metric there is. Names follow prometheus.io, "Metric and label naming": base units, counters end in _total. */
export const FAMILIES = {
  portico_info: { type: "gauge", help: "Always 1; says which version runs." },
  portico_ready: { type: "gauge", help: "1 while new connections are taken, 0 as soon as the server drains." },
  portico_workers: { type: "gauge", help: "Workers by state." },
  portico_worker_ends_total: { type: "counter", help: "Workers that ended, by why; those that died were replaced." },
  portico_connections: { type: "gauge", help: "Open connections by state." },
  portico_connections_accepted_total: { type: "counter", help: "Connections accepted, also those turned away." },
  portico_accept_queue: { type: "gauge", help: "Connections that wait in the kernel to be accepted." },
  portico_requests_in_flight: { type: "gauge", help: "Requests whose response is not complete." },
  portico_queue_running: { type: "gauge", help: "Requests that have their turn, by queue; of cgi, programs that run." },
  portico_queue_waiting: { type: "gauge", help: "Requests that wait for their turn, by queue: serial, cgi." },
  portico_requests_total: {
    type: "counter",
    help: "Requests that ended, by method and status class; a client that left is 4xx (499), as in the access log.",
  },
  portico_request_outcomes_total: { type: "counter", help: "Requests that ended, by how: see docs/logs.md." },
  portico_request_duration_seconds: {
    type: "histogram",
    help: "From a request's whole head to the end of its response; refused and taken ones left out.",
  },
  portico_request_failures_total: {
    type: "counter",
    help: "Errors that applications threw, and responses unlike declared.",
  },
  portico_requests_dropped_total: { type: "counter", help: "Requests cut off because the server closed." },
  portico_refusals_total: { type: "counter", help: "Requests and connections refused, by fault: see docs/http1.md." },
  portico_timeouts_total: { type: "counter", help: "Connections closed because a timeout had passed, by timeout." },
  portico_received_bytes_total: { type: "counter", help: "Bytes received on connections, heads and framing included." },
  portico_sent_bytes_total: { type: "counter", help: "Bytes sent on connections, heads and framing included." },
  portico_event_loop_delay_p50_seconds: { type: "gauge", help: "How late timers are by half, over the last 10 s." },
  portico_event_loop_delay_p99_seconds: {
    type: "gauge",
    help: "How late timers are at the 99th percentile, over the last 10 s.",
  },
  portico_event_loop_delay_max_seconds: { type: "gauge", help: "How late a timer was at most, over the last 10 s." },
  portico_heap_used_bytes: { type: "gauge", help: "Memory taken by JavaScript's objects." },
  portico_resident_memory_bytes: { type: "gauge", help: "Memory that the process takes." },
  portico_cpu_seconds_total: { type: "counter", help: "CPU time of the process, user and system." },
} as const satisfies Families;

type Name = keyof typeof FAMILIES;

/** What a server shows of itself when it is asked. */
export interface Watched {
  readonly counters: Counters;
  openConnections(): ObservedConnection[];
}

/** Where requests wait for each other before they are answered. */
export interface Queue {
  readonly running: number;
  readonly waiting: number;
}

export type Queues = Readonly<Record<string, Queue>>;

/** Methods that are counted by name; what the others and requests without a sound head are counted as. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"];
const OTHER = "other";
const NONE = "none";

/** Upper bounds in seconds: Prometheus's own, and finer below, where a file or a greeting lies. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const STATES = ["fresh", "idle", "head", "body", "answer", "linger", "taken"];

/** Milliseconds between two looks at the event loop's delay, and over which it is summed up. */
const RESOLUTION = 20;
const WINDOW = 10_000;

export class Metrics implements Pick<ServerObserver, "closed" | "ended"> {
  /** Requests by method, and of each by the status's first digit. A client can make up any number of methods. */
  readonly #requests = new Map([...METHODS, OTHER, NONE].map((method) => [method, [0, 0, 0, 0, 0, 0]]));
  readonly #outcomes: Record<EndedRequest["outcome"], number> = {
    complete: 0,
    failed: 0,
    refused: 0,
    left: 0,
    cut: 0,
    taken: 0,
  };
  /** Requests by duration: one count a bound, and one for all that took longer. */
  readonly #durations: number[] = new Array(BOUNDS.length + 1).fill(0);
  #durationSum = 0;
  /** Of connections that are closed. */
  #received = 0;
  #sent = 0;
  readonly #loop = new LoopDelay();
  readonly #queues: Queues;

  /** @param queues by name */
  constructor(queues: Queues = {}) {
    this.#queues = queues;
  }

  ended(request: EndedRequest): void {
    const { outcome, head, since, until } = request;
    const classes = this.#requests.get(head === null ? NONE : head.method) ?? this.#requests.get(OTHER)!;
    classes[Math.floor(loggedStatus(request) / 100)]!++;
    this.#outcomes[outcome]++;
    if (outcome === "refused" || outcome === "taken") return;
    const seconds = (until - since) / 1000;
    this.#durationSum += seconds;
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
    this.#durations[bucket]!++;
  }

  closed({ bytesReceived, bytesSent }: ObservedConnection): void {
    this.#received += bytesReceived;
    this.#sent += bytesSent;
  }

  /** All there is to say, of this process or thread. @param worker what tells it from others, in labels */
  samples(watched: Watched, worker: string): Samples {
    const { counters } = watched;
    const samples: Samples = {};
    const set = (name: Name, value: number, labels = {}) => {
      samples[sampleName(name, labels)] = value;
    };
    this.#sampleConnections(watched.openConnections(), set);
    set("portico_connections_accepted_total", counters.connections);
    for (const [method, classes] of this.#requests) {
      classes.forEach((count, digit) => {
        if (count > 0) set("portico_requests_total", count, { method, status: `${digit}xx` });
      });
    }
    for (const [outcome, count] of Object.entries(this.#outcomes)) {
      set("portico_request_outcomes_total", count, { outcome });
    }
    for (const [queue, { running, waiting }] of Object.entries(this.#queues)) {
      set("portico_queue_running", running, { queue });
      set("portico_queue_waiting", waiting, { queue });
    }
    this.#sampleDurations(samples);
    set("portico_request_failures_total", counters.errors);
    set("portico_requests_dropped_total", counters.dropped);
    for (const [code, count] of Object.entries(counters.faults)) set("portico_refusals_total", count, { code });
    set("portico_timeouts_total", counters.silent + counters.faults.HEAD_TIMEOUT, { timeout: "headers" });
    set("portico_timeouts_total", counters.faults.BODY_TIMEOUT, { timeout: "receive" });
    set("portico_timeouts_total", counters.stalled, { timeout: "send" });
    set("portico_timeouts_total", counters.idle, { timeout: "idle" });
    sampleProcess(worker, set);
    const { p50, p99, max } = this.#loop.seconds;
    set("portico_event_loop_delay_p50_seconds", p50, { worker });
    set("portico_event_loop_delay_p99_seconds", p99, { worker });
    set("portico_event_loop_delay_max_seconds", max, { worker });
    return samples;
  }

  #sampleConnections(
    connections: readonly ObservedConnection[],
    set: (name: Name, value: number, labels?: Labels) => void,
  ) {
    const states = new Map(STATES.map((state) => [state, 0]));
    let received = this.#received;
    let sent = this.#sent;
    let inFlight = 0;
    for (const { state, bytesReceived, bytesSent, request } of connections) {
      states.set(state, (states.get(state) ?? 0) + 1);
      received += bytesReceived;
      sent += bytesSent;
      if (request !== null) inFlight++;
    }
    for (const [state, count] of states) set("portico_connections", count, { state });
    set("portico_received_bytes_total", received);
    set("portico_sent_bytes_total", sent);
    set("portico_requests_in_flight", inFlight);
  }

  #sampleDurations(samples: Samples): void {
    const name = "portico_request_duration_seconds";
    let count = 0;
    [...BOUNDS, "+Inf"].forEach((le, bucket) => {
      count += this.#durations[bucket]!;
      samples[sampleName(`${name}_bucket`, { le: String(le) })] = count;
    });
    samples[`${name}_sum`] = this.#durationSum;
    samples[`${name}_count`] = count;
  }
}

/** A thread shares its process's memory and CPU time with the others: those are the main thread's to say. */
export function sampleProcess(worker: string, set: (name: Name, value: number, labels: Labels) => void): void {
  set("portico_heap_used_bytes", process.memoryUsage().heapUsed, { worker });
  if (!isMainThread) return;
  set("portico_resident_memory_bytes", process.memoryUsage.rss(), { worker });
  const { user, system } = process.cpuUsage();
  set("portico_cpu_seconds_total", (user + system) / 1e6, { worker });
}

/** How late the event loop's timers are, over the last whole window. */
class LoopDelay {
  seconds = { p50: 0, p99: 0, max: 0 };
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });

  constructor() {
    this.#histogram.enable();
    setInterval(() => this.#sumUp(), WINDOW).unref();
  }

  #sumUp(): void {
    const histogram = this.#histogram;
    // Node counts from the look before: the time between two looks is not delay.
    const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1000);
    const max = late(histogram.max);
    this.seconds = { p50: late(histogram.percentile(50)), p99: Math.min(late(histogram.percentile(99)), max), max };
    histogram.reset();
  }
}
