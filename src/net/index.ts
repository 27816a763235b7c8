/** Sockets: listening, reading and deadlines. */
export { Deadlines, Expiring, TICK } from "./deadlines.ts";
export { Listener, type ListenOptions } from "./listener.ts";
export type { Attach, Reader } from "./reading.ts";
