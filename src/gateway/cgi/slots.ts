/** How many scripts run at a time, and how many requests wait for one of them to end: first come, first served. */
export class Slots {
  #running = 0;
  readonly #count: number;
  readonly #maxWaiting: number;
  readonly #waiting = new Set<() => void>();

  /** @param count 0 for any number */
  constructor(count: number, maxWaiting: number) {
    this.#count = count === 0 ? Number.POSITIVE_INFINITY : count;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Resolves with true when a slot is taken, which `leave` gives back; with false when none is: as many wait already as
   * may, or the signal has aborted meanwhile.
   */
  enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.#running < this.#count) {
      this.#running++;
      return Promise.resolve(true);
    }
    if (this.#waiting.size >= this.#maxWaiting) return Promise.resolve(false);
    return new Promise((resolve) => {
      const enter = () => settle(true);
      const give = () => settle(false);
      const settle = (entered: boolean) => {
        this.#waiting.delete(enter);
        signal.removeEventListener("abort", give);
        resolve(entered);
      };
      this.#waiting.add(enter);
      signal.addEventListener("abort", give);
    });
  }

  leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running--;
    else next();
  }
}
