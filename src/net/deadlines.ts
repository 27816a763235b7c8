/**
 * Deadlines without a timer each: one coarse clock, and for every duration in use a list in the order of expiry.
 * Setting, moving and clearing a deadline is O(1); a tick looks only at what has expired.
 */

/** Something with at most one deadline. The links are the list's; they live here so that a deadline allocates nothing. */
export abstract class Expiring {
  /** @internal */ next: Expiring | null = null;
  /** @internal */ previous: Expiring | null = null;
  /** @internal */ list: Queue | null = null;
  /** @internal */ expiresAt = 0;

  /** Called once, when the deadline has passed; it is cleared then. */
  abstract expire(): void;
}

interface Queue {
  readonly duration: number;
  first: Expiring | null;
  last: Expiring | null;
}

/**
 * Milliseconds between two ticks of the clock. A deadline is never early, and late by at most two ticks; by more when the
 * process is too busy for the clock to tick, because then it was too busy to hear from anybody, too.
 */
export const TICK = 250;

export class Deadlines {
  readonly #queues = new Map<number, Queue>();
  #timer: NodeJS.Timeout | null = null;
  /** The clock: it counts its ticks, so that what happens while the process is blocked is not dated before the block. */
  #now = 0;
  #size = 0;

  /** Calls `entry.expire()` when `duration` milliseconds have passed; replaces the entry's earlier deadline. */
  set(entry: Expiring, duration: number): void {
    const same = entry.list !== null && entry.list.duration === duration && entry.list.last === entry;
    if (!same) {
      this.clear(entry);
      this.#append(entry, this.#queue(duration));
    }
    entry.expiresAt = this.#now + duration + TICK;
  }

  clear(entry: Expiring): void {
    const { list, previous, next } = entry;
    if (list === null) return;
    if (previous === null) list.first = next;
    else previous.next = next;
    if (next === null) list.last = previous;
    else next.previous = previous;
    entry.list = entry.previous = entry.next = null;
    this.#size--;
  }

  #queue(duration: number): Queue {
    let queue = this.#queues.get(duration);
    if (queue === undefined) {
      queue = { duration, first: null, last: null };
      this.#queues.set(duration, queue);
    }
    return queue;
  }

  #append(entry: Expiring, queue: Queue): void {
    if (this.#timer === null) this.#start();
    entry.list = queue;
    entry.previous = queue.last;
    if (queue.last === null) queue.first = entry;
    else queue.last.next = entry;
    queue.last = entry;
    this.#size++;
  }

  /** The clock runs while there is a deadline, and does not keep the process alive. */
  #start(): void {
    this.#timer = setInterval(() => this.#tick(), TICK);
    this.#timer.unref();
  }

  #tick(): void {
    this.#now += TICK;
    if (this.#size === 0) {
      clearInterval(this.#timer!);
      this.#timer = null;
      return;
    }
    for (const queue of this.#queues.values()) {
      while (queue.first !== null && queue.first.expiresAt <= this.#now) {
        const entry = queue.first;
        this.clear(entry);
        entry.expire();
      }
    }
  }
}
