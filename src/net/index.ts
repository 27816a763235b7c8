/** Sockets: listening, reading and deadlines. */
export { Deadlines, Expiring, TICK } from "./deadlines.ts";
export { type Attach, Listener, type ListenOptions } from "./listener.ts";
export type { Reader } from "./reading.ts";
