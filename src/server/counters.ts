/** What a server has seen since it was made. Numbers that only grow; whoever watches them takes differences. */
import { FAULTS, type FaultCode } from "../core/faults.ts";

export class Counters {
  /** Connections accepted, also those that were turned away. */
  connections = 0;
  /** Requests whose heads were whole and sound. */
  requests = 0;
  /** Refusals, by what was wrong: of requests, and of connections over a limit. */
  readonly faults: Record<FaultCode, number> = noFaults();
  /** Connections closed because nothing came on them within `timeouts.headers`. */
  silent = 0;
  /** Connections closed after `timeouts.idle`, as is usual. */
  idle = 0;
  /** Connections cut because the client took nothing of a response within `timeouts.send`. */
  stalled = 0;
  /** Clients that left before their response was complete. */
  departed = 0;
  /** Requests cut off because the server closed, and its grace was over. */
  dropped = 0;
  /** Exchanges that the application failed: an error, or a response other than it had declared. */
  errors = 0;
}

function noFaults(): Record<FaultCode, number> {
  return Object.fromEntries(Object.keys(FAULTS).map((code) => [code, 0])) as Record<FaultCode, number>;
}
